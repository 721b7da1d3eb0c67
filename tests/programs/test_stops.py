"""Keeping bans: recorded before they take effect, obeyed when nothing can be recorded, and chased."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from shepherd.core.records import bans_from
from shepherd.core.stop import bans
from shepherd.errors import LedgerUnavailable, PoolUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.guest import Claim
from shepherd.model.host import HostName
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.orders import HostMemory, SwitchRecord
from shepherd.model.stop import FlockAd
from shepherd.programs.diary import Diary
from shepherd.programs.errand import Background
from shepherd.programs.stops import BRISK_FOR_S, CHASE_S, Chase, Stops

EVE = Claim(slot="slot1_1@f205", user="eve@campus", schedd="campus")
ANN = Claim(slot="slot1_2@f205", user="ann@campus", schedd="campus")


class World:
    """Ledger, spool, clock and flock pool."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.entries: list[Entry] = []
        self.full = False
        self.spool: list[Intent] = []
        self.running = [EVE, ANN]
        self.silent = False
        self.vacated: list[list[str]] = []
        self.asked_s: list[float] = []
        self.refused: str | None = None
        self.log: list[str] = []
        self.diary = Diary(self, self, self.note)

    def stops(self, background: Background = lambda work: work()) -> Stops:
        """Those of a shepherd that starts now."""
        chase = Chase(
            pool=self, hands=self, background=background, diary=self.diary, clock=self, log=self.note
        )
        return Stops(
            ledger=self, diary=self.diary, spool=self, clock=self, log=self.note, chase=chase,
            domains=lambda: {"uni": "uni.example"}, why_not=lambda _: self.refused,
        )  # fmt: skip

    def order(self, kind: IntentKind, of: str, value: str) -> None:
        """What a verb leaves."""
        about = {"kind": of, "value": value}
        ident = f"i{len(self.entries)}{len(self.spool)}"
        self.spool.append(Intent(ident=ident, kind=kind, at_s=self.wall_s(), who="ann", why="scans", about=about))

    def note(self, event: str, **_: object) -> None:
        self.log.append(event)

    def of(self, kind: EntryKind) -> list[Mapping[str, object]]:
        """Bodies on record."""
        return [entry.body for entry in self.entries if entry.kind is kind]

    def wall_s(self) -> float:
        return self.now_s

    def steady_s(self) -> float:
        return self.now_s

    def append(self, entries: Sequence[Entry]) -> None:
        if self.full:
            raise LedgerUnavailable("no space left on device")
        self.entries += entries

    def switches(self) -> Mapping[HostName, SwitchRecord]:
        return {}

    def memories(self) -> Mapping[HostName, HostMemory]:
        return {}

    def last(self, kind: str) -> Entry | None:
        return next((entry for entry in reversed(self.entries) if entry.kind.value == kind), None)

    def publish_present(self, body: Mapping[str, object]) -> None:
        del body

    def waiting(self) -> Sequence[Intent]:
        return tuple(self.spool)

    def done(self, intent: Intent) -> None:
        self.spool.remove(intent)

    def claims(self) -> Sequence[Claim]:
        self.asked_s.append(self.now_s)
        if self.silent:
            raise PoolUnavailable("no answer")
        return list(self.running)

    def flock_ads(self) -> Sequence[FlockAd]:
        return [FlockAd(identity="guest.uni.1@flock", schedd="campus", address="192.0.2.7")]

    def vacate(self, slots: Sequence[str]) -> str:
        self.vacated.append(list(slots))
        self.running = [claim for claim in self.running if claim.slot not in slots]
        return ""


@pytest.fixture
def world() -> World:
    """A quiet one."""
    return World()


def test_a_ban_is_on_record_before_anything_is_ordered_and_its_claims_are_ended(world: World) -> None:
    """Jobs ended, and nothing said who had wanted it."""
    stops = world.stops()
    world.order(IntentKind.BAN, "user", "eve@campus")
    assert stops.look()
    assert world.vacated == []
    assert [ban.value for ban in bans_from(world.of(EntryKind.BANS)[-1])] == ["eve@campus"]
    assert world.spool == []
    stops.look()
    stops.look()
    assert world.vacated == [["slot1_1@f205"]]
    kinds = [entry.kind for entry in world.entries]
    assert kinds.index(EntryKind.INTENT) < kinds.index(EntryKind.BANS) < kinds.index(EntryKind.STEP)
    stops.look()
    assert world.of(EntryKind.OUTCOME)[-1]["result"] == "done"


def test_whoever_is_banned_is_looked_for_at_once_and_the_answer_is_awaited(world: World) -> None:
    """A banned guest sent for two seconds more, while its addresses waited for the loop's next two turns."""
    asked: list[Callable[[], None]] = []
    stops = world.stops(asked.append)
    world.order(IntentKind.BAN, "guest", "uni")
    soon = [stops.chase.soon]
    stops.look()
    soon.append(stops.chase.soon)
    world.now_s += BRISK_FOR_S
    soon.append(stops.chase.soon)
    assert len(asked) == 1
    assert soon == [False, True, False], "a pool that does not answer makes nobody hurry for ever"


def test_a_claim_that_comes_back_is_ended_again(world: World) -> None:
    """A schedd that had been matched a moment before claimed once more, where the page had not arrived yet."""
    stops = world.stops()
    world.order(IntentKind.BAN, "user", "eve@campus")
    for _ in range(30):
        stops.look()
        world.now_s += 1.0
    world.running = [EVE, ANN]
    for _ in range(int(CHASE_S) + 2):
        stops.look()
        world.now_s += 1.0
    assert world.vacated == [["slot1_1@f205"]] * 2
    assert world.running == [ANN]


def test_nobody_is_asked_about_claims_while_nobody_is_banned(world: World) -> None:
    """Ten thousand slots were fetched every two seconds, for nothing."""
    stops = world.stops()
    world.order(IntentKind.BAN, "host", "p205")
    for _ in range(60):
        stops.look()
        world.now_s += 1.0
    assert world.asked_s == []


def test_addresses_get_known_while_the_ban_stands_and_are_recorded(world: World) -> None:
    """A guest was banned while its schedd was away, and came back by another door."""
    stops = world.stops()
    world.order(IntentKind.BAN, "guest", "uni")
    changes = [stops.look() for _ in range(4)]
    assert sum(changes) == 2, "once when it was ordered, and once when its addresses were known"
    (ban,) = stops.bans
    assert (ban.domain, ban.addresses) == ("uni.example", ("192.0.2.7",))
    assert bans_from(world.of(EntryKind.BANS)[-1]) == stops.bans


def test_a_ban_that_cannot_be_recorded_is_obeyed_and_an_unban_waits(world: World) -> None:
    """A full disk kept everybody in, or, worse, let everybody go."""
    stops = world.stops()
    world.order(IntentKind.BAN, "user", "eve@campus")
    stops.look()
    world.full = True
    world.order(IntentKind.BAN, "user", "bob@campus")
    world.order(IntentKind.UNBAN, "user", "eve@campus")
    stops.look()
    assert [ban.value for ban in stops.bans] == ["bob@campus", "eve@campus"]
    assert "not on record" in stops.problem
    assert len(world.spool) == 2
    world.full = False
    world.diary.probe()
    stops.look()
    assert [ban.value for ban in stops.bans] == ["bob@campus"]
    assert (world.spool, stops.problem) == ([], "")
    assert world.of(EntryKind.GAP)


def test_a_successor_bans_whom_the_dead_one_banned(world: World) -> None:
    """Restarting the shepherd was a pardon."""
    first = world.stops()
    world.order(IntentKind.BAN, "user", "eve@campus")
    first.look()
    second = world.stops()
    assert second.bans == first.bans
    second.look()
    second.look()
    assert world.vacated == [["slot1_1@f205"]]


def test_who_has_not_the_role_bans_nobody_and_that_is_on_record(world: World) -> None:
    """Whoever may say flockoff could write any file into the spool."""
    stops = world.stops()
    world.refused = "eve may not ban: that is for root"
    world.order(IntentKind.BAN, "user", "ann@campus")
    assert not stops.look()
    assert stops.bans == ()
    assert world.of(EntryKind.INTENT)[-1]["refused"] == world.refused
    assert world.spool == []


def test_a_silent_pool_is_told_and_asked_again(world: World) -> None:
    """The ban was shown as standing, and the job ran."""
    stops = world.stops()
    world.silent = True
    world.order(IntentKind.BAN, "user", "eve@campus")
    for _ in range(3):
        stops.look()
    assert "cannot be looked for" in stops.problem
    world.silent = False
    world.now_s += 10.0
    for _ in range(4):
        stops.look()
    assert (stops.problem, world.vacated) == ("", [["slot1_1@f205"]])


def test_a_ban_for_which_there_is_no_room_waits_and_is_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verb said that she was banned, the page had no room, and nobody ever heard of it again."""
    monkeypatch.setattr(bans, "MOST", 1)
    stops = world.stops()
    world.order(IntentKind.BAN, "user", "eve@campus")
    stops.look()
    world.order(IntentKind.BAN, "user", "mal@campus")
    stops.look()
    assert [ban.value for ban in stops.bans] == ["eve@campus"]
    assert "no more bans fit on the pages, end some: user mal@campus" in stops.problem
    world.order(IntentKind.UNBAN, "user", "eve@campus")
    stops.look()
    stops.look()
    assert [ban.value for ban in stops.bans] == ["mal@campus"]
    assert (world.spool, stops.problem) == ([], "")
