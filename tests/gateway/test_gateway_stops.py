"""The gateway's reading of pages: what it believes, what it remembers, and that silence lets nobody go."""

import dataclasses
from collections.abc import Callable, Collection, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.firewall.gateway import BANNED, QUARANTINE_PAGE
from shepherd.core.lease.encode import encode
from shepherd.core.stop.at_gateway import Known, from_json, to_json
from shepherd.errors import CommandFailed, LeaseRefused, PoolUnavailable, Unavailable
from shepherd.model.host import HostName
from shepherd.model.lease import LeasePage, SignedPage
from shepherd.model.stop import Ban, BanKind, Quarantine
from shepherd.programs.gateway.gateway import Gateway
from shepherd.programs.gateway.loop import DEAF, GatewayLoop
from shepherd.programs.gateway.stops import GatewayStops, Parts
from tests.gateway.kernel import GATEWAY

SETTINGS = dataclasses.replace(GATEWAY, pool="home", trusted_keys=("/k",))
BAN = Ban(
    kind=BanKind.SCHEDD, value="campus", at_s=1.0, until_s=None, who="ann", why="scans", addresses=("192.0.2.7",)
)
QUARANTINED = Quarantine(
    ident="q-p205-1", host=HostName("p205"), address="10.27.2.5", at_s=1.0, who="ann", why="miner", keep_host=False
)


class World:
    """A collector, a kernel, a disk and two clocks that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.ahead_s = 0.0
        """Of the shepherd's clock."""
        self.pages: list[SignedPage] = []
        self.silent = False
        self.sets: dict[str, set[str]] = {BANNED: set(), QUARANTINE_PAGE: set()}
        self.loaded: list[str] = []
        self.nft_fails = self.conntrack_fails = False
        self.forgotten: list[str] = []
        self.disk: str | None = None
        self.disk_full = False
        self.log: list[str] = []
        self._serial = 0

    def publish(self, *stops: Ban | Quarantine, **changes: object) -> None:
        """The shepherd's next page."""
        self._serial += 1
        page = LeasePage(
            pool="home", instance="one", page=0, pages=4, serial=self._serial, flockoff=False, leases=(),
            issued_at_s=self.wall_s() + self.ahead_s,
            bans=tuple(stop for stop in stops if isinstance(stop, Ban)),
            quarantines=tuple(stop for stop in stops if isinstance(stop, Quarantine)),
        )  # fmt: skip
        page = dataclasses.replace(page, **changes)  # type: ignore[arg-type]
        self.pages = [SignedPage(payload=encode(page), key_id="k", signature=b"good")]

    def gateway(self) -> GatewayStops:
        """One that starts now."""
        parts = Parts(
            pages=self, verifier=self, filter=self, flows=self, kept=self, clock=self, background=lambda work: work(),
            log=lambda event, **_: self.log.append(event),
        )  # fmt: skip
        return GatewayStops(SETTINGS, parts)

    def run(self, stops: GatewayStops, seconds: float = 2.0) -> None:
        """Let time pass."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s += max(stops.tick(), 0.05)

    def first(self) -> Sequence[SignedPage]:
        if self.silent:
            raise PoolUnavailable("no answer")
        return self.pages

    def verify(self, page: SignedPage) -> None:
        if page.signature != b"good":
            raise LeaseRefused("forged")

    def load(self, rules: str) -> None:
        """As much of nft as is used here."""
        if self.nft_fails:
            raise CommandFailed("no such table")
        self.loaded.append(rules)
        for line in rules.splitlines():
            words = line.replace("{", "").replace("}", "").replace(",", " ").split()
            if words[0] == "flush":
                self.sets[words[4]] = set()
            else:
                self.sets[words[4]] |= {word for word in words[5:] if word.count(".") == 3}

    def listing(self, table: str, family: str = "inet") -> str:
        return f"{table} {family}"

    def canonical(self, rules: str, table: str, family: str = "inet", devices: Sequence[str] = ()) -> str:
        del rules, devices
        return self.listing(table, family)

    def elements(self, table: str, name: str) -> frozenset[str]:
        del table
        return frozenset(self.sets[name])

    def cut(self, addresses: Collection[str]) -> int:
        if self.conntrack_fails:
            raise Unavailable("conntrack was not over after 20 s")
        self.forgotten += addresses
        return len(addresses)

    def read(self) -> str | None:
        return self.disk

    def write(self, text: str) -> None:
        if self.disk_full:
            raise CommandFailed("no space left on device")
        self.disk = text

    def wall_s(self) -> float:
        return 1_700_000_000.0 + self.now_s

    def steady_s(self) -> float:
        return self.now_s


@pytest.fixture
def world() -> World:
    """All is well."""
    return World()


def test_whom_the_page_names_is_cut_off_within_a_second_and_let_go_when_it_does_not(world: World) -> None:
    """Connections that were open when a schedd was banned went on for hours."""
    stops = world.gateway()
    world.publish()
    world.run(stops)
    world.publish(BAN, QUARANTINED)
    world.run(stops, 1.1)
    assert world.sets == {BANNED: {"192.0.2.7"}, QUARANTINE_PAGE: {"10.27.2.5"}}
    assert sorted(world.forgotten) == ["10.27.2.5", "192.0.2.7"]
    world.publish(dataclasses.replace(QUARANTINED, released_at_s=5.0))
    world.run(stops)
    assert world.sets == {BANNED: set(), QUARANTINE_PAGE: set()}


def silent(world: World) -> None:
    """No answer."""
    world.silent = True


def empty(world: World) -> None:
    """A collector that has just started."""
    world.pages = []


def forged(world: World) -> None:
    """Somebody who may advertise, and has no key."""
    world.publish()
    world.pages = [dataclasses.replace(world.pages[0], signature=b"bad")]


def replayed(world: World) -> None:
    """A page from before the ban."""
    world.publish(serial=1)


def foreign(world: World) -> None:
    """Another pool's."""
    world.publish(pool="elsewhere")


def other_page(world: World) -> None:
    """Some host's."""
    world.publish(page=1)


def from_the_future(world: World) -> None:
    """The shepherd's clock is an hour ahead."""
    world.publish(issued_at_s=world.wall_s() + 3600.0)


@pytest.mark.parametrize("trouble", [silent, empty, forged, replayed, foreign, other_page, from_the_future])
def test_nothing_but_a_good_page_lets_anybody_go(world: World, trouble: Callable[[World], None]) -> None:
    """Restarting the collector ended every ban."""
    stops = world.gateway()
    world.publish()
    world.publish(BAN, QUARANTINED)
    world.run(stops)
    trouble(world)
    world.run(stops, 60.0)
    assert world.sets == {BANNED: {"192.0.2.7"}, QUARANTINE_PAGE: {"10.27.2.5"}}


def test_a_page_from_the_future_stops_at_once_and_is_believed_wholly_later(world: World) -> None:
    """A shepherd with a wrong clock could stop nobody, in the hour in which it had to."""
    stops = world.gateway()
    world.ahead_s = 3600.0
    world.publish(BAN)
    world.run(stops)
    assert world.sets[BANNED] == {"192.0.2.7"}
    world.publish()
    world.run(stops)
    assert world.sets[BANNED] == {"192.0.2.7"}
    world.now_s += 3600.0
    world.run(stops)
    assert world.sets[BANNED] == set()


def test_a_restarted_gateway_goes_on_while_nobody_answers(world: World) -> None:
    """The gateway's machine was booted, and until the collector was back the banned were in."""
    stops = world.gateway()
    world.publish(BAN)
    world.run(stops)
    world.sets = {BANNED: set(), QUARANTINE_PAGE: set()}
    world.silent = True
    again = world.gateway()
    world.run(again)
    assert world.sets[BANNED] == {"192.0.2.7"}
    assert "no page was believed yet" in again.sentence()


def test_a_ban_ends_by_itself_in_silence(world: World) -> None:
    """With the shepherd and its collector gone, a ban for two hours would have been one for ever."""
    stops = world.gateway()
    world.publish(dataclasses.replace(BAN, until_s=world.wall_s() + 60.0))
    world.run(stops)
    assert "timeout 60s" in "".join(world.loaded) or "timeout 59s" in "".join(world.loaded)
    world.silent = True
    world.run(stops, 30.0)
    assert world.sets[BANNED] == {"192.0.2.7"}
    world.run(stops, 40.0)
    assert world.sets[BANNED] == set()


def test_what_somebody_takes_out_of_a_set_is_put_in_again(world: World) -> None:
    """`nft flush set` by hand let everybody go until the next ban."""
    stops = world.gateway()
    world.publish(BAN)
    world.run(stops)
    world.sets[BANNED] = set()
    assert stops.mend()
    assert world.sets[BANNED] == {"192.0.2.7"}
    assert not stops.mend()


def test_a_stop_that_cannot_be_brought_into_force_is_tried_again(world: World) -> None:
    """The rules were just being replaced, and a ban that came then was lost."""
    stops = world.gateway()
    world.nft_fails = True
    world.publish(BAN)
    world.run(stops)
    world.nft_fails = False
    world.run(stops)
    assert world.sets[BANNED] == {"192.0.2.7"}
    assert world.forgotten == ["192.0.2.7"]


def test_connections_that_could_not_be_forgotten_are_tried_again(world: World) -> None:
    """The tool was slow for once, and what was open stayed open by the address of another rule."""
    stops = world.gateway()
    world.conntrack_fails = True
    world.publish(BAN)
    world.run(stops)
    assert world.sets[BANNED] == {"192.0.2.7"}
    assert world.forgotten == []
    world.conntrack_fails = False
    world.run(stops)
    assert world.forgotten == ["192.0.2.7"]


def test_a_full_disk_protects_nobody(world: World) -> None:
    """What could not be remembered was not obeyed."""
    stops = world.gateway()
    world.disk_full = True
    world.publish(BAN)
    world.run(stops)
    assert world.sets[BANNED] == {"192.0.2.7"}


def test_a_schedd_that_calls_itself_by_a_resolvers_address_cuts_off_nobody(world: World) -> None:
    """A guest's ad is its own word: banning it took the names away from all others."""
    stops = world.gateway()
    world.publish(dataclasses.replace(BAN, addresses=("192.0.2.7", *SETTINGS.dns)))
    world.run(stops)
    assert world.sets[BANNED] == {"192.0.2.7"}


def test_a_page_that_is_shown_again_and_again_is_written_down_once(world: World) -> None:
    """Two pages a second, each flushed to the disk, wore it out."""
    stops = world.gateway()
    world.publish(BAN)
    world.run(stops)
    world.disk = None
    world.run(stops, 30.0)
    assert world.disk is None


class StillGateway(Gateway):
    """Rules that are as they are meant, or cannot be."""

    def __init__(self, *, fails: bool) -> None:
        self.fails = fails

    def tick(self) -> float:
        if self.fails:
            raise CommandFailed("nft")
        return 10.0

    @property
    def check_s(self) -> float:
        return 10.0

    def sentence(self) -> str:
        return "the rules are in force"


def test_stops_are_heard_when_the_rules_cannot_be_loaded_and_deafness_is_told(world: World) -> None:
    """The program's sentence said that all was well, and it had never read a page."""
    world.publish(BAN)
    loop = GatewayLoop(StillGateway(fails=True), world.gateway(), world)
    for _ in range(3):
        with pytest.raises(CommandFailed):
            loop.tick()
    assert world.sets[BANNED] == {"192.0.2.7"}
    deaf = GatewayLoop(StillGateway(fails=False), None, world)
    assert deaf.tick() == 10.0
    assert DEAF in deaf.sentence()


@given(st.lists(st.sampled_from([BAN, QUARANTINED]), unique=True))
def test_what_is_remembered_is_what_was_known(stops: list[Ban | Quarantine]) -> None:
    """A field that was not written down let somebody go at the next restart."""
    world = World()
    gateway = world.gateway()
    world.publish(*stops)
    world.run(gateway)
    assert world.disk is not None
    known = from_json(world.disk)
    assert (len(known.bans) + len(known.quarantines), known.memory.issue is not None) == (len(stops), True)
    assert from_json(to_json(known)) == known != Known()
    with pytest.raises(LeaseRefused):
        from_json(world.disk[:-2])
