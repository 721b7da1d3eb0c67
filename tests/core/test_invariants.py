"""The checks that everything else is checked by: each must be able to fail, and only for its reason."""

import dataclasses

import pytest

from shepherd.core.invariants import INVARIANTS, breaches
from shepherd.model.host import HostName, HostPair
from shepherd.model.orders import StepKind
from shepherd.model.world import ActSeen, HostWorld, Limits, Reclaim, WorldFacts

LIMITS = Limits(
    lease_s=900,
    skew_s=300,
    ladder_s=90,
    look_s=10,
    cycle_s=300,
    poll_s=20,
    stale_s=900,
    reserve=0.25,
    lend_per_cycle=5,
    images=frozenset({"sha256:good"}),
)
HOST = HostWorld(pair=HostPair(host=HostName("p201"), flock_name="f201"))
GRANT = ActSeen(
    at_s=5, kind=StepKind.GRANT, host="p201", lease="l1", recorded_before=True, recordable=True
)


def world(host=HOST, acts=(GRANT,), **changes):
    facts = WorldFacts(at_s=10, limits=LIMITS, hosts=(host,), acts=acts)
    return dataclasses.replace(facts, **changes)


def host(**changes):
    return world(dataclasses.replace(HOST, **changes))


def act(**changes):
    return world(acts=(dataclasses.replace(GRANT, **changes),))


def test_a_healthy_site_breaches_nothing() -> None:
    """A check that cries wolf would be switched off."""
    good = host(
        unserved_s=59,
        double_run_ms=0,
        containers={"l1": 1, "l2": 1},
        images=frozenset({"sha256:good"}),
        reclaims=(Reclaim(took_s=100, undisturbed=True), Reclaim(took_s=1000, undisturbed=False)),
    )
    assert breaches(good) == ()


@pytest.mark.parametrize(
    ("number", "facts"),
    [
        (0, host(guest_jobs_on_regular=("7",))),
        (0, host(local_jobs_in_container=("7",))),
        (1, host(double_run_ms=0.3)),
        (2, host(unserved_s=60.5)),
        (3, host(local_jobs_evicted=("7",))),
        (3, host(reclaims=(Reclaim(took_s=200, undisturbed=True),))),
        (4, host(lent=True, unheard_s=1400)),
        (5, world(cycles_lends=(1, 6))),
        (6, act(short=True)),
        (6, world(short_s=2000)),
        (7, act(blind="the home collector is young")),
        (7, act(busy=True, kind=StepKind.RESTART)),
        (8, act(flockoff=True)),
        (8, dataclasses.replace(host(guests_alive=True), flockoff_s=500)),
        (9, act(recorded_before=False)),
        (9, world(refusals_without_reason=1)),
        (11, host(containers={"l1": 2})),
        (11, host(images=frozenset({"sha256:evil"}))),
        (12, act(audible=True, kind=StepKind.DRAIN)),
        (12, host(hidden_s=401, unheard_of_s=401)),
        (12, host(unheard_of_s=7601)),
        (12, world(others_silences_ended=("p201!startd!c0ffee",))),
    ],
)
def test_a_breach_is_seen_by_its_own_invariant_only(number: int, facts: WorldFacts) -> None:
    """An invariant that cannot fail proves nothing; one that fails for another's reason misleads."""
    assert [line.partition(":")[0] for line in breaches(facts)] == [str(number)]


@pytest.mark.parametrize(
    "facts",
    [
        host(lent=True, unheard_s=1400, excused="powered off"),
        act(recorded_before=False, recordable=False, kind=StepKind.REVOKE),
        act(flockoff=True, kind=StepKind.REVOKE),
        act(blind="silent", kind=StepKind.REVOKE),
    ],
)
def test_going_home_is_excused_from_what_binds_lending(facts: WorldFacts) -> None:
    """Reclaims go on when nothing can be recorded and nothing is seen."""
    assert breaches(facts) == ()


def test_every_invariant_of_the_switch_has_a_check() -> None:
    """The list of the design and the list in the code must not drift apart."""
    assert set(INVARIANTS) == {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12}
    assert all((check.__doc__ or "").startswith(f"{number}:") for number, check in INVARIANTS.items())
