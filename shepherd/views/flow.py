"""What became of a packet on trial, for people and for machines."""

import re
from collections.abc import Iterator
from typing import Any

from shepherd.model.trial import Fate, Outcome, Packet, Seen

SCHEMA = 1
RULE = re.compile(r"trace id \S+ (?P<table>\S+ \S+) (?P<chain>\S+) rule (?P<rule>.*) \(verdict (?P<verdict>.*)\)")
POLICY = re.compile(r"trace id \S+ (?P<table>\S+ \S+) (?P<chain>\S+) (?P<rule>policy drop)")
OURS = "inet trial"
"""The table by which the trial itself sees what becomes of packets."""
NAMES = {6: "tcp", 17: "udp", 1: "icmp"}
WORDS = {
    Fate.FORWARDED: "passes",
    Fate.DELIVERED: "reaches this machine itself",
    Fate.REFUSED: "is refused, and its sender is told",
    Fate.DROPPED: "is dropped",
}


def flow_text(packet: Packet, outcome: Outcome) -> str:
    """One sentence, and the rules that matched, in order."""
    (seen,) = outcome.seen
    what = f"{packet.source} -> {packet.destination} {NAMES[packet.protocol]} {packet.port}".rstrip(" 0")
    lines = [f"{what} from {packet.interface} {WORDS[seen.fate]}{way_out(packet, seen)}"]
    lines += [f"  {table} {chain}: {rule}" for table, chain, rule in rules(outcome)]
    if len(lines) == 1:
        lines.append("  no rule matched: routing alone decided")
    return "\n".join(lines) + "\n"


def flow_json(packet: Packet, outcome: Outcome) -> dict[str, Any]:
    """The same as data."""
    (seen,) = outcome.seen
    return {
        "schema": SCHEMA,
        "source": packet.source,
        "destination": packet.destination,
        "protocol": NAMES[packet.protocol],
        "port": packet.port,
        "arrives_at": packet.interface,
        "fate": seen.fate.value,
        "leaves_by": seen.interface,
        "leaves_with_source": seen.source,
        "rules": [{"table": table, "chain": chain, "rule": rule} for table, chain, rule in rules(outcome)],
    }


def way_out(packet: Packet, seen: Seen) -> str:
    """Where it left, and as whom."""
    if seen.fate is not Fate.FORWARDED:
        return ""
    return f" by {seen.interface}" + (f" as {seen.source}" if seen.source != packet.source else "")


def rules(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    """Table, chain and text of each rule that matched, and of a chain's policy that dropped; not the trial's own."""
    for line in outcome.trace:
        found = RULE.fullmatch(line) or POLICY.match(line)
        if found and found["table"] != OURS:
            yield found["table"], found["chain"], re.sub(r" packets \d+ bytes \d+", "", found["rule"])
