"""A packet's fate in words."""

import pytest

from shepherd.model.trial import Fate, Outcome, Packet, Seen
from shepherd.views.flow import flow_json, flow_text

PACKET = Packet(interface="em1.2512", source="10.27.2.5", destination="8.8.8.8", protocol=6, port=443)
HEAD = "trace id 40569bdf"
TRACE = (
    f"{HEAD} inet trial arriving rule meta nftrace set 1 (verdict continue)",
    f'{HEAD} inet shepherd forward packet: iif "vlan" oif "wan" ip saddr 10.27.2.5',
    f'{HEAD} inet shepherd forward rule iifname "em1.2512" jump flock_out (verdict jump flock_out)',
    f'{HEAD} inet shepherd flock_out rule counter packets 7 bytes 9 log prefix "new " group 2 accept (verdict accept)',
    f"{HEAD} inet administrators f policy drop",
)


def outcome(fate: Fate, *trace: str, interface: str = "", source: str = "") -> Outcome:
    """What a trial showed."""
    return Outcome(seen=(Seen(fate=fate, interface=interface, source=source),), trace=trace)


def test_who_decided_is_told_and_not_how_often() -> None:
    """The same question gave another answer each time: counters had moved."""
    assert flow_text(PACKET, outcome(Fate.DROPPED, *TRACE)).splitlines() == [
        "10.27.2.5 -> 8.8.8.8 tcp 443 from em1.2512 is dropped",
        '  inet shepherd forward: iifname "em1.2512" jump flock_out',
        '  inet shepherd flock_out: counter log prefix "new " group 2 accept',
        "  inet administrators f: policy drop",
    ]


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (outcome(Fate.FORWARDED, interface="em2", source="198.51.100.7"), "passes by em2 as 198.51.100.7"),
        (outcome(Fate.FORWARDED, interface="em1", source="10.27.2.5"), "passes by em1\n"),
        (outcome(Fate.REFUSED), "is refused, and its sender is told"),
        (outcome(Fate.DELIVERED), "reaches this machine itself"),
    ],
)
def test_each_fate_has_its_words(seen: Outcome, words: str) -> None:
    """The word dropped was said of what was refused; the guest waited for an answer that had come."""
    assert words in flow_text(PACKET, seen)


def test_without_any_rule_that_is_said() -> None:
    """An empty list looked like an answer cut short."""
    assert "no rule matched" in flow_text(PACKET, outcome(Fate.DROPPED))


def test_machines_get_the_same() -> None:
    """A dashboard read the text, and broke with its wording."""
    told = flow_json(PACKET, outcome(Fate.FORWARDED, *TRACE[:4], interface="em2", source="198.51.100.7"))
    assert (told["schema"], told["fate"], told["leaves_by"]) == (1, "forwarded", "em2")
    assert [rule["chain"] for rule in told["rules"]] == ["forward", "flock_out"]
