"""The switch of one host, ordered step by step, on both worlds."""

from collections.abc import Callable

import pytest

from shepherd.model.lease import LeasePhase
from shepherd.model.observation import KeeperPhase, LockHolder
from shepherd.model.orders import Result, StepKind
from tests.contract.place import Lend, Place, drain, flocking, keeper, regular

NewLend = Callable[..., Lend]


def arm(place: Place, lend: Lend) -> None:
    """Grant, and wait for the container whose PID 1 waits for the lock."""
    lend.page(LeasePhase.ARM)
    assert place.wait(lambda: keeper(place).phase is KeeperPhase.ARMED, 30)


def go(place: Place, lend: Lend) -> None:
    """From armed to lent."""
    drain(place, lend)
    lend.page(LeasePhase.GO)
    lend.order(StepKind.RESTART)
    assert place.wait(lambda: flocking(place) is not None, 15)
    assert place.wait(lambda: keeper(place).phase is KeeperPhase.FLOCKING, 10)


def is_home(place: Place) -> bool:
    ad = regular(place)
    return ad is not None and not ad.draining and not place.guests_alive()


def test_an_armed_container_leaves_the_lock_to_the_regular_startd(place: Place, new_lend: NewLend) -> None:
    """Arming must cost local work nothing: the startd goes on accepting."""
    lend = new_lend()
    arm(place, lend)
    assert keeper(place).lock is LockHolder.REGULAR
    assert keeper(place).lease == lend.lease
    ad = regular(place)
    assert ad is not None
    assert not ad.draining


def test_the_lock_goes_from_the_drained_startd_to_pid_1_and_back(place: Place, new_lend: NewLend) -> None:
    """The whole switch: one side at a time, the kernel as referee."""
    lend = new_lend()
    arm(place, lend)
    go(place, lend)
    assert keeper(place).lock is LockHolder.FLOCK
    assert regular(place) is None
    lend.page(LeasePhase.REVOKED)
    assert place.wait(lambda: is_home(place), 25)
    assert place.wait(lambda: keeper(place).phase is KeeperPhase.IDLE, 15)


@pytest.mark.parametrize("part", ["PID 1", "flock master"])
def test_a_killed_container_gives_the_host_back_without_help(place: Place, new_lend: NewLend, part: str) -> None:
    """The kernel frees the lock at the death of PID 1; the waiting guard does the rest."""
    lend = new_lend()
    arm(place, lend)
    go(place, lend)
    place.submit_guest(300)
    place.kill(part)
    assert place.wait(lambda: is_home(place), 20)


def test_an_orderly_off_gives_the_host_back(place: Place, new_lend: NewLend) -> None:
    """The fast way home: the flocking master ends, PID 1 with it, the guard has the lock."""
    lend = new_lend()
    arm(place, lend)
    go(place, lend)
    assert place.wait(lambda: lend.order(StepKind.OFF_GRACEFUL).result is Result.DONE, 20)
    assert place.wait(lambda: is_home(place), 15)


def test_a_lease_that_is_not_renewed_lapses(place: Place, new_lend: NewLend) -> None:
    """A dead shepherd is no reason to keep a host from its owner."""
    lend = new_lend(lease_s=20)
    arm(place, lend)
    go(place, lend)
    assert place.wait(lambda: is_home(place), 20 + 15)


def test_an_old_page_put_back_is_not_obeyed(place: Place, new_lend: NewLend) -> None:
    """Whoever may write to the collector could otherwise lend hosts for ever."""
    lend = new_lend()
    arm(place, lend)
    go(place, lend)
    old = place.pool.published()
    lend.page(LeasePhase.REVOKED)
    assert place.wait(lambda: is_home(place), 25)
    place.pool.publish(old)
    assert not place.wait(lambda: keeper(place).phase in {KeeperPhase.PREPARING, KeeperPhase.ARMED}, 8)
    assert is_home(place)


def test_a_revocation_before_the_drain_costs_nothing(place: Place, new_lend: NewLend) -> None:
    """A local job came first: the container goes, the startd never noticed."""
    before = regular(place)
    lend = new_lend()
    arm(place, lend)
    lend.page(LeasePhase.REVOKED)
    assert place.wait(lambda: keeper(place).phase is KeeperPhase.IDLE, 15)
    after = regular(place)
    assert before is not None
    assert after is not None
    assert after.started_at_s == before.started_at_s
