"""One shepherd a pool: who gives way to whom, and who cannot keep us off."""

from collections.abc import Sequence

import pytest

from shepherd.core.lease.encode import decode, encode
from shepherd.core.lease.pages import spread
from shepherd.errors import AnotherShepherd, PoolUnavailable
from shepherd.model.host import HostName, HostPair, LeaseId
from shepherd.model.lease import SignedPage
from shepherd.model.orders import Step, StepKind
from shepherd.programs.diary import Diary
from shepherd.programs.hands import Hands
from shepherd.programs.pages import LeasePages
from shepherd.programs.switches import Switches
from shepherd.sim.clock import SimClock
from shepherd.sim.meter import Meter
from shepherd.sim.ports import SimLedger
from shepherd.sim.signer import SimSigner
from shepherd.sim.site import SiteSpec
from tests.build import idle_host

RENEW_S = 60.0
SETTINGS = SiteSpec().settings()
FOREIGN = SimSigner(b"another key of the site")


class Collector:
    """The pages there are, by the name of their ads: the last one to publish has the name."""

    def __init__(self) -> None:
        self.ads: dict[str, SignedPage] = {}
        self.now_s = 1_000_000.0
        self.events: list[str] = []
        self.clock = SimClock(lambda: self.now_s, lambda: self.now_s - 900_000.0)

    def publish(self, pages: Sequence[SignedPage]) -> None:
        self.ads |= {str(decode(page.payload).page): page for page in pages}

    def published(self) -> Sequence[SignedPage]:
        return tuple(self.ads.values())

    def shepherd(self, instance: str, process: str, signer: SimSigner | None = None, *, ignore: bool = False) -> "One":
        pages = LeasePages(
            pool=self,  # type: ignore[arg-type]
            signer=signer or SimSigner(),
            verifier=signer or SimSigner(),
            clock=self.clock,
            settings=SETTINGS,
            instance=instance,
            process=process,
            ignore_unknown_keys=ignore,
        )
        return One(pages)

    def forge(self, number: str = "forged", *, serial: int, after_s: float = 0.0, pool: str = "home") -> None:
        """Somebody who may advertise, and holds no key, puts a page there."""
        (page, *_) = spread(
            (), pool=pool, instance="nobody", pages=1, serial=serial, issued_at_s=self.now_s + after_s, flockoff=False
        )
        self.ads[number] = SignedPage(payload=encode(page), key_id="feedfeedfeedfeed", signature=b"none")


class One:
    """A shepherd as far as its pages go."""

    def __init__(self, pages: LeasePages) -> None:
        self.pages = pages
        self.ended = ""

    def renew(self) -> bool:
        """Whether the pages were renewed."""
        if self.ended:
            return False
        try:
            self.pages.check_alone()
        except AnotherShepherd as refused:
            self.ended = str(refused)
        except PoolUnavailable:
            pass
        else:
            self.pages.publish((), flockoff=False)
            return True
        return False


@pytest.fixture(name="collector")
def an_empty_collector() -> Collector:
    return Collector()


def turns(collector: Collector, *ones: One, times: int = 1) -> None:
    """Renewals, one shepherd after the other, ten seconds between them."""
    for _ in range(times):
        for one in ones:
            one.renew()
            collector.now_s += 10
        collector.now_s += RENEW_S - 10 * len(ones)


def test_a_second_shepherd_with_another_key_is_refused_and_the_first_goes_on(collector):
    """After half a rotation two managers signed with two keys, both trusted: hosts were lent and revoked in turn."""
    first = collector.shepherd("first", "1")
    turns(collector, first, times=10)
    second = collector.shepherd("second", "2", FOREIGN)
    for _ in range(14):
        assert second.renew() is False
        collector.now_s += 10
        if collector.now_s % RENEW_S < 10:
            assert first.renew()
    assert "under the unknown key" in second.ended
    assert "stop that one" in second.ended
    turns(collector, first, times=3)
    assert first.ended == ""


@pytest.mark.parametrize("keys", [(None, FOREIGN), (None, None)])
@pytest.mark.parametrize("flips", [0, 1, 2, 3])
@pytest.mark.parametrize("instances", [("a", "b"), ("copy", "copy")])
def test_of_two_that_begin_at_once_just_one_survives(collector, keys, flips, instances):
    """After a power cut both managers came up; neither must both stay, nor both give up."""
    pair = [collector.shepherd(name, str(n), key) for n, (name, key) in enumerate(zip(instances, keys, strict=True))]
    for number in range(8):
        turns(collector, *(reversed(pair) if number < flips and number % 2 else pair))
    assert sum(one.ended == "" for one in pair) == 1
    assert all(one.renew() for one in pair if not one.ended)


def test_a_copied_state_directory_is_found_and_the_original_stays(collector):
    """A manager cloned with its disk signed as the same instance: each undid the other's lends."""
    original = collector.shepherd("same", "1")
    turns(collector, original, times=4)
    copy = collector.shepherd("same", "2")
    turns(collector, copy, original, times=3)
    assert "the state directory was copied" in copy.ended
    assert original.ended == ""


def test_a_restart_goes_on_at_once_also_with_another_key(collector):
    """An upgrade, or a rotated key, must not cost the minutes in which leases are not renewed."""
    turns(collector, collector.shepherd("same", "1"), times=3)
    for number, key in enumerate([None, FOREIGN]):
        after = collector.shepherd("same", f"{number + 2}", key)
        assert after.renew()
        turns(collector, after, times=8)
        assert after.ended == ""


def test_replayed_pages_of_a_predecessor_end_nobody(collector):
    """Somebody kept a day of pages, and put one after the other back to keep the shepherd off."""
    old, kept = collector.shepherd("same", "1"), []
    for _ in range(3):
        turns(collector, old)
        kept.append(collector.ads["0"])
    after = collector.shepherd("same", "2")
    for page in kept:
        collector.ads["replayed"] = page
        assert after.renew()
        collector.now_s += 5


def test_a_forged_page_that_lies_there_delays_a_start_by_a_renewal_and_a_half(collector):
    """One ad, from tomorrow and sent once, kept the shepherd off until somebody found it."""
    collector.forge(serial=5, after_s=86400)
    one = collector.shepherd("same", "1")
    assert one.renew() is False
    collector.now_s += 1.5 * RENEW_S
    assert one.renew()
    turns(collector, one, times=8)
    assert one.ended == ""


def test_forged_pages_end_no_shepherd_that_runs_and_are_shown(collector):
    """Whoever may advertise a page could have stopped the shepherd of a running site."""
    one = collector.shepherd("same", "1")
    turns(collector, one, times=7)
    for number in range(6):
        collector.forge(serial=number + 1)
        assert one.renew()
        assert bool(one.pages.rivals.problem) == (number > 0)
        collector.now_s += RENEW_S


def test_pages_of_another_pool_and_rubbish_hold_up_nobody(collector):
    """Two pools shared a collector for a day."""
    collector.forge("other", serial=1, pool="elsewhere")
    collector.ads["rubbish"] = SignedPage(payload=b"{", key_id="x", signature=b"")
    assert collector.shepherd("same", "1").renew()


def test_an_administrator_can_start_in_spite_of_forged_pages(collector):
    """The refusal must name a way out that does not need the forger's goodwill."""
    refused, started = collector.shepherd("same", "1"), collector.shepherd("same", "2", ignore=True)
    for number in range(2):
        collector.forge(serial=number + 1)
        assert refused.renew() is False
        collector.now_s += RENEW_S
        collector.forge(serial=number + 10)
        assert started.renew()
    assert "--ignore-unknown-keys" in refused.ended
    assert started.pages.rivals.problem != ""


def test_a_reload_forgets_neither_serials_nor_rivals(collector):
    """HUP each minute, by a configuration tool: two shepherds never found each other."""
    first, second = collector.shepherd("a", "1"), collector.shepherd("b", "2", FOREIGN)
    for _ in range(6):
        turns(collector, first, second)
        for one, name, key in ((first, "a", None), (second, "b", FOREIGN)):
            pages = collector.shepherd(name, one.pages.process, key).pages
            pages.follow(one.pages)
            assert pages.serial == one.pages.serial
            one.pages = pages
    assert sum(one.ended == "" for one in (first, second)) == 1


def test_drains_are_not_cancelled_before_we_know_that_we_are_alone(collector):
    """The living shepherd's fresh drains looked like leftovers to the second one, which undid them and then gave up."""
    ledger = SimLedger(Meter(SiteSpec().limits(), lambda: 0.0))
    begun: list[Step] = []

    class Recording(Hands):
        def begin(self, step: Step, pair: HostPair) -> None:
            begun.append(step)

    other = collector.shepherd("other", "1")
    other.renew()
    log = Log()
    switches = Switches(
        settings=SETTINGS,
        ledger=ledger,
        diary=Diary(ledger, collector.clock, log),
        hands=Recording(None, None),  # type: ignore[arg-type]
        pages=collector.shepherd("same", "2").pages,
        clock=collector.clock,
        log=log,
        new_lease=lambda host: LeaseId(f"{host}.1"),
    )
    switches.advance({HostName("p201"): idle_host("p201")})
    step = Step(kind=StepKind.UNDRAIN, host=HostName("p201"), lease=LeaseId("p201.1"), cause="left behind")
    with pytest.raises(AnotherShepherd):
        switches.renew()
    switches.sweep([step])
    assert begun == []
    collector.ads.clear()
    switches.renew()
    switches.sweep([step])
    assert begun == [step]


class Log:
    """Listens."""

    def __call__(self, event: str, **fields: object) -> None:
        """Nothing is done."""
