"""A keeper's real loop over a host made of plain values: time, dockerd and the collector move when a test says so."""

import dataclasses
from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet

from shepherd.core.container.drift import as_specified
from shepherd.core.lease.encode import encode
from shepherd.core.lease.judge import Here
from shepherd.core.lease.pages import page_of
from shepherd.errors import CommandFailed, DockerUnavailable, LeaseRefused, PoolUnavailable, Refused
from shepherd.model.container import Container, ContainerSeen, ContainerSpec, EngineFacts, Started
from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.lease import Ladder, Lease, LeasePage, LeasePhase, SignedPage
from shepherd.model.node_settings import NodeSettings
from shepherd.model.observation import KeeperPhase, KeeperReport, LockHolder
from shepherd.model.reach import Attempt, Whence
from shepherd.model.stop import Ban, Quarantine
from shepherd.ports_node import NodeFile
from shepherd.programs.keeper.bans import BanWatch
from shepherd.programs.keeper.checks import Checks
from shepherd.programs.keeper.drain import DrainWatch
from shepherd.programs.keeper.evidence import Evidence
from shepherd.programs.keeper.keeper import Keeper, Parts
from shepherd.programs.keeper.pages import PageReader, Trust
from shepherd.programs.keeper.quarantine import KeeperQuarantine, Means
from shepherd.programs.keeper.report import Reporter
from shepherd.programs.keeper.trace import Recorder
from shepherd.programs.keeper.yard import Yard
from tests.host.keeper_parts import PID, Jobs, LocalDrain, Network, Quarantined, Recorded, read_control

HOST, POOL, PAGES = HostName("p220"), "home.lab", 4
IMAGE = "sha256:" + "ab" * 32
SETTINGS = NodeSettings(
    host=HOST, pool=POOL, trusted_keys=("/k",), images=(IMAGE,), flock_name="f220", flock_address="10.27.2.20",
    flock_mac="02:42:0a:1b:02:14", flock_collector="10.27.0.1:9619", poll_local_s=10.0, poll_flock_s=5.0,
    leak_targets=("10.1.0.9:2049",), leak_check_s=60.0, token_s=400.0,
)  # fmt: skip
REGULAR_PID = 100
ROOT_GID = 100000
OWN_POOL = Attempt(whence=Whence.PILOT, target=SETTINGS.flock_collector)
STORAGE = "10.1.0.9:2049"


class Killed(Exception):
    """SIGKILL to the keeper."""


class World(Quarantined):
    """Everything around one keeper."""

    bans: tuple[Ban, ...] = ()
    """On the pages that are published from now on."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0
        self.files: dict[NodeFile, str] = {}
        self.written: list[NodeFile] = []
        self.full = False
        """The run directory's file system."""
        self.unwritable: set[NodeFile] = set()
        self.dies_writing: NodeFile | None = None
        """The keeper is killed just before it writes this."""
        self.pages: list[SignedPage] = []
        self.pages_asked_s: list[float] = []
        self.collector_up = True
        self.network_problem = ""
        self.network_can_be_mended = False
        self.shield_fails = False
        self.shield_problem = ""
        self.reached = {OWN_POOL}
        self.silent: set[Attempt] = set()
        """What answers within the container."""
        self.shielded: list[int] = []
        """First processes of containers whose rules were loaded."""
        self.dockerd_up = True
        self.spec: ContainerSpec | None = None
        self.dockerd_is_lax = False
        """It runs containers with less walls than it was asked for."""
        self.job_trouble = ""
        """Why no job could have walls in a container."""
        self.rules = "rules"
        self.dockerd_stopped = self.dockerd_stops_later = False
        """Requests are neither answered nor refused; later: from the next lend on."""
        self.pending: list[Callable[[], None]] = []
        self.containers: list[str] = []
        self.alive = False
        self.started = 0
        self.minted = 0
        """Tokens."""
        self.killed = 0
        self.ended_startds: list[int] = []
        self.lock: tuple[LockHolder, int | None] = (LockHolder.REGULAR, REGULAR_PID)
        self.condor_on = True
        """The regular master runs."""
        self.drain_reason = ""
        self.answers_aged_s: list[float] = []
        """For each startd that was ended, how old its last answer was."""
        self.drain_asked_s: list[float] = []
        self.drain_closed = 0
        self.jobs, self.reports = Jobs(), list[KeeperReport]()
        self.log: list[str] = []
        self._serial, self.recorded = 0, Recorded()

    # what a test does

    def publish(
        self,
        phase: LeasePhase | None,
        *,
        lease: str = "L1",
        nonce: str = "n1",
        image: str = IMAGE,
        quarantines: tuple[Quarantine, ...] = (),
    ) -> None:
        """A new page with this lease, or with none."""
        self._serial += 1
        leases = () if phase is None else (a_lease(phase, lease, nonce, image),)
        page = LeasePage(
            pool=POOL, instance="one", page=page_of(HOST, PAGES), pages=PAGES, serial=self._serial,
            issued_at_s=self.wall_s(), flockoff=False, leases=leases,
            bans=self.bans,
            quarantines=quarantines,
        )  # fmt: skip
        self.pages = [SignedPage(payload=encode(page), key_id="k", signature=b"good")]

    def keeper(self) -> "Driven":
        """A keeper that starts now."""
        return Driven(self)

    @property
    def report(self) -> KeeperReport:
        """What the shepherd last heard."""
        return self.reports[-1]

    def control(self) -> dict[str, str]:
        """What PID 1 was told."""
        return read_control(self.files)

    def end_container(self) -> None:
        """PID 1 ends, and with it everything."""
        self.alive = False
        if self.lock[0] is LockHolder.FLOCK:
            self.lock = (LockHolder.REGULAR, REGULAR_PID) if self.condor_on else (LockHolder.NOBODY, None)

    # What the keeper needs of the clock.

    def wall_s(self) -> float:
        return 1_700_000_000.0 + self.now_s

    def steady_s(self) -> float:
        return self.now_s

    # What the keeper needs of the run directory.

    def nonce(self) -> Nonce:
        return Nonce("n1")

    def renew_nonce(self) -> Nonce:
        return Nonce("n2")

    def read(self, file: NodeFile) -> str | None:
        return self.files.get(file)

    def write(self, file: NodeFile, text: str) -> None:
        if file is self.dies_writing and '"container": null' not in text:
            raise Killed
        if self.full or file in self.unwritable:
            raise CommandFailed("no space left on device")
        self.files[file] = text
        self.written.append(file)

    def open_to(self, group: int) -> None:
        assert group == ROOT_GID

    # What the keeper needs of the flock pool.

    def check(self) -> None:
        pass

    def mint(self) -> str:
        self.minted += 1
        return f"token {self.minted}"

    def clear(self) -> None:
        self.files.pop(NodeFile.CONTROL, None)
        self.files.pop(NodeFile.FENCE, None)

    # What the keeper needs of the pool.

    def page(self, host: HostName) -> Sequence[SignedPage]:
        self.pages_asked_s.append(self.now_s)
        if not self.collector_up:
            raise PoolUnavailable(f"nobody answers {host}")
        return self.pages

    def send(self, report: KeeperReport) -> None:
        if not self.collector_up:
            raise PoolUnavailable("nobody listens")
        self.reports.append(report)

    def local_drain(self, host: HostName) -> str:
        self.drain_asked_s.append(self.now_s)
        return self.drain_reason if host == HOST else ""

    def verify(self, page: SignedPage) -> None:
        if page.signature != b"good":
            raise LeaseRefused("forged")

    # What the keeper needs of the network.

    def mend_network(self) -> None:
        self.answer()
        if not self.network_can_be_mended:
            raise Refused(f"{self.network_problem}, and somebody else is in the way")
        self.network_problem = ""

    def load(self, pid: int) -> None:
        if self.shield_fails:
            raise CommandFailed("nft failed")
        assert NodeFile.CONTROL not in self.files, "PID 1 may run already"
        self.shielded.append(pid)

    def problem(self, pid: int, rules: str) -> str:
        assert (pid, rules) == (PID, self.rules)
        return self.shield_problem

    def answered(self, pid: int | None, attempts: Collection[Attempt]) -> AbstractSet[Attempt]:
        everywhere = {attempt for attempt in attempts if attempt.whence is Whence.HOST}
        assert pid == PID or everywhere == set(attempts)
        everywhere -= self.silent
        return (everywhere | self.reached) & set(attempts)

    # What the keeper needs of the dockerd.

    def fetch(self, image: str, repository: str, login: tuple[str, str] | None) -> None:
        self.answer()

    def image_problem(self, images: AbstractSet[str]) -> str:
        self.answer()
        return "" if IMAGE in images else "wrong"

    def run(self, spec: ContainerSpec) -> Started:
        self.answer()
        self.started += 1
        ident = f"{self.started:064x}"
        self.containers.append(ident)
        self.alive = spec.image == IMAGE
        self.spec = spec
        return Started(ident=ident, pid=PID)

    def facts(self) -> EngineFacts:
        self.answer()
        return EngineFacts(version=(28, 5), root_uid=100000, root_gid=ROOT_GID, seccomp=True)

    def seen(self, started: Started) -> ContainerSeen:
        self.answer()
        assert self.spec is not None
        return dataclasses.replace(as_specified(self.spec), no_new_privileges=not self.dockerd_is_lax)

    def job_problem(self, started: Started) -> str:
        self.answer()
        assert NodeFile.CONTROL not in self.files, "guests may be in already"
        return self.job_trouble

    def remove_all(self, keep: AbstractSet[str]) -> Sequence[str]:
        self.answer()
        gone = [ident for ident in self.containers if ident not in keep]
        self.containers = [ident for ident in self.containers if ident in keep]
        self.alive = False
        return ["bye" for _ in gone]

    def answer(self) -> None:
        if not self.dockerd_up:
            raise DockerUnavailable("dockerd does not answer")

    # What the keeper needs of the kernel.

    def start_ticks(self, pid: int) -> int | None:
        return 77 if pid == PID and self.alive else None

    def cgroup(self, pid: int, container: str) -> str:
        return f"/cgroup/{container}/{pid}"

    def members(self, cgroup: str) -> AbstractSet[int]:
        return frozenset({PID}) if self.alive and cgroup.endswith(str(PID)) else frozenset()

    def kill(self, container: Container) -> None:
        self.killed += container.pid == PID
        self.frozen = False
        self.end_container()

    def lock_holder(self, container: Container | None) -> tuple[LockHolder, int | None]:
        known = container is not None or self.lock[0] is not LockHolder.FLOCK
        return self.lock if known else (LockHolder.STRANGER, self.lock[1])

    def guard_waits(self) -> bool:
        return self.condor_on and self.lock[0] is not LockHolder.REGULAR

    def end_startd(self, pid: int) -> None:
        self.ended_startds.append(pid)
        self.answers_aged_s.append(self.now_s - self.drain_asked_s[-1])


class Driven:
    """One process of the keeper."""

    def __init__(self, world: World) -> None:
        self.world = world
        here = Here(host=HOST, pool=POOL, nonce=world.nonce(), images=frozenset({IMAGE}), skew_s=300.0)
        trust = Trust(verifier=world, key_ids=frozenset({"k"}))
        at_once, later = self._at_once, self._dockerd
        checks = Checks(SETTINGS, world, world, Network(world), world)
        pages = PageReader(here=here, trust=trust, source=world, run_dir=world, background=at_once, log=self._log)
        means = Means(
            kernel=world, run_dir=world, network=Network(world), pages=pages, clock=world, background=later,
            evidence=Evidence(SETTINGS, world, world.evidence, world, self._log), records=world.traced.extend,
            log=self._log,
        )  # fmt: skip
        quarantine = KeeperQuarantine(SETTINGS, means)
        self._keeper = Keeper(
            SETTINGS,
            Parts(
                clock=world,
                kernel=world,
                run_dir=world,
                pages=pages,
                yard=Yard(SETTINGS, world, checks, world, world, later, world.recorded.files, spared=quarantine.spared),
                quarantine=quarantine,
                drain=DrainWatch(HOST, LocalDrain(world), at_once),
                bans=BanWatch(run_dir=world, jobs=world.jobs, background=at_once, log=self._log),
                reporter=Reporter(world, 300.0, at_once, self._log),
                recorder=Recorder(SETTINGS, world.recorded.by(world, self._log), at_once),
                log=self._log,
                jitter=lambda: 1.0,
                version="test",
            ),
        )

    def run(self, seconds: float) -> World:
        """Let time pass, ticking whenever the keeper wants to."""
        until_s = self.world.now_s + seconds
        while self.world.now_s < until_s:
            pause_s = self._keeper.tick()
            assert 0.0 <= pause_s <= 10.0
            self.world.now_s += max(pause_s, 0.01)
        return self.world

    def run_until(self, true: Callable[[World], bool], deadline_s: float = 30.0) -> float:
        """Until something is so; the seconds it took."""
        began_s = self.world.now_s
        while not true(self.world):
            self.run(0.05)
            assert self.world.now_s - began_s < deadline_s, (self.world.log, self.world.reports[-1:])
        return self.world.now_s - began_s

    def _at_once(self, work: Callable[[], None]) -> None:
        work()

    def _dockerd(self, work: Callable[[], None]) -> None:
        lending = '"container": null' in self.world.files.get(NodeFile.LEND, "")
        if self.world.dockerd_stopped or (self.world.dockerd_stops_later and lending):
            self.world.pending.append(work)
        else:
            work()

    def _log(self, event: str, **fields: object) -> None:
        self.world.log.append(f"{event} {fields}")


def a_lease(phase: LeasePhase, lease: str, nonce: str, image: str) -> Lease:
    """A lease of five minutes with a ladder of ten and five seconds."""
    return Lease(
        host=HOST, nonce=Nonce(nonce), lease=LeaseId(lease), phase=phase, image=image, lease_s=300.0,
        ladder=Ladder(graceful_s=10.0, fast_s=5.0, kill_s=5.0), why="a test",
    )  # fmt: skip


def phase_is(phase: KeeperPhase) -> Callable[[World], bool]:
    """Whether the shepherd last heard of that phase."""
    return lambda world: bool(world.reports) and world.report.phase is phase


def armed(world: World) -> Driven:
    """A keeper whose container waits for the lock."""
    keeper = world.keeper()
    world.publish(LeasePhase.ARM)
    keeper.run_until(phase_is(KeeperPhase.ARMED))
    return keeper


def flocking(world: World) -> Driven:
    """A keeper whose host is lent."""
    keeper = armed(world)
    world.publish(LeasePhase.GO)
    keeper.run_until(lambda world: world.control()["phase"] == "go")
    world.lock = (LockHolder.FLOCK, PID)
    keeper.run_until(phase_is(KeeperPhase.FLOCKING))
    return keeper
