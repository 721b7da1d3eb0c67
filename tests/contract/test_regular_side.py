"""What HTCondor promises of a regular startd, and the fake world promises the same."""

from collections.abc import Callable

from shepherd.model.orders import Result, StepKind
from tests.contract.place import Lend, Place, drain, regular

NewLend = Callable[..., Lend]
SOON_S = 40.0
"""Two to three seconds on a machine that does nothing else."""


def is_drained(place: Place) -> bool:
    ad = regular(place)
    return ad is not None and ad.drained


def accepts(place: Place) -> bool:
    ad = regular(place)
    return ad is not None and not ad.draining


def is_busy(place: Place) -> bool:
    ad = regular(place)
    return ad is not None and ad.claimed_slots > 0


def test_an_idle_startd_is_drained_within_seconds_and_says_by_whom(place: Place, new_lend: NewLend) -> None:
    """Every later step waits for exactly this mark."""
    lend = new_lend()
    assert lend.order(StepKind.DRAIN).result is Result.DONE
    assert place.wait(lambda: is_drained(place), SOON_S)
    ad = regular(place)
    assert ad is not None
    assert ad.drain_reason == f"shepherd:{lend.lease}"


def test_a_busy_startd_refuses_the_drain_and_its_job_goes_on(place: Place, new_lend: NewLend) -> None:
    """A job that was matched between reading and draining must not be hurt."""
    place.submit_local(12)
    assert place.wait(lambda: is_busy(place), 40)
    assert new_lend().order(StepKind.DRAIN).result is Result.REFUSED
    assert accepts(place)
    assert is_busy(place)


def test_a_drained_startd_can_be_given_back(place: Place, new_lend: NewLend) -> None:
    """A lend that is called off must cost nothing."""
    lend = new_lend()
    assert lend.order(StepKind.DRAIN).result is Result.DONE
    assert place.wait(lambda: is_drained(place), SOON_S)
    assert lend.order(StepKind.UNDRAIN).result is Result.DONE
    assert place.wait(lambda: accepts(place), SOON_S)


def test_a_drained_startd_leaves_on_restart_and_is_back_after_its_back_off(place: Place, new_lend: NewLend) -> None:
    """Without a container that waits, the guard takes the lock again: nobody may have to help."""
    before = regular(place)
    assert before is not None
    lend = new_lend()
    drain(place, lend)
    lend.order(StepKind.RESTART)

    def is_back() -> bool:
        ad = regular(place)
        return ad is not None and not ad.draining and ad.started_at_s > before.started_at_s

    assert place.wait(lambda: regular(place) is None or is_back(), SOON_S)
    assert place.wait(is_back, 30)


def test_a_drain_that_is_forgotten_ends_at_an_update(place: Place, new_lend: NewLend) -> None:
    """restart-on-completion: a shepherd that died after its drain leaves no host drained for ever."""
    drain(place, new_lend())
    assert place.wait(lambda: accepts(place), 45)


def test_a_killed_startd_is_back_by_itself(place: Place) -> None:
    """Its master restarts the guard, and the kernel has freed the lock."""
    before = regular(place)
    assert before is not None
    place.kill("regular startd")
    started_s = before.started_at_s
    assert place.wait(lambda: (ad := regular(place)) is not None and ad.started_at_s > started_s, 30)


def test_orders_to_a_flocking_master_that_is_not_there_are_refused(place: Place, new_lend: NewLend) -> None:
    """A command that reached nobody must not count as done."""
    assert new_lend().order(StepKind.OFF_GRACEFUL).result is Result.REFUSED


def test_a_startd_that_is_not_drained_for_this_lend_cannot_be_restarted(place: Place, new_lend: NewLend) -> None:
    """A late or repeated order must never end a startd that works for local jobs."""
    before = regular(place)
    assert before is not None
    assert new_lend().order(StepKind.RESTART).result is Result.REFUSED
    new_lend().order(StepKind.DRAIN)
    assert place.wait(lambda: is_drained(place), SOON_S)
    assert new_lend().order(StepKind.RESTART).result is Result.REFUSED
    after = regular(place)
    assert after is not None
    assert after.started_at_s == before.started_at_s


def test_a_second_drain_is_refused_unless_it_is_for_the_same_lend(place: Place, new_lend: NewLend) -> None:
    """Draining anew what is drained would forget whose mark it bears."""
    lend = new_lend()
    lend.order(StepKind.DRAIN)
    assert place.wait(lambda: is_drained(place), SOON_S)
    assert lend.order(StepKind.DRAIN).result is Result.DONE
    assert new_lend().order(StepKind.DRAIN).result is Result.REFUSED
