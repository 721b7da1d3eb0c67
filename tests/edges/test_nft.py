"""Rules in a namespace of their own: loaded whole or not at all, and told from what others changed."""

import json
from collections.abc import Iterator

import pytest

from shepherd.core.firewall.gateway import QUARANTINE, TABLE, gateway_rules
from shepherd.edges.nft import Nft, canonical_text
from shepherd.errors import CommandFailed
from shepherd.lab.mark import namespaces
from tests.gateway.kernel import GATEWAY

pytestmark = pytest.mark.real
RULES = gateway_rules(GATEWAY)
ADMINISTRATORS = "table inet filter { chain input { type filter hook input priority 0; tcp dport 22 accept; }; }\n"


@pytest.fixture
def nft() -> Iterator[Nft]:
    """A namespace with nothing in it."""
    with namespaces("nft") as (name,):
        yield Nft(10, ("nsenter", f"--net=/run/netns/{name}"))


def test_rules_are_replaced_and_those_of_others_stay(nft: Nft) -> None:
    """An `nft flush ruleset` in a tool's start script opened the machine's own firewall."""
    nft.load(ADMINISTRATORS)
    nft.load(RULES)
    once = nft.listing(TABLE)
    nft.load(RULES)
    assert once == nft.listing(TABLE) != ""
    assert "tcp" in nft.listing("filter")


def test_what_packets_and_orders_fill_is_no_drift(nft: Nft) -> None:
    """Each quarantine would have been undone as a change by a stranger."""
    nft.load(RULES)
    before = nft.listing(TABLE)
    nft.load(f"add element inet {TABLE} {QUARANTINE} {{ 10.27.2.5 }}")
    nft.load(f"add element inet {TABLE} {QUARANTINE} {{ 10.27.2.6 timeout 60s }}")
    assert nft.listing(TABLE) == before
    assert nft.elements(TABLE, QUARANTINE) == {"10.27.2.5", "10.27.2.6"}


@pytest.mark.parametrize(
    "change",
    [
        f"insert rule inet {TABLE} flock_out accept",
        f"flush chain inet {TABLE} flock_out",
        f"delete element inet {TABLE} forbidden {{ 10.0.0.0/8 }}",
        f"add element inet {TABLE} forbidden {{ 8.8.8.0/24 }}",
        f"delete table inet {TABLE}",
        "flush ruleset",
    ],
)
def test_any_change_by_a_stranger_is_seen(nft: Nft, change: str) -> None:
    """Somebody opened a port "for a moment"; it stayed open for a year."""
    nft.load(RULES)
    before = nft.listing(TABLE)
    nft.load(change)
    assert nft.listing(TABLE) != before


def test_rules_that_cannot_be_loaded_change_nothing(nft: Nft) -> None:
    """The old rules were removed, the new ones refused, and everything was open."""
    nft.load(RULES)
    before = nft.listing(TABLE)
    with pytest.raises(CommandFailed, match="syntax error"):
        nft.load(RULES.replace("jump services", "jump jump"))
    assert nft.listing(TABLE) == before


def test_without_the_table_there_is_nothing_to_list(nft: Nft) -> None:
    """A gateway that was rebooted without its rules looked like one whose rules had not changed."""
    assert nft.listing(TABLE) == ""


@pytest.mark.parametrize("flags", [["dynamic"], ["timeout", "dynamic"]])
def test_how_many_packets_filled_a_set_is_no_drift(flags: list[str]) -> None:
    """nft 1.1 tells the number as well: at each look the gateway loaded all rules anew, and nobody's connections were
    ever counted for longer than ten seconds."""
    meter = {"family": "inet", "table": TABLE, "name": "open_connections", "flags": flags}
    told = (json.dumps({"nftables": [{"set": one}]}) for one in (meter, {**meter, "count": 3, "elem": ["10.27.2.1"]}))
    empty, filled = (canonical_text(one, "inet", TABLE) for one in told)
    assert empty == filled
    constant = {**meter, "flags": ["interval"], "count": 1}
    assert "count" in canonical_text(json.dumps({"nftables": [{"set": constant}]}), "inet", TABLE)
