"""The gateway's rules in the real kernel: who gets where."""

import dataclasses

import pytest

from shepherd.core.firewall.gateway import gateway_rules
from shepherd.edges.trial import KernelTrial
from shepherd.errors import CommandFailed
from shepherd.model.trial import Fate, Packet
from tests.gateway.kernel import GATEWAY, ICMP, LEGS, TCP, UDP, packet

pytestmark = pytest.mark.real
TRIAL = KernelTrial(timeout_s=30)

PASS = [
    ("https", packet("8.8.8.8", 443)),
    ("xrootd", packet("8.8.8.8", 1094)),
    ("a guest's schedd outside", packet("9.9.9.9", 9618)),
    ("a resolver of the site, UDP", packet("131.169.0.53", 53, protocol=UDP)),
    ("a resolver of the site, TCP", packet("131.169.0.53", 53)),
    ("time", packet("131.169.0.123", 123, protocol=UDP)),
    ("squid", packet("10.1.0.31", 3128)),
    ("a guest's schedd in the site", packet("10.9.0.1", 9618)),
]
REFUSED = [
    ("storage", packet("10.1.0.9", 2049)),
    ("a database", packet("10.1.0.10", 5432)),
    ("the home pool on the private side", packet("10.1.0.1", 9618)),
    ("the gateway's ssh", packet("10.27.0.1", 22)),
    ("the gateway's outer address", packet("198.51.100.2", 443)),
    ("the home collector's port on the VLAN", packet("10.27.0.1", 9618)),
    ("a host of another private range", packet("172.20.1.1", 443)),
    ("and another", packet("192.168.1.1", 443)),
    ("the site's public network", packet("131.169.4.4", 443)),
    ("a resolver's other ports", packet("131.169.0.53", 22)),
    ("the metadata address", packet("169.254.169.254", 80)),
    ("mail", packet("8.8.8.8", 25)),
    ("submission", packet("8.8.8.8", 587)),
    ("ssh outside", packet("8.8.8.8", 22)),
    ("a foreign resolver", packet("8.8.8.8", 53, protocol=UDP)),
    ("quic", packet("8.8.8.8", 443, protocol=UDP)),
    ("a ping outside", packet("8.8.8.8", 0, protocol=ICMP)),
    ("a tunnel, GRE", packet("8.8.8.8", 0, protocol=47)),
    ("a tunnel, IP in IP", packet("8.8.8.8", 0, protocol=4)),
]
DROPPED = [
    ("another container", packet("10.27.2.6", 9618)),
    ("a source of the private network", packet("8.8.8.8", source="10.1.2.3")),
    ("a source outside", packet("8.8.8.8", source="9.9.9.9")),
    ("the gateway's own address as source", packet("8.8.8.8", source="10.27.0.1")),
    ("from outside to a container", packet("10.27.2.5", 9618, source="9.9.9.9", interface="em2")),
    ("from the private network to a container", packet("10.27.2.5", 9618, source="10.1.2.3", interface="em1")),
]


@pytest.fixture(scope="module")
def fates() -> dict[Packet, Fate]:
    """What the kernel does with all of them, in one trial."""
    packets = [one for _, one in (*PASS, *REFUSED, *DROPPED)]
    outcome = TRIAL.run(LEGS, gateway_rules(GATEWAY), packets)
    return dict(zip(packets, (seen.fate for seen in outcome.seen), strict=True))


@pytest.mark.parametrize("one", [one for _, one in PASS], ids=[name for name, _ in PASS])
def test_what_guests_need_passes(fates, one: Packet) -> None:
    """A firewall that nobody tried let no guest's output home for a week."""
    assert fates[one] is Fate.FORWARDED


@pytest.mark.parametrize("one", [one for _, one in REFUSED], ids=[name for name, _ in REFUSED])
def test_what_guests_have_no_business_with_is_refused_at_once(fates, one: Packet) -> None:
    """A job that probed storage got there; one that was only dropped hung for hours."""
    assert fates[one] is Fate.REFUSED


@pytest.mark.parametrize("one", [one for _, one in DROPPED], ids=[name for name, _ in DROPPED])
def test_what_cannot_be_honest_is_dropped(fates, one: Packet) -> None:
    """A container took its neighbour's address, and the complaint named the neighbour."""
    assert fates[one] is Fate.DROPPED


def test_the_flock_pool_and_a_ping_reach_the_gateway() -> None:
    """The flocking startd could not advertise."""
    asked = [packet("10.27.0.1", 9619), packet("10.27.0.1", 0, protocol=ICMP)]
    outcome = TRIAL.run(LEGS, gateway_rules(GATEWAY), asked)
    assert [seen.fate for seen in outcome.seen] == [Fate.DELIVERED] * 2


def test_outside_all_guests_bear_one_address() -> None:
    """A complaint about the site's main address blocked its mail, and named nobody."""
    outcome = TRIAL.run(LEGS, gateway_rules(GATEWAY), [packet("8.8.8.8"), packet("10.1.0.31", 3128)])
    outside, inside = outcome.seen
    assert (outside.interface, outside.source) == ("em2", "198.51.100.7")
    assert (inside.interface, inside.source) == ("em1", "10.27.2.5")


def test_a_quarantined_host_reaches_nothing_and_nothing_it() -> None:
    """The account was banned and its connections went on."""
    rules = gateway_rules(GATEWAY) + "add element inet shepherd quarantine { 10.27.2.5 }\n"
    asked = [packet("8.8.8.8"), packet("10.27.0.1", 9619), packet("8.8.8.8", source="10.27.2.6")]
    outcome = TRIAL.run(LEGS, rules, asked)
    assert [seen.fate for seen in outcome.seen] == [Fate.DROPPED, Fate.DROPPED, Fate.FORWARDED]


@pytest.mark.parametrize(("setting", "allowed"), [("connections", 7), ("new_per_s", 14)])
def test_one_host_cannot_take_all_connections(setting: str, allowed: int) -> None:
    """A scanner filled the gateway's connection table, and local users lost the internet."""
    few = dataclasses.replace(GATEWAY, **{setting: 7})  # type: ignore[arg-type]
    asked = [packet("8.8.8.8", port) for port in range(6000, 6030)]
    neighbour = packet("8.8.8.8", 7000, source="10.27.2.6")
    outcome = TRIAL.run(LEGS, gateway_rules(few), [*asked, neighbour])
    passed = [seen.fate for seen in outcome.seen].count(Fate.FORWARDED)
    assert outcome.seen[-1].fate is Fate.FORWARDED
    assert allowed <= passed - 1 <= allowed + 2


@pytest.mark.parametrize(("setting", "allowed"), [("pool_connections", 7), ("pool_new_per_s", 14)])
def test_one_container_cannot_take_the_flock_pool_from_the_others(setting: str, allowed: int) -> None:
    """Whoever had root in one container opened connections until the collector had no descriptors left."""
    few = dataclasses.replace(GATEWAY, **{setting: 7})  # type: ignore[arg-type]
    flood = [packet("10.27.0.1", 9619) for _ in range(30)]
    others = [packet("10.27.0.1", 9619, source="10.27.2.6"), packet("8.8.8.8")]
    outcome = TRIAL.run(LEGS, gateway_rules(few), [*flood, *others])
    fates = [seen.fate for seen in outcome.seen]
    assert Fate.DROPPED not in fates[-2:], "another host, or another destination, suffers"
    assert allowed <= len(flood) - fates.count(Fate.DROPPED) <= allowed + 2


def test_rules_that_the_kernel_refuses_are_an_error_with_its_words() -> None:
    """A typing error left the gateway open, and the log empty."""
    with pytest.raises(CommandFailed, match="syntax error"):
        TRIAL.run(LEGS, "table inet shepherd { nonsense", [packet("8.8.8.8")])


def test_the_trace_names_the_rule() -> None:
    """It does not work, said a guest, and it took a day, because nobody knew which rule."""
    outcome = TRIAL.run(LEGS, gateway_rules(GATEWAY), [packet("8.8.8.8", 25, protocol=TCP)], trace=True)
    assert any("flock_out rule tcp dport" in line and "jump refuse" in line for line in outcome.trace)
