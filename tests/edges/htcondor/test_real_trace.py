"""A real startd with the image's own settings writes about real jobs, and a real master hands out a spool."""

import pathlib
import re
import time
from collections.abc import Iterator

import pytest

from shepherd.core.trace.jobs import Jobs, Place
from shepherd.core.trace.lines import segment_of
from shepherd.core.trace.startd_files import ads, events, histories
from shepherd.edges.htcondor.spools import FetchedSpools
from shepherd.edges.htcondor.tool import Tools
from shepherd.errors import Unavailable
from shepherd.model.trace import EndSeen, JobBegun, JobEnded, TraceRecord
from tests.edges.htcondor.conftest import eventually
from tests.edges.trace_spools import sealed, spool_in, stay
from tests.real_pool import RealPool, real_daemons

pytestmark = [pytest.mark.real, pytest.mark.limit(200)]
HOME, ROOT = "10.9.0.1:9618", "/mnt/root"
SOURCE = pathlib.Path(__file__).parents[3]
GIVES = "MODIFY_REQUEST_EXPR_REQUESTCPUS = quantize(RequestCpus, {1, 2, 4})"
SUBMIT = """executable = /bin/sh
arguments = "-c 'sleep {seconds}; exit 3'"
initialdir = /tmp
should_transfer_files = NO
request_memory = 16
request_disk = 1
request_cpus = {cpus}
queue {count}
"""


def trace_settings() -> str:
    """What the image and the host's drop-in say, word by word."""
    image = (SOURCE / "images/flock/condor/10-flock.conf").read_text()
    ours = re.findall(r"(?m)^(?:STARTD_\w+|MAX_STARTD_\w+|\w*HISTORY\w*) = .*$", image)
    host = re.findall(r"(?m)^SHEPHERD_SPOOL_LOG = .*$", (SOURCE / "puppet/files/50-shepherd-host.conf").read_text())
    wanted = [line for line in (*ours, *host) if "CRON" not in line and "ATTRS" not in line]
    assert len(wanted) == 13, wanted
    return "\n".join([*wanted, GIVES]) + "\n"


class Recorded:
    """The pool, and what its startd has written so far."""

    def __init__(self, pool: RealPool) -> None:
        self.pool = pool
        self.jobs = Jobs(
            place=Place(source="p220", host="p220", container="c", since_s=time.time(), first_uid=3001, slots=256)
        )
        self.at = {"EventLog": 0, "JobLog": 0, "History": 0}
        self.told: list[TraceRecord] = []

    def within(self, *argv: str) -> str:
        """A command in the daemons' tree."""
        return self.pool.run("env", "-u", "CONDOR_CONFIG", "chroot", ROOT, *argv)

    def submit(self, count: int, seconds: float, cpus: int = 1) -> str:
        """Jobs of nobody; their cluster."""
        text = SUBMIT.format(count=count, seconds=seconds, cpus=cpus)
        script = f"cat >/tmp/job.sub <<'E'\n{text}E\ncd /tmp; condor_submit -terse /tmp/job.sub"
        said = self.within("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script)
        return said.split(".")[0].strip()

    def read(self) -> "Recorded":
        """Go on where it was."""
        new = {name: self._new(name) for name in self.at}
        begun, said, over = events(new["EventLog"]), ads(new["JobLog"], is_all=False), histories(new["History"])
        assert (begun.strange, said.strange, over.strange) == (0, 0, 0)
        for name, consumed in zip(self.at, (begun.consumed, said.consumed, over.consumed), strict=True):
            self.at[name] += consumed
        self.told += self.jobs.learn(begun.found, said.found, over.found, time.time())
        self.told += self.jobs.settle(time.time())
        return self

    def _new(self, name: str) -> bytes:
        text = self.within("sh", "-c", f"cat /run/trace/{name} 2>/dev/null || true")
        return text.encode()[self.at[name] :]

    def begun(self, cluster: str) -> list[JobBegun]:
        told = self.read().told
        return [one for one in told if isinstance(one, JobBegun) and f"#{cluster}." in one.job]

    def ended(self, cluster: str) -> list[JobEnded]:
        keys = {(one.slot, one.begun) for one in self.begun(cluster)}
        return [one for one in self.told if isinstance(one, JobEnded) and (one.slot, one.begun) in keys]


@pytest.fixture(name="recorded", scope="module")
def a_pool_that_records() -> Iterator[Recorded]:
    """With a startd of its own, as in the container."""
    with real_daemons() as pool:
        found = Recorded(pool)
        found.within("sh", "-c", "mkdir -m 700 /run/trace && chown condor: /run/trace && ls -ld /run/trace")
        config = "/etc/condor/config.d/95-trace.conf"
        found.within("sh", "-c", f"cat >{config} <<'E'\n{trace_settings()}E\n")
        eventually(lambda: "p220" in found.within("condor_status", "-af", "Machine"), 40)
        found.within("pkill", "-HUP", "-x", "condor_master")
        time.sleep(1)
        found.within("pkill", "-QUIT", "-x", "condor_startd")
        eventually(lambda: "EP_STARTUP" in found.within("sh", "-c", "cat /run/trace/EventLog || true"), 40)
        yield found


def test_jobs_of_a_second_are_told_with_all_names_and_their_exit(recorded):
    """What HTCondor writes today, not what its source said when this was written."""
    cluster = recorded.submit(6, 1)
    eventually(lambda: len(recorded.ended(cluster)) == 6, 90)
    begun, ended = recorded.begun(cluster), recorded.ended(cluster)
    assert len(begun) == 6
    for one in begun:
        assert re.fullmatch(rf"p220#{cluster}\.[0-5]#[0-9]+", one.job)
        assert (one.user, one.owner, one.schedd, one.peer) == ("nobody@home.bench", "nobody", "p220", "10.9.0.1")
        assert re.fullmatch(r"slot1_[1-9]", one.slot)
        assert one.uid == 3000 + int(one.slot.partition("_")[2])
        assert one.cpus == 1
        end = next(end for end in ended if (end.slot, end.begun) == (one.slot, one.begun))
        assert (end.exit_code, end.exit_signal, end.how) == (3, None, EndSeen.SEEN)
        assert 0.9 <= end.at_s - one.at_s <= 6.0
    assert len({(one.slot, one.begun) for one in begun}) == 6


@pytest.mark.parametrize(("asked", "given"), [(2, 2), (3, 4)])
def test_a_job_has_the_cores_that_its_startd_gave_to_its_slot(recorded, asked, given):
    """A guest asks for three cores, has four that nobody else can have, and is told to have had three."""
    cluster = recorded.submit(1, 1, cpus=asked)
    eventually(lambda: recorded.ended(cluster), 90)
    assert [one.cpus for one in recorded.begun(cluster)] == [given]


def test_a_job_that_runs_is_known_before_anything_tells_its_end(recorded):
    """Whoever attacks somebody now is to be stopped now."""
    cluster = recorded.submit(1, 300)
    eventually(lambda: recorded.begun(cluster), 60)
    assert recorded.ended(cluster) == []
    recorded.within("condor_rm", cluster)
    eventually(lambda: recorded.ended(cluster), 60)
    (end,) = recorded.ended(cluster)
    assert end.how is EndSeen.SEEN
    assert end.exit_code is None


def test_what_a_killed_startd_did_not_tell_ends_when_another_one_begins(recorded):
    """A startd is killed: its history knows nothing of the jobs that died with it."""
    cluster = recorded.submit(2, 300)
    eventually(lambda: len(recorded.begun(cluster)) == 2, 60)
    recorded.within("pkill", "-KILL", "-x", "condor_startd")
    eventually(lambda: len(recorded.ended(cluster)) >= 2, 90)
    first = {one.begun for one in recorded.begun(cluster)[:2]}
    assert {one.how for one in recorded.ended(cluster) if one.begun in first} == {EndSeen.BY_LOOK}
    recorded.within("condor_rm", cluster)


def test_a_master_hands_out_a_segment_and_nothing_else(recorded, tmp_path):
    """condor_fetchlog as the shepherd says it: the name of the host, which no DNS knows, and the number."""
    spool = spool_in(tmp_path / "spool")
    spool.append([stay(number) for number in range(500)])
    spool.seal()
    (segment,) = sealed(tmp_path / "spool")
    file = tmp_path / "spool" / f"segment.{segment.number}"
    place = "/var/lib/shepherd-node/spool"
    recorded.within("sh", "-c", f"mkdir -p {place} && chgrp condor {place} && chmod 750 {place}")
    target = f"{place}/segment.{segment.number}"
    recorded.within("sh", "-c", f"cat >{target} <<'E'\n{file.read_text()}E\nchgrp condor {target}; chmod 640 {target}")
    tools = tmp_path / "tools"
    tools.mkdir()
    spools = FetchedSpools(Tools(directory=recorded.pool.tools(tools)), HOME, segment_of, 30.0)
    assert spools.fetch("p220", segment.number) == segment
    assert spools.fetch("p220", segment.number + 1) is None
    with pytest.raises(Unavailable):
        spools.fetch("p221", segment.number)
