"""What a host's recorder tells, through restarts of the keeper and the host, full disks and containers that lie."""

import dataclasses
from collections.abc import Callable

import pytest

from shepherd.core.lease.judge import Instant
from shepherd.errors import CommandFailed
from shepherd.model.container import Container
from shepherd.model.host import LeaseId, Nonce
from shepherd.model.trace import EndSeen, FlowBegun, Gap, JobBegun, JobEnded, StayBegun, StayEnded, TraceRecord
from shepherd.ports_trace import StartdFile
from shepherd.programs.keeper.present import Present
from shepherd.programs.keeper.trace import LOOK_S, NoFlows, Recorder, Recording, Scribe
from shepherd.sim.recording import Saying, SimJobFiles, SimMemory, SimSpool
from tests.host.keeper_world import SETTINGS

T0 = 1_790_000_000.0
CONTAINER = Container(ident="c" * 64, pid=4242, start_ticks=100_000, cgroup="/c")
JOB = Saying(number=17, slot=2, starter=77)


class Host:
    """One host's disk and memory; its scribe may be killed at any time."""

    def __init__(self) -> None:
        self.spool, self.memory, self.files = SimSpool("p220"), SimMemory(), SimJobFiles()
        self.complaints: list[str] = []
        self.flows: NoFlows | Watching = NoFlows()
        self.now_s, self.booted_s, self.nonce = T0, T0 - 1000.0, "boot 1"
        self.lease = ""
        self.container: Container | None = None
        self.restart()

    def wall_s(self) -> float:
        return self.now_s

    def steady_s(self) -> float:
        return self.now_s - self.booted_s

    def restart(self) -> None:
        """Another process of the keeper."""
        self.scribe = Scribe(SETTINGS, self.recording())

    def recording(self) -> Recording:
        return Recording(
            spool=self.spool, files=self.files, memory=self.memory, flows=self.flows,
            clock=self, log=lambda event, **_: self.complaints.append(event),
        )  # fmt: skip

    def reboot(self) -> None:
        """An empty memory, and nothing runs."""
        self.files, self.container, self.lease = SimJobFiles(), None, ""
        self.nonce, self.now_s = "boot 2", self.now_s + 60.0
        self.booted_s = self.now_s - 10.0
        self.restart()

    def lend(self, lease: str = "L1") -> None:
        """A container runs."""
        self.files.make(LeaseId(lease), 0, 0)
        self.lease, self.container = lease, dataclasses.replace(CONTAINER, ident=lease.lower() * 8)

    def reclaim(self) -> None:
        """It is gone, and its lend is over."""
        self.lease, self.container = "", None

    def present(self, stored: int = 0) -> Present:
        now = Instant(wall_s=self.now_s, boottime_s=self.now_s - self.booted_s)
        return Present(
            now=now, nonce=Nonce(self.nonce), lease=self.lease, image="sha256:aa" if self.lease else "",
            container=self.container, stored=stored,
        )  # fmt: skip

    def look(self, after_s: float = 1.0, stored: int = 0) -> int:
        self.now_s += after_s
        return self.scribe.look(self.present(stored))

    def begins(self, job: Saying = JOB) -> None:
        self.files.write(self.lease, StartdFile.ADS, job.ad(self.now_s))
        self.files.write(self.lease, StartdFile.EVENTS, job.event(self.now_s))

    def ends(self, job: Saying = JOB) -> None:
        self.files.write(self.lease, StartdFile.HISTORY, job.history(self.now_s))

    def told(self, kind: type[TraceRecord] | None = None) -> list[TraceRecord]:
        self.spool.seal()
        records = [record for segment in self.spool.segments.values() for record in segment.records]
        return [record for record in records if kind is None or isinstance(record, kind)]


class Watching(NoFlows):
    """Sees one connection."""

    def __init__(self) -> None:
        self.followed: list[int | None] = []

    def follow(self, pid: int | None) -> None:
        self.followed.append(pid)

    def records(self) -> list[TraceRecord]:
        flow = FlowBegun(
            source="p220", flow=1, at_s=T0, protocol=6, address="10.27.2.20", port=1, nat_address="", nat_port=0,
            far_address="192.0.2.1", far_port=443, uid=3001,
        )  # fmt: skip
        return [flow] if self.followed[-1] else []


@pytest.fixture(name="host")
def one_host() -> Host:
    return Host()


def test_a_lend_is_a_stay_with_all_its_names_and_the_local_stays_are_around_it(host):
    """"Which container had 10.27.2.20 on 3 March at 14:02:10?" — dockerd had forgotten it long ago."""
    host.look()
    host.lend()
    host.look(5.0)
    host.reclaim()
    host.look(1.0)
    begun, ended = host.told(StayBegun), host.told(StayEnded)
    assert [stay.herd for stay in begun] == ["local", "flock", "local"]
    lent = begun[1]
    assert (lent.lease, lent.container, lent.image) == ("L1", "l1" * 8, "sha256:aa")
    assert (lent.address, lent.mac) == (SETTINGS.flock_address, SETTINGS.flock_mac)
    assert lent.at_s == host.booted_s + 1000.0
    assert [(stay.lease, stay.how) for stay in ended] == [("", EndSeen.SEEN), ("L1", EndSeen.SEEN)]
    assert ended[1].at_s == T0 + 7.0


def test_a_keeper_that_was_stopped_does_not_claim_to_have_seen_the_end(host):
    """A keeper hung for a quarter of an hour; the lend that ended meanwhile was said to have ended then."""
    host.lend()
    host.look()
    host.begins()
    host.reclaim()
    host.look(900.0)
    assert [one.how for one in (*host.told(JobEnded), *host.told(StayEnded))] == [EndSeen.BY_LOOK] * 2


def test_a_look_that_was_held_up_does_not_move_what_it_reads_to_when_it_began(host):
    """A keeper was stopped in the middle of a look: the jobs of the next ten minutes had all begun in one moment."""
    host.lend()
    host.look()
    present = host.present()
    host.now_s += 600.0
    host.begins()
    host.scribe.look(present)
    assert [job.at_s for job in host.told(JobBegun)] == [host.now_s]


def test_a_container_that_is_killed_takes_no_job_out_of_the_record(host):
    """kill -9 to PID 1, in the second in which the job began: the container's own logs were gone with it."""
    host.look()
    host.lend()
    host.look()
    host.begins()
    host.reclaim()
    host.lease = "L1"
    host.look()
    (begun,), (ended,) = host.told(JobBegun), host.told(JobEnded)
    assert (begun.uid, begun.container, begun.job) == (3002, "l1" * 8, JOB.ident)
    assert (ended.how, ended.at_s, ended.begun) == (EndSeen.WITH_CONTAINER, host.now_s, begun.begun)


@pytest.mark.parametrize("dies", ["before anything", "before the spool", "before it remembers"])
def test_a_keeper_that_dies_in_a_look_tells_the_job_all_the_same(host, dies, monkeypatch):
    """Killed between reading and writing, a keeper had read what nobody had written down."""
    host.lend()
    host.look()
    host.begins()

    def die(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        match dies:
            case "before the spool":
                patched.setattr(host.spool, "append", die)
            case "before it remembers":
                patched.setattr(host.memory, "write", die)
        if dies != "before anything":
            with pytest.raises(KeyboardInterrupt):
                host.look()
    host.restart()
    host.look()
    host.ends()
    host.look()
    keys = {(record.slot, record.begun) for record in host.told(JobBegun)}
    assert len(keys) == 1
    assert [(record.slot, record.begun) for record in host.told(JobEnded)] == list(keys)


def test_a_restarted_keeper_goes_on_in_the_same_stay(host):
    """Each restart of a keeper looked like another lend."""
    host.lend()
    host.look()
    host.begins()
    host.look()
    host.restart()
    host.ends()
    host.look()
    assert len(host.told(StayBegun)) == len(host.told(JobBegun)) == len(host.told(JobEnded)) == 1
    assert host.told(StayEnded) == []


def test_what_ended_while_no_keeper_ran_is_found_and_said_to_be_found(host):
    """A keeper was away for an hour; the lend that ended meanwhile was said to have ended when it came back."""
    host.lend()
    host.look()
    host.begins()
    host.look()
    host.ends()
    host.begins(Saying(number=18, slot=1, starter=78))
    host.reclaim()
    host.restart()
    host.look(3600.0)
    assert [(one.slot, one.how) for one in host.told(JobEnded)] == [
        ("slot1_2", EndSeen.SEEN), ("slot1_1", EndSeen.BY_LOOK),
    ]  # fmt: skip
    assert [stay.how for stay in host.told(StayEnded)] == [EndSeen.BY_LOOK]
    assert host.files.leases() == set()


def test_a_host_that_was_restarted_while_lent_says_what_it_cannot_know(host):
    """What the startd wrote last before a power cut is lost, and that must not look like a quiet second."""
    host.lend()
    host.look()
    host.begins()
    host.look()
    host.reboot()
    host.look(0.0)
    (gap,) = host.told(Gap)
    assert (gap.what, gap.from_s, gap.to_s) == ("jobs", T0 + 2.0, host.booted_s)
    (ended,) = host.told(JobEnded)
    assert (ended.how, ended.at_s) == (EndSeen.BY_LOOK, host.booted_s)
    assert [stay.how for stay in host.told(StayEnded)] == [EndSeen.BY_LOOK]
    assert [stay.herd for stay in host.told(StayBegun)] == ["flock", "local"]


def test_on_a_full_disk_nothing_is_forgotten_until_there_is_room(host):
    """The spool's disk was full for an hour; the jobs of that hour were read, and thrown away."""
    host.lend()
    host.look()
    host.spool.full = True
    host.begins()
    with pytest.raises(CommandFailed):
        host.look()
    host.ends()
    with pytest.raises(CommandFailed):
        host.look()
    host.spool.full = False
    host.look()
    assert len(host.told(JobBegun)) == len(host.told(JobEnded)) == 1


def test_a_full_directory_is_told_while_it_lasts_and_when_it_is_over(host, monkeypatch):
    """A startd that could not write looked like one without jobs."""
    host.lend()
    host.look()
    with monkeypatch.context() as patched:
        patched.setattr(host.files, "is_full", lambda _lease: True)
        for _ in range(70):
            host.look()
    host.look()
    gaps = host.told(Gap)
    assert [gap.why for gap in gaps] == ["the container's files are full"] * 2
    assert gaps[0].from_s == T0 + 1.0
    assert gaps[1].to_s == host.now_s
    assert gaps[0].to_s == gaps[1].from_s


def test_a_container_that_puts_something_else_in_the_place_of_its_files_is_told_once(host, monkeypatch):
    """A link to /dev/zero, an empty file in the place of a long one: by whoever became root in the container."""
    host.lend()
    host.look()

    def refused(*_args):
        raise CommandFailed("not a plain file")

    with monkeypatch.context() as patched:
        patched.setattr(host.files, "read", refused)
        for _ in range(5):
            host.look()
    assert [gap.why for gap in host.told(Gap)] == ["not a plain file"] * 3
    assert len(host.told(StayBegun)) == 1


def test_what_cannot_be_cleared_away_stops_nothing(host, monkeypatch):
    """A mount that was busy, a file that became a pipe: from then on nothing of the host was handed over."""
    host.lend()
    host.look()
    host.begins()

    def refused(*_args):
        raise CommandFailed("busy")

    with monkeypatch.context() as patched:
        patched.setattr(host.files, "forget", refused)
        patched.setattr(host.files, "remove", refused)
        host.look()
        host.reclaim()
        for _ in range(3):
            host.look()
    assert host.complaints == ["the directory of a lend that is over stays"]
    assert host.spool.newest > 0
    host.look()
    assert host.files.leases() == set()
    assert len(host.told(JobBegun)) == len(host.told(JobEnded)) == 1


def test_noise_is_counted_and_hides_no_job(host):
    """One line that is not HTCondor's in the middle of the events."""
    host.lend()
    host.look()
    host.files.write("L1", StartdFile.EVENTS, "noise\n...\n\x00\xff odd\n...\n")
    host.begins()
    host.look()
    assert [gap.count for gap in host.told(Gap)] == [2]
    assert len(host.told(JobBegun)) == 1


def test_an_image_that_writes_nothing_is_told(host):
    """A site went on with its old image: years of lends, and not a job on record, and nobody was told."""
    host.lend()
    host.look()
    host.reclaim()
    host.look()
    assert [gap.why for gap in host.told(Gap)] == ["its startd has written no events"]


def test_a_lend_that_never_had_a_container_leaves_nothing_behind(host):
    """A directory in memory for each failed attempt fills a host in a week."""
    host.look()
    host.files.make(LeaseId("L9"), 0, 0)
    host.lease = "L9"
    host.look()
    assert host.files.leases() == {"L9"}
    host.lease = ""
    host.look()
    assert host.files.leases() == set()


def test_a_directory_of_a_lend_that_just_begins_is_left_alone(host):
    """The keeper made the directory; the look that had begun a moment before removed it under the container."""
    host.look()
    host.files.make(LeaseId("L2"), 0, 0)
    host.look()
    assert host.files.leases() == {"L2"}


def test_what_is_stored_is_dropped_and_nothing_else(host):
    """An acknowledged segment is not needed; one that is not acknowledged is all that there is."""
    host.lend()
    newest = host.look(11.0)
    host.begins()
    host.look(11.0, stored=newest)
    assert list(host.spool.segments) == [newest + 1]


def test_connections_with_their_accounts_are_told_besides(host):
    """Two jobs of one container at the same second: only the host knows whose connection it was."""
    watching = Watching()
    host.flows = watching
    host.restart()
    host.lend()
    host.look()
    host.reclaim()
    host.look()
    assert watching.followed == [CONTAINER.pid, None]
    assert [flow.uid for flow in host.told(FlowBegun)] == [3001]


def test_a_disk_that_hangs_holds_up_nobody(host):
    """The keeper waited for its disk, and the container lived on beyond its lease."""
    waiting: list[Callable[[], None]] = []
    recorder = Recorder(SETTINGS, host.recording(), waiting.append)
    for _ in range(100):
        recorder.tick(host.present())
        host.now_s += LOOK_S
    assert len(waiting) == 1
    waiting.pop()()
    recorder.tick(host.present())
    assert len(waiting) == 1
    assert len(host.told(StayBegun)) == 1
