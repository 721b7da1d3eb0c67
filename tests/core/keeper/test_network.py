"""What `shepherd node up` does about what it finds, and what it leaves to people."""

import dataclasses

import pytest

from shepherd.core.keeper.network import problem, refusal, steps_down, steps_up
from shepherd.core.settings.node import node_problems
from shepherd.model.network import OWNER, DockerNetwork, HostSeen, LinkSeen, NetworkStep
from tests.core.sound_settings import node

TAGGED = node(link="em1", vlan=2512)
OWN_CARD = node(parent="em2")
EM1 = LinkSeen(name="em1", networks=("10.1.2.20/16",))
VLAN = LinkSeen(name="em1.2512", kind="vlan", under="em1", vlan=2512, alias=OWNER)
NETWORK = DockerNetwork(
    driver="macvlan",
    parent="em1.2512",
    subnets=("10.27.0.0/16",),
    gateways=("10.27.0.1",),
    is_ours=True,
    containers=0,
)
BARE = HostSeen(
    links=(EM1,), engine=(28, 2), network=None, ipv6_on_parent=False, guard_loaded=False, guard_in_force=False
)
WHOLE = HostSeen(
    links=(EM1, VLAN), engine=(28, 2), network=NETWORK, ipv6_on_parent=False, guard_loaded=True, guard_in_force=True
)


def seen(**changes: object) -> HostSeen:
    """A host in order, but for this."""
    return dataclasses.replace(WHOLE, **changes)  # type: ignore[arg-type]


def network(**changes: object) -> DockerNetwork:
    """Our docker network, but for this."""
    return dataclasses.replace(NETWORK, **changes)  # type: ignore[arg-type]


def test_a_bare_host_is_brought_up_with_the_guard_before_the_link() -> None:
    """For a second a container could have spoken to its neighbours: the interface was up, its guard was not."""
    assert refusal(TAGGED, BARE) == ""
    assert steps_up(TAGGED, BARE) == (
        NetworkStep.MAKE_VLAN,
        NetworkStep.SILENCE_IPV6,
        NetworkStep.LOAD_GUARD,
        NetworkStep.RAISE_PARENT,
        NetworkStep.MAKE_NETWORK,
    )


def test_a_host_in_order_is_left_alone() -> None:
    """Each run of the configuration tool took the network down under the guests."""
    assert steps_up(TAGGED, WHOLE) == ()
    assert problem(TAGGED, WHOLE) == ""


DRIFT = [
    (seen(links=(EM1, dataclasses.replace(VLAN, is_up=False))), NetworkStep.RAISE_PARENT),
    (seen(ipv6_on_parent=True), NetworkStep.SILENCE_IPV6),
    (seen(guard_in_force=False), NetworkStep.LOAD_GUARD),
    (seen(guard_loaded=False, guard_in_force=False), NetworkStep.LOAD_GUARD),
    (seen(network=None), NetworkStep.MAKE_NETWORK),
    (seen(network=network(subnets=("10.28.0.0/16",))), NetworkStep.REMAKE_NETWORK),
]


@pytest.mark.parametrize(("found", "step"), DRIFT)
def test_each_drift_is_repaired_by_its_own_step(found: HostSeen, step: NetworkStep) -> None:
    """To mend one thing everything was made anew."""
    assert steps_up(TAGGED, found) == (step,)
    assert "`shepherd node up` mends that" in problem(TAGGED, found)


def test_without_the_guard_of_the_weaker_profile_none_is_asked_for() -> None:
    """A site whose switches do the same had no way to say so."""
    bare = node(link="em1", vlan=2512, guard=False)
    assert steps_up(bare, seen(guard_loaded=False, guard_in_force=False)) == ()


REFUSED = [
    (TAGGED, seen(links=(VLAN,)), "there is no interface em1 (setting `link`)"),
    (OWN_CARD, BARE, "there is no interface em2; make it, or set `link` and `vlan`"),
    (TAGGED, seen(links=(EM1, dataclasses.replace(VLAN, vlan=7))), "is VLAN 7 of em1, not VLAN 2512 of em1"),
    (TAGGED, seen(links=(EM1, LinkSeen(name="em1.2512", kind="bridge"))), "is a bridge, not VLAN 2512"),
    (
        TAGGED,
        seen(links=(EM1, LinkSeen(name="storage", kind="vlan", under="em1", vlan=2512))),
        "VLAN 2512 of em1 is storage already",
    ),
    (
        TAGGED,
        seen(links=(EM1, dataclasses.replace(VLAN, networks=("10.27.9.9/16",)))),
        "the host has the address 10.27.9.9/16 on em1.2512",
    ),
    (
        TAGGED,
        seen(links=(dataclasses.replace(EM1, networks=("10.0.0.5/8",)), VLAN)),
        "em1 has 10.0.0.5/8, within the flock VLAN's 10.27.0.0/16",
    ),
    (TAGGED, seen(engine=(19, 3)), "dockerd is 19.3; install 20.10 or newer"),
    (TAGGED, seen(network=network(is_ours=False, driver="bridge")), "its driver is bridge, not macvlan, and we"),
    (TAGGED, seen(network=network(parent="em1.9", containers=2)), "2 containers are on it"),
    (TAGGED, seen(network=network(gateways=())), ""),
]


@pytest.mark.parametrize(("settings", "found", "said"), REFUSED)
def test_what_is_somebody_elses_is_named_and_left_alone(settings, found: HostSeen, said: str) -> None:
    """A tool took the storage VLAN's interface for its own, and removed it on the way down."""
    assert said in refusal(settings, found)
    assert bool(said) == bool(refusal(settings, found))


def test_an_administrators_own_network_that_fits_is_used() -> None:
    """The talk's site made it by hand in 2017."""
    assert problem(TAGGED, seen(network=network(is_ours=False))) == ""


def test_going_down_removes_what_is_ours_and_nothing_else() -> None:
    """The VLAN's interface was the administrator's, and had been there for years."""
    ours = (NetworkStep.REMOVE_NETWORK, NetworkStep.REMOVE_VLAN, NetworkStep.REMOVE_GUARD)
    theirs = seen(links=(EM1, dataclasses.replace(VLAN, alias="")), network=network(is_ours=False))
    assert steps_down(TAGGED, WHOLE) == ours
    assert steps_down(TAGGED, theirs) == (NetworkStep.REMOVE_GUARD,)
    assert steps_down(TAGGED, BARE) == ()


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"link": "em1"}, "vlan"),
        ({"link": "em1", "vlan": 4095}, "vlan"),
        ({"vlan": 5}, "vlan"),
        ({"link": "em1.2512", "vlan": 5}, "link"),
        ({"parent": "a-name-of-16-char"}, "parent"),
        ({"link": " ", "vlan": 5}, "link"),
    ],
)
def test_contradictions_about_the_vlan_are_named(changes, key: str) -> None:
    """The interface that was made had the id 0."""
    assert key in {found.key for found in node_problems(node(**changes))}
