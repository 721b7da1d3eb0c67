"""The keeper's part in a ban: told to the startd before it starts, remembered, and the last rung."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from shepherd.core.lease.judge import Instant
from shepherd.model.container import Container
from shepherd.model.lease import LeasePhase
from shepherd.model.observation import KeeperPhase
from shepherd.model.stop import Ban, BanKind, JobSeen, Running
from shepherd.ports_node import NodeFile
from shepherd.programs.keeper.bans import KILL_AFTER_S, BanWatch
from tests.host.keeper_world import HOST, IMAGE, World, armed, flocking, phase_is

EVE = Ban(kind=BanKind.USER, value="eve@campus", at_s=1.0, until_s=None, who="ann", why="scans")
REFUSED = 'ShepherdBannedUsers = "eve@campus"'


def banned(world: World, *bans: Ban, phase: LeasePhase | None = LeasePhase.GO) -> None:
    """The shepherd's next page."""
    world.bans = bans
    world.publish(phase)


def test_a_fresh_container_knows_the_bans_before_it_may_start_anything() -> None:
    """A job of the banned started in each new container, and ran until the list arrived."""
    world = World()
    world.bans = (EVE,)
    armed(world)
    assert REFUSED in world.files[NodeFile.BANS]
    assert max(n for n, file in enumerate(world.written) if file is NodeFile.BANS) < len(world.written)
    world.publish(LeasePhase.GO)
    before = len(world.written)
    world.keeper().run_until(lambda world: world.control().get("phase") == "go")
    assert NodeFile.BANS in world.written[:before]


def test_a_job_of_the_banned_that_lives_on_is_cut_off_and_killed_and_no_other() -> None:
    """The startd's log said Killing for minutes, and the job went on scanning."""
    world = World()
    keeper = flocking(world)
    world.jobs.runs = {3001: JobSeen(user="eve@campus"), 3002: JobSeen(user="alice@campus")}
    banned(world, EVE)
    took_s = keeper.run_until(lambda world: bool(world.jobs.killed), 15.0)
    assert took_s <= 5.0 + KILL_AFTER_S + 2.0
    assert world.jobs.killed == [3001]
    assert set(world.jobs.cuts) == {3001}
    assert world.report.phase is KeeperPhase.FLOCKING


def test_one_whose_traffic_cannot_be_cut_is_killed_all_the_same() -> None:
    """A container from before there were such rules protected whoever ran in it."""
    world = World()
    keeper = flocking(world)
    world.jobs.cannot_cut = True
    world.jobs.runs = {3001: JobSeen(user="eve@campus")}
    banned(world, EVE)
    keeper.run_until(lambda world: world.jobs.killed == [3001], 15.0)
    assert any("not wholly obeyed" in line for line in world.log)


def test_a_job_that_ends_in_time_is_not_killed() -> None:
    """HTCondor tells the user that the job was evicted; a kill of ours would look like the job's own end."""
    world = World()
    keeper = flocking(world)
    world.jobs.runs = {3001: JobSeen(user="eve@campus")}
    banned(world, EVE)
    keeper.run_until(lambda world: bool(world.jobs.cuts), 10.0)
    world.jobs.runs = {3001: JobSeen(user="alice@campus")}
    keeper.run(30.0)
    assert world.jobs.killed == []


def test_a_restarted_keeper_knows_the_bans_while_the_collector_is_silent() -> None:
    """Restarting the collector and the keeper let a banned user in."""
    world = World()
    keeper = flocking(world)
    banned(world, EVE)
    keeper.run(10.0)
    world.pages = []
    world.files.pop(NodeFile.BANS)
    world.keeper().run(1.0)
    assert REFUSED in world.files[NodeFile.BANS]


def test_a_ban_is_over_by_the_hosts_own_clock() -> None:
    """With the shepherd dead, a ban for two hours would have lasted until it was mended."""
    world = World()
    keeper = flocking(world)
    banned(world, Ban(**{**vars(EVE), "until_s": world.wall_s() + 20.0}))
    keeper.run(10.0)
    assert REFUSED in world.files[NodeFile.BANS]
    keeper.run(20.0)
    assert REFUSED not in world.files[NodeFile.BANS]


def test_a_banned_host_or_image_leaves_whatever_its_lease_says() -> None:
    """The page said that the image was banned, and the lease beside it said go."""
    for ban in (Ban(**{**vars(EVE), "kind": BanKind.HOST, "value": HOST}),
                Ban(**{**vars(EVE), "kind": BanKind.IMAGE, "value": IMAGE})):  # fmt: skip
        world = World()
        keeper = flocking(world)
        banned(world, ban)
        keeper.run_until(phase_is(KeeperPhase.LEAVING), 15.0)
        assert "banned" in (world.report.problem or "")


def test_bans_on_a_page_whose_lease_is_refused_are_obeyed() -> None:
    """A lease for another boot made the whole page worthless, and with it the ban beside it."""
    world = World()
    keeper = flocking(world)
    world.bans = (EVE,)
    world.publish(LeasePhase.GO, nonce="of another boot")
    keeper.run(10.0)
    assert REFUSED in world.files[NodeFile.BANS]


class Log:
    """Jobs as the startd's log has them; all of them live."""

    def __init__(self, **users: str) -> None:
        self.killed: list[int] = []
        self.users = {int(uid.removeprefix("u")): JobSeen(user=user) for uid, user in users.items()}

    def seen(self, container: Container) -> Mapping[int, JobSeen]:
        del container
        return self.users

    def alive(self, container: Container, uids: AbstractSet[int]) -> AbstractSet[int]:
        del container
        return uids & {3001, 3002}

    def kill(self, container: Container, uid: int) -> int:
        del container
        self.killed.append(uid)
        return 1

    def cut(self, container: Container, uids: AbstractSet[int], for_s: float) -> None:
        del container, uids, for_s


def killed_by(log: Log, *running: tuple[int, str]) -> set[int]:
    """What ten seconds of a ban kill, given what the recorder knows."""
    container = Container(ident="c1", pid=1, start_ticks=1, cgroup="/c1")
    world = World()
    watch = BanWatch(run_dir=world, jobs=log, background=lambda work: work(), log=lambda *_, **__: None)
    watch.bans = (EVE,)
    jobs = tuple((uid, JobSeen(user=user)) for uid, user in running)
    for second in range(10):
        at_s = 1000.0 + second
        known = Running(container="c1", at_s=at_s, jobs=jobs) if jobs else None
        watch.tick(None, container, Instant(wall_s=at_s, boottime_s=at_s), known)
    return set(log.killed)


def test_a_schedds_words_in_the_log_kill_nobody_elses_job() -> None:
    """A schedd had called its user by a whole line of the startd's log: an innocent's slot was of a banned user, and
    all of its processes were killed."""
    forged = Log(u3001="alice@campus", u3002="eve@campus")
    assert killed_by(forged, (3001, "alice@campus"), (3002, "bob@uni")) == set()
    hidden = Log(u3001="alice@campus", u3002="bob@uni")
    assert killed_by(hidden, (3001, "alice@campus"), (3002, "eve@campus")) == {3002}


def test_a_banned_users_claim_is_hers_whatever_its_job_says() -> None:
    """The claim was made for the banned user; its job said another one, and went on."""
    assert killed_by(Log(), (3001, "ann@campus"), (3001, "eve@campus")) == {3001}


def test_where_the_recorder_knows_nothing_the_log_counts() -> None:
    """A disk that hung ended the last rung for the whole lend."""
    assert killed_by(Log(u3002="eve@campus")) == {3002}
