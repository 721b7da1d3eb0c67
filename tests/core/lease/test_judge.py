"""A host's judgement of pages."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.lease.judge import (
    Here,
    Instant,
    NotRenewed,
    Refusal,
    Revoked,
    standing,
)
from shepherd.core.lease.memory import Held, Memory, from_json, to_json
from shepherd.model.host import HostName, Nonce
from shepherd.model.lease import LeasePage, LeasePhase
from tests.core.lease.pages_of_leases import (
    HERE,
    ISSUED_S,
    KEY,
    LEASE_S,
    NONCE,
    SKEW_S,
    UP_S,
    fresh,
    later,
    lease,
    page,
    shown,
)

HOUR_S = 3600.0
KEYS = frozenset({KEY})

delays = st.floats(0, 3 * LEASE_S)
errors = st.floats(-2 * HOUR_S, 2 * HOUR_S)


def stands(memory: Memory, now: Instant) -> bool:
    """Whether the host may act on a lease at this instant."""
    return standing(memory, key_ids=KEYS, here=HERE, now=now) is not None


def test_a_lease_is_held_from_its_first_sight() -> None:
    """The ordinary lend."""
    memory, held = shown(fresh(), page(lease()), later(10))
    assert isinstance(held, Held)
    assert held.lease == lease()
    assert held.until_boottime_s == UP_S + 10 + LEASE_S
    assert stands(memory, later(10))


@given(seen_s=delays, asked_s=delays, error_s=errors)
def test_a_lease_stands_exactly_while_both_ends_lie_ahead(seen_s: float, asked_s: float, error_s: float) -> None:
    """A delayed page gave a host the whole lease again; a set-back clock gave it for ever."""
    error_s = float(round(error_s))
    seen, asked = later(round(seen_s), error_s), later(round(seen_s + asked_s), error_s)
    memory, _ = shown(fresh(), page(lease()), seen)
    believed = seen.wall_s + SKEW_S >= ISSUED_S
    by_sight = asked.boottime_s < seen.boottime_s + LEASE_S
    by_issue = asked.wall_s < ISSUED_S + LEASE_S + SKEW_S
    assert stands(memory, asked) == (believed and by_sight and by_issue)


@given(steps=st.lists(st.tuples(st.floats(0, 300), errors, st.booleans()), min_size=1, max_size=12))
def test_nothing_extends_a_lease_but_a_newer_page(
    steps: list[tuple[float, float, bool]],
) -> None:
    """A keeper restarted every minute, over a wandering wall clock, kept a dead shepherd's lease alive."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    after_s = 0.0
    for passed_s, error_s, restarted in steps:
        after_s += passed_s
        memory, judgement = shown(memory, page(lease()), later(after_s, error_s))
        if restarted:
            memory = from_json(to_json(memory), NONCE)
        if isinstance(judgement, Held):
            assert judgement.until_boottime_s <= UP_S + LEASE_S
        if after_s >= LEASE_S:
            assert not stands(memory, later(after_s, error_s))


def test_a_lapsed_lease_stays_lapsed_when_the_clock_is_set_back() -> None:
    """A container was started for a lease that its host had already given up."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    memory, lapsed = shown(memory, page(lease()), later(60, HOUR_S))
    assert isinstance(lapsed, Refusal)
    memory, again = shown(memory, page(lease()), later(120))
    assert isinstance(again, Refusal)
    assert not stands(memory, later(120))


def test_a_renewal_extends_a_lease() -> None:
    """The other half of the dead-man: a living shepherd keeps its hosts."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    memory, held = shown(memory, page(lease(), serial=101, issued_at_s=ISSUED_S + 60), later(60))
    assert isinstance(held, Held)
    assert held.until_boottime_s == UP_S + 60 + LEASE_S


@pytest.mark.parametrize("error_s", [-HOUR_S, HOUR_S])
def test_a_host_whose_clock_is_an_hour_off_is_not_lent(error_s: float) -> None:
    """With a wrong clock the second end of the lease means nothing."""
    memory, judgement = shown(fresh(), page(lease()), later(5, error_s))
    assert isinstance(judgement, Refusal)
    assert "clock" in judgement.reason
    assert memory.held is None


@pytest.mark.parametrize("error_s", [-HOUR_S, HOUR_S])
def test_a_clock_that_jumps_during_a_lend_ends_it(error_s: float) -> None:
    """Forward: at once. Backward: no renewal is believed, so that it lapses."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    for renewal in range(1, 20):
        after_s = 60.0 * renewal
        now = later(after_s, error_s)
        renewed = page(lease(), serial=100 + renewal, issued_at_s=ISSUED_S + after_s)
        memory, judgement = shown(memory, renewed, now)
        assert isinstance(judgement, Refusal)
        assert stands(memory, now) == (error_s < 0 and after_s < LEASE_S)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=20))
def test_an_older_page_is_never_believed_again(serials: list[int]) -> None:
    """Whoever can write to the collector replayed the page from before the revocation."""
    memory, highest = fresh(), -1
    for serial in serials:
        seen = page(lease(), serial=serial, issued_at_s=ISSUED_S + serial)
        memory, judgement = shown(memory, seen, later(10))
        assert isinstance(judgement, Refusal) == (serial < highest)
        highest = max(highest, serial)


def test_a_revoked_lease_is_not_revived_by_the_page_before() -> None:
    """The replay that matters most."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    gone = page(lease(phase=LeasePhase.REVOKED, why="local work"), serial=101)
    memory, revoked = shown(memory, gone, later(5))
    assert revoked == Revoked(why="local work")
    memory, replayed = shown(from_json(to_json(memory), NONCE), page(lease()), later(6))
    assert isinstance(replayed, Refusal)
    assert not stands(memory, later(6))


def test_one_serial_has_one_content() -> None:
    """Two pages with one serial: one of them is not the shepherd's."""
    memory, _ = shown(fresh(), page(), later(0))
    _, judgement = shown(memory, page(lease()), later(1))
    assert isinstance(judgement, Refusal)


def test_flockoff_on_an_empty_page_sends_a_host_home() -> None:
    """Flockoff must not depend on anything that is said of a single host."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    memory, judgement = shown(memory, page(serial=101, flockoff=True), later(5))
    assert isinstance(judgement, Revoked)
    assert not stands(memory, later(5))


@pytest.mark.parametrize("error_s", [-HOUR_S, 0.0, HOUR_S])
def test_leave_is_obeyed_whatever_the_clock_says(error_s: float) -> None:
    """A host with a wrong clock went on flocking after flockoff until its lease lapsed."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    memory, judgement = shown(memory, page(serial=101, flockoff=True), later(5, error_s))
    assert isinstance(judgement, Revoked)
    assert not stands(memory, later(5))


def test_leave_from_the_future_does_not_bar_the_next_shepherd() -> None:
    """A shepherd with its clock an hour ahead said flockoff; its successor was not heard for an hour."""
    ahead = page(flockoff=True, issued_at_s=ISSUED_S + HOUR_S)
    memory, judgement = shown(fresh(), ahead, later(0))
    assert isinstance(judgement, Revoked)
    after_s = SKEW_S + 60
    successor = page(lease(), instance="shepherd-2", serial=1, issued_at_s=ISSUED_S + after_s)
    _, judgement = shown(memory, successor, later(after_s))
    assert isinstance(judgement, Held)


def test_a_clock_that_jumps_ends_a_lease_also_when_no_page_can_be_read() -> None:
    """The collector was away, nothing was judged, and the old answer was kept."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    assert stands(memory, later(60))
    assert not stands(memory, later(60, HOUR_S))


def test_the_end_by_the_wall_clock_is_also_given_on_the_boot_clock() -> None:
    """PID 1 of the container knows the boot clock only; a page seen late gave it a whole lease."""
    _, held = shown(fresh(), page(lease()), later(600))
    assert isinstance(held, Held)
    assert held.until_boottime_s == UP_S + LEASE_S + SKEW_S


def test_a_host_that_a_page_leaves_out_keeps_what_it_has_until_it_lapses() -> None:
    """A shepherd that lost its records must not send the whole flock home at once."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    memory, judgement = shown(memory, page(serial=101), later(60))
    assert judgement == NotRenewed()
    assert stands(memory, later(LEASE_S - 1))
    assert not stands(memory, later(LEASE_S))


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (page(lease(), pool="other"), "pool"),
        (page(lease(), page=(page().page + 1) % 4), "reads page"),
        (page(lease(), pages=3, page=(page().page + 1) % 3), "page"),
        (page(lease(nonce=Nonce("boot-0"))), "another boot"),
        (page(lease(image="sha256:" + "b" * 64)), "image"),
        (page(lease(lease_s=0.0), issued_at_s=ISSUED_S - SKEW_S), "lapsed"),
        (page(lease(), issued_at_s=ISSUED_S + SKEW_S + 2), "clock"),
        (page(lease(), issued_at_s=ISSUED_S - LEASE_S - SKEW_S), "lapsed"),
    ],
)
def test_a_page_that_is_not_for_this_host_is_refused(seen: LeasePage, word: str) -> None:
    """Whatever else a signed page is good for, it is not good here."""
    memory, judgement = shown(fresh(), seen, later(0))
    assert isinstance(judgement, Refusal)
    assert word in judgement.reason
    assert memory.held is None


def test_a_refused_page_leaves_the_lease_alone() -> None:
    """Whoever can write rubbish into the collector could have ended every lend."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    after, judgement = shown(memory, page(pool="other", serial=500), later(5))
    assert isinstance(judgement, Refusal)
    assert after == memory


def test_another_shepherd_is_believed_only_if_it_wrote_later() -> None:
    """The pages of a shepherd that was replaced lay in the collector, and won every other poll."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    second = page(lease(), instance="shepherd-2", serial=1, issued_at_s=ISSUED_S + 1)
    memory, judgement = shown(memory, second, later(5))
    assert isinstance(judgement, Held)
    _, back = shown(memory, page(lease(), serial=100), later(6))
    assert isinstance(back, Refusal)
    _, same = shown(memory, dataclasses.replace(second, instance="shepherd-3"), later(6))
    assert isinstance(same, Refusal)


def test_a_reboot_makes_every_lease_worthless() -> None:
    """A host came up after a power cut, and its keeper started a container for a lend of yesterday."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    rebooted = dataclasses.replace(HERE, nonce=Nonce("boot-2"))
    assert standing(memory, key_ids=KEYS, here=rebooted, now=later(1)) is None
    after, judgement = shown(memory, page(lease()), later(1), rebooted)
    assert isinstance(judgement, Refusal)
    assert (after.nonce, after.held) == ("boot-2", None)


def test_a_lease_ends_when_its_key_is_no_longer_trusted() -> None:
    """A key was stolen; taking it out of the settings must end what it signed, not only what comes."""
    memory, _ = shown(fresh(), page(lease()), later(0))
    assert standing(memory, key_ids=frozenset({"other"}), here=HERE, now=later(1)) is None


def test_a_host_acts_only_on_its_own_lease() -> None:
    """Two hosts on one page: what is said of one is nothing to the other."""
    other = Here(
        host=next(
            HostName(f"p{n}")
            for n in range(1000)
            if shown(fresh(), page(lease()), later(0), with_host(f"p{n}"))[1] == NotRenewed()
        ),
        pool="home",
        nonce=NONCE,
        images=HERE.images,
        skew_s=SKEW_S,
    )
    memory, judgement = shown(fresh(), page(lease()), later(0), other)
    assert judgement == NotRenewed()
    assert memory.held is None


def with_host(name: str) -> Here:
    """Another host of the pool."""
    return dataclasses.replace(HERE, host=HostName(name))
