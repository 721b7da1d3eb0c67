"""Whose the claimed cores of a host were, by the cores that its jobs' slots have."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.harvest.shares import Of, RunEvent, Shares
from shepherd.model.harvest import GuestShare, Period

SPAN = Period(from_s=0.0, to_s=7200.0)
HOUR_S = 3600.0
CAMPUS, PHYSICS, NOBODY = (Of(name, is_proven=True) for name in ("campus", "physics", ""))

jobs = st.tuples(st.sampled_from([CAMPUS, PHYSICS, NOBODY]), st.integers(0, 64))
known = st.tuples(st.sampled_from([CAMPUS, PHYSICS, NOBODY]), st.integers(1, 64))


def shared(cores: int, running: list[tuple[Of, int]]) -> dict[str, GuestShare]:
    """An hour in which a host has so many cores claimed, and these jobs."""
    shares = Shares(SPAN, lambda *_: None)
    shares.claimed("p201", cores, 0.0)
    for of, cpus in running:
        shares.run(RunEvent(0.0, 1, "p201", of, cpus))
    shares.settle(HOUR_S)
    return {one.guest: one for one in shares.shares()}


@given(st.integers(0, 512), st.lists(jobs, max_size=8))
def test_what_was_claimed_is_given_out_and_nothing_else(cores: int, running: list[tuple[Of, int]]) -> None:
    """Guests' hours together were more than the hosts had."""
    found = shared(cores, running).values()
    assert sum(one.core_h for one in found) == pytest.approx(cores)
    assert all(-1e-9 <= one.shared_core_h <= one.core_h * (1 + 1e-9) for one in found)


@given(st.lists(known, min_size=1, max_size=8))
def test_guests_have_their_slots_exactly_where_these_are_all_that_is_claimed(running: list[tuple[Of, int]]) -> None:
    """A guest of one job of eight cores and one of eight jobs of one had each a half of nine, and it was called so."""
    found = shared(sum(cpus for _, cpus in running), running)
    for guest, one in found.items():
        assert (one.core_h, one.shared_core_h) == (sum(cpus for of, cpus in running if of.guest == guest), 0.0)


@given(st.integers(1, 512), st.lists(jobs, min_size=2, max_size=5), st.randoms())
def test_the_order_in_which_jobs_began_does_not_matter(cores: int, running: list[tuple[Of, int]], dice) -> None:
    """Two reports of one month had two sums."""
    other = list(running)
    dice.shuffle(other)
    found, again = shared(cores, running), shared(cores, other)
    assert {guest: one.core_h for guest, one in found.items()} == pytest.approx(
        {guest: one.core_h for guest, one in again.items()}
    )


def test_jobs_whose_cores_are_not_known_share_what_the_others_leave() -> None:
    """Days of before the cores were on record go on being told, and only they are estimated."""
    found = shared(12, [(CAMPUS, 8), (PHYSICS, 0), (PHYSICS, 0)])
    assert (found["campus"].core_h, found["campus"].shared_core_h) == (8.0, 0.0)
    assert (found["physics"].core_h, found["physics"].shared_core_h) == (4.0, 4.0)


def test_a_job_whose_cores_are_not_known_has_one_where_nothing_is_left() -> None:
    """A guest whose job was told before its claim was had nothing."""
    found = shared(8, [(CAMPUS, 8), (PHYSICS, 0)])
    assert found["physics"].core_h == pytest.approx(8 / 9)
    assert found["campus"].shared_core_h == found["campus"].core_h == pytest.approx(64 / 9)


@pytest.mark.parametrize(("cores", "estimated_h"), [(6, 3.0), (2, 2.0), (3, 0.0)])
def test_the_ledgers_cores_are_the_whole_and_the_slots_its_weights(cores: int, estimated_h: float) -> None:
    """A claim without a job at that moment is somebody's; the sum stays what the pool's own figures say."""
    found = shared(cores, [(CAMPUS, 2), (PHYSICS, 1)])
    assert {name: one.core_h for name, one in found.items()} == pytest.approx(
        {"campus": cores * 2 / 3, "physics": cores / 3}
    )
    assert sum(one.shared_core_h for one in found.values()) == pytest.approx(estimated_h)


def test_what_one_guest_has_alone_is_no_estimate() -> None:
    """Whatever its jobs' slots are, nobody else had anything of that host."""
    for slots in itertools.product((0, 1, 8), repeat=2):
        (one,) = shared(6, [(CAMPUS, cpus) for cpus in slots]).values()
        assert (one.core_h, one.shared_core_h) == (6.0, 0.0)


def test_a_job_that_ends_gives_its_cores_to_those_that_go_on() -> None:
    """Between a job's end and the next look its cores were still the guest's that had left."""
    shares = Shares(SPAN, lambda *_: None)
    shares.claimed("p201", 4, 0.0)
    for event in (
        RunEvent(0.0, 1, "p201", CAMPUS, 3), RunEvent(0.0, 1, "p201", PHYSICS, 1),
        RunEvent(HOUR_S, -1, "p201", CAMPUS, 3),
    ):  # fmt: skip
        shares.run(event)
    shares.settle(2 * HOUR_S)
    found = {one.guest: (one.core_h, one.shared_core_h) for one in shares.shares()}
    assert found == {"campus": (3.0, 0.0), "physics": (1.0 + 4.0, 0.0)}
