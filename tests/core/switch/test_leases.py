"""The leases that go onto pages, and drains of ours that nobody remembers."""

import dataclasses

import pytest

from shepherd.core.lease.encode import is_readable
from shepherd.core.switch.leases import leases_of
from shepherd.core.switch.leftovers import leftovers
from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.lease import LeasePhase, drain_reason, drained_for, lease_name
from shepherd.model.observation import KeeperPhase
from shepherd.model.orders import Stage, StepKind
from shepherd.model.settings import TimerSettings
from tests.build import facts, keeper, record, regular

P201, P202 = HostName("p201"), HostName("p202")


@pytest.mark.parametrize("nonce", ["", "two\nlines", "x" * 2000])
def test_a_lease_that_no_keeper_could_read_costs_the_others_nothing(nonce: str) -> None:
    """One odd ad of one host made a record that could not be signed; no page went out any more, after no restart."""
    odd = dataclasses.replace(record("p201", Stage.LENT), nonce=Nonce(nonce))
    made = leases_of({P201: odd, P202: record("p202", Stage.LENT)}, {}, TimerSettings())
    assert [lease.host for lease in made] == ["p202"]


def test_a_container_without_an_image_is_revoked_all_the_same() -> None:
    """Its keeper did not say from what it was started."""
    stray = keeper(KeeperPhase.FLOCKING, lease="p201.1600000000.00000000", image=None)
    (lease,) = leases_of({}, {P201: facts("p201", keeper=stray)}, TimerSettings())
    assert lease.phase is LeasePhase.REVOKED
    assert is_readable(lease)


@pytest.mark.parametrize("why", ["shepherd: do not lend", "shepherd:p201", "shepherd:p201.1600000000.zzzzzzzz"])
def test_a_humans_drain_that_begins_with_our_name_is_a_humans(why: str) -> None:
    """An administrator wrote for whom the drain was meant, and it was cancelled within five seconds."""
    assert leftovers({P201: facts("p201", regular=regular(drain=why))}, {}) == ()


def test_a_drain_that_we_made_and_forgot_is_cancelled_by_its_lease() -> None:
    """A ledger was lost; the host it had drained took no work until its next update."""
    lease = lease_name(P201, 1_600_000_000.4, "0000abcd")
    assert drained_for(drain_reason(lease)) == lease == LeaseId("p201.1600000000.0000abcd")
    (step,) = leftovers({P201: facts("p201", regular=regular(drain=drain_reason(lease)))}, {})
    assert (step.kind, step.host, step.lease) == (StepKind.UNDRAIN, P201, lease)
