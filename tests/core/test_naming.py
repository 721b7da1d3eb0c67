"""Which two startds are one host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.naming import is_excluded, is_pinned_out, pair_hosts
from shepherd.model.settings import HostSettings

RULE = HostSettings()


def named(machines: list[str], settings: HostSettings = RULE) -> dict[str, str]:
    """Regular to flocking names of what was paired."""
    return {pair.host: pair.flock_name for pair in pair_hosts(machines, settings).pairs}


@pytest.mark.parametrize(
    ("machine", "flock"),
    [
        ("p220", "f220"),
        ("p-7-17", "f-7-17"),
        ("p220.sips", "f220.sips"),
        ("p-7-17.sips", "f-7-17.sips"),
    ],
)
def test_the_rule_as_shipped_names_the_hosts_of_the_talk(machine: str, flock: str) -> None:
    """Machines advertise with or without their domain, by the site's configuration."""
    assert named([machine]) == {machine: flock}


def test_the_rule_matches_the_whole_name() -> None:
    """A server called sp3 was taken for the host p3."""
    settings = HostSettings(regular=r"p(?P<rest>\d+)", flock="f{rest}")
    pairing = pair_hosts(["p3", "sp3", "p3-test", "cm"], settings)
    assert [pair.host for pair in pairing.pairs] == ["p3"]
    assert pairing.unmanaged == ("cm", "p3-test", "sp3")


def test_the_table_wins_over_the_rule() -> None:
    """One host got its name before there was a rule."""
    settings = HostSettings(pairs={"p1": "guest-1", "Odd": "f-odd"})
    assert named(["p1", "p2", "odd"], settings) == {"p1": "guest-1", "p2": "f2", "odd": "f-odd"}


def test_two_hosts_for_one_name_are_both_left_out() -> None:
    """Whichever was lent second took over the address of the first, with its guests' jobs."""
    settings = HostSettings(regular=r"p(?P<row>\d+)-.*", flock="f{row}")
    pairing = pair_hosts(["p1-a", "p1-b", "p2-a"], settings)
    assert [pair.host for pair in pairing.pairs] == ["p2-a"]
    assert [c.hosts for c in pairing.collisions] == [("p1-a", "p1-b")]
    assert "p1-a, p1-b" in pairing.collisions[0].why


def test_a_flocking_name_that_a_regular_machine_has_is_a_collision() -> None:
    """f3 was an old file server, in the pool since before the shepherd."""
    pairing = pair_hosts(["p3", "F3"], RULE)
    assert pairing.pairs == ()
    assert [c.hosts for c in pairing.collisions] == [("p3",)]
    assert pairing.unmanaged == ("F3",)


def test_a_rule_that_changes_nothing_pairs_nothing() -> None:
    """Both startds of a host under one name: the pool would count one of them."""
    pairing = pair_hosts(["p3"], HostSettings(regular="(?P<all>.*)", flock="{all}"))
    assert (pairing.pairs, len(pairing.collisions)) == ((), 1)


@pytest.mark.parametrize(
    ("excluded", "machine"),
    [("p3", "p3"), ("P3", "p3"), ("p3", "p3.sips"), ("p3.sips", "p3.sips"), ("p3.sips", "p3")],
)
def test_an_excluded_host_is_never_paired(excluded: str, machine: str) -> None:
    """A host was pinned by its short name and lent all the same, for its ad had the domain."""
    settings = HostSettings(exclude=(excluded,), pairs={machine: "f3"})
    pairing = pair_hosts([machine, "p4"], settings)
    assert [pair.host for pair in pairing.pairs] == ["p4"]
    assert [pair.host for pair in pairing.excluded] == [machine]


def test_a_host_of_the_same_name_in_another_domain_is_not_excluded() -> None:
    """Two sites in one pool number their hosts alike."""
    assert named(["p3.a", "p3.b"], HostSettings(exclude=("p3.a",))) == {"p3.b": "f3.b"}


@given(st.text("pP12.", min_size=1, max_size=5), st.lists(st.text("pP12.", max_size=5), max_size=4))
def test_pins_hold_whoever_writes_the_domain(machine: str, names: list[str]) -> None:
    """A thousand pins were compared with three thousand hosts one by one, at every look."""

    def may_be(name: str) -> bool:
        one, other = machine.casefold(), name.casefold()
        is_short = "." not in one or "." not in other
        return one == other or (is_short and one.partition(".")[0] == other.partition(".")[0])

    pins = tuple(names)
    expected = any(may_be(name) for name in names)
    assert is_excluded(machine, HostSettings(exclude=pins)) is expected
    assert is_pinned_out(machine, HostSettings(always_lend=pins)) is expected


machines = st.lists(st.text("pf123-.", min_size=1, max_size=5), max_size=12)


@given(machines, st.sampled_from([RULE, HostSettings(regular="p(?P<x>.).*", flock="f{x}")]))
def test_every_machine_is_in_exactly_one_place(names: list[str], settings: HostSettings) -> None:
    """A machine that no list had was neither lent nor shown, and nobody missed it for a month."""
    pairing = pair_hosts(names, settings)
    colliding = [host for collision in pairing.collisions for host in collision.hosts]
    paired = [pair.host for pair in pairing.pairs]
    placed = [*paired, *pairing.unmanaged, *(pair.host for pair in pairing.excluded), *colliding]
    assert sorted(placed) == sorted(set(names))
    flocking = [pair.flock_name for pair in pairing.pairs]
    assert len(set(flocking)) == len(flocking)
    assert set(flocking).isdisjoint(names)
