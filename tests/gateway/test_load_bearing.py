"""Each rule of the gateway carries something: without it, some packet fares otherwise."""

import dataclasses

import pytest

from shepherd.core.firewall.gateway import MARK, gateway_rules
from shepherd.edges.trial import KernelTrial
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.trial import Fate
from tests.gateway.kernel import GATEWAY, ICMP, LEGS, MANY, UDP, answer, packet
from tests.gateway.test_gateway_rules import DROPPED, PASS, REFUSED

pytestmark = pytest.mark.real
FORGOTTEN = "150.1.0.0/16"
"""A public network of the site that nobody listed; it is not reached by the way to the internet."""
WORLD = tuple(
    dataclasses.replace(leg, routes=(*leg.routes, FORGOTTEN)) if leg.interface == "em1" else leg for leg in LEGS
)
SITES = {
    "open": dataclasses.replace(GATEWAY, udp_ports=("4000",)),
    "beside a router": dataclasses.replace(GATEWAY, routes_for_others=True),
    "strict": dataclasses.replace(GATEWAY, only_ports=("443", "7000-7999")),
    "few connections": dataclasses.replace(GATEWAY, connections=6, pool_connections=6),
    "slow": dataclasses.replace(GATEWAY, new_per_s=4, pool_new_per_s=4, dns_per_s=4),
}
ORDERED = "add element inet shepherd {} {{ {} }}\n"
QUARANTINE = ORDERED.replace("{}", "quarantine", 1)
CONVERSATION = [
    packet("8.8.8.8", 7001, source="10.27.2.40"),
    answer(0, "em2"),
    packet("8.8.8.8", 7002, source="10.27.2.41"),
    dataclasses.replace(answer(2, "em2"), load=QUARANTINE.format("10.27.2.41")),
    packet("10.27.0.1", 9619, source="10.27.2.42", load=QUARANTINE.format("10.27.2.42")),
    packet("8.8.8.8", 443, source="10.27.2.42"),
    packet("10.1.0.9", 7000, source="10.27.2.43"),
]
MORE = [
    packet("10.27.0.1", 9619),
    packet("10.27.0.1", 0, protocol=ICMP),
    packet("150.1.2.3", 443),
    packet("8.8.8.8", 8443),
    packet("198.18.0.5", 443),
    packet("8.8.8.8", 4000, protocol=UDP),
    packet("8.8.8.8", 443, options=True),
    packet("8.8.8.8", 443, flags=0x3F),
    packet("2600::1", 443, source="fd00::5"),
    packet("10.1.0.9", 443, source="9.9.9.9", interface="em2"),
    packet("8.8.8.8", 443, source="10.1.0.9", interface="em1"),
]
BURST = [packet("8.8.8.8", 7000 + number, source="10.27.2.20") for number in range(20)]
FLOOD = [packet("10.27.0.1", 9619, source="10.27.2.23") for _ in range(20)]
QUESTIONS = [packet("131.169.0.53", 53, protocol=UDP, source="10.27.2.21") for _ in range(12)]
TIMES = [packet("131.169.0.123", 123, protocol=UDP, source="10.27.2.24") for _ in range(12)]
PROXIED = [packet("10.1.0.31", 3128, source="10.27.2.25") for _ in range(20)]
SUBMITTED = [packet("10.9.0.1", 9618, source="10.27.2.26") for _ in range(20)]
ASKED_AT = len(CONVERSATION)
ASKED_ON = [
    packet("131.169.0.53", 53, protocol=UDP, source="10.27.2.27"),
    answer(ASKED_AT, "em1"),
    *(packet("131.169.0.53", 53, protocol=UDP, source="10.27.2.27", goes_on=ASKED_AT) for _ in range(12)),
]
"""One conversation with a resolver, once answered, goes on and on."""
STOPPED_AT = ASKED_AT + len(ASKED_ON)
STOPPED = [
    packet("8.8.8.8", 7001, source="10.27.2.50"),
    dataclasses.replace(answer(STOPPED_AT, "em2"), load=ORDERED.format("quarantine_page", "10.27.2.50")),
    packet("10.27.0.1", 9619, source="10.27.2.51", load=ORDERED.format("quarantine_page", "10.27.2.51")),
    packet("8.8.8.8", 443, source="10.27.2.51"),
    packet("8.8.4.4", 7002, source="10.27.2.52"),
    dataclasses.replace(answer(STOPPED_AT + 4, "em2"), load=ORDERED.format("banned", "8.8.4.4")),
    packet("8.8.4.4", 7002, source="10.27.2.52", goes_on=STOPPED_AT + 4),
    packet("8.8.4.4", 443, source="10.27.2.53"),
    packet("8.8.8.8", 443, source="10.27.2.53"),
]
"""By the shepherd's pages: a container that is quarantined, and a schedd that is banned."""
FLOODS = [*BURST, *FLOOD, *QUESTIONS, *TIMES, *PROXIED, *SUBMITTED]
CORPUS = [*CONVERSATION, *ASKED_ON, *STOPPED, *(one for _, one in (*PASS, *REFUSED, *DROPPED)), *MORE, *FLOODS]
FRAME = ("table", "delete", "set", "chain", "type", "}")
NOT_SHOWN_HERE = {
    f'iifname "em1.2512" meta mark set meta mark | {MARK:#x} comment "the routing asks for it"': "the real site",
    'iifname "em1.2512" ct state established,related accept': "answers to the gateway's own connections: the real site",
    'iifname "em1.2512" counter drop comment "what no rule allows"': "stands in for another rule that is lost",
    'update @logged { ip saddr limit rate 10/second } log group 1 prefix "refused "': "it only logs",
}

Fates = list[tuple[Fate, str, str]]


def lines_of(settings: GatewaySettings) -> list[str]:
    """The rules, one each."""
    lines = gateway_rules(settings).splitlines()
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith(FRAME)]


RULES = sorted(
    {line for site in SITES.values() for line in lines_of(site) if f"over {MANY}" not in line} - set(NOT_SHOWN_HERE)
)


def fates(settings: GatewaySettings, without: str = "") -> Fates:
    """What becomes of the corpus, with one rule left out."""
    kept = [line for line in gateway_rules(settings).splitlines() if not without or line.strip() != without]
    outcome = KernelTrial(timeout_s=60).run(WORLD, "\n".join(kept) + "\n", CORPUS)
    return [(seen.fate, seen.interface, seen.source) for seen in outcome.seen]


@pytest.fixture(scope="module")
def whole() -> dict[str, Fates]:
    """With all rules."""
    return {name: fates(site) for name, site in SITES.items()}


@pytest.mark.large("each rule of the gateway", sample=4)
@pytest.mark.parametrize("rule", RULES, ids=[rule[:70] for rule in RULES])
def test_without_this_rule_some_packet_fares_otherwise(whole: dict[str, Fates], rule: str) -> None:
    """A rule that carried nothing was trusted for years; the one that did was lost in a merge."""
    having = [name for name, site in SITES.items() if rule in lines_of(site)]
    assert any(fates(SITES[name], rule) != whole[name] for name in having)


def test_a_conversation_goes_both_ways_until_the_guest_is_quarantined(whole: dict[str, Fates]) -> None:
    """Connections that were open when a host was quarantined went on for hours."""
    ours = [fate for fate, _, _ in whole["open"][: len(CONVERSATION)]]
    through, gone = Fate.FORWARDED, Fate.DROPPED
    assert ours == [through, through, through, gone, gone, gone, Fate.REFUSED]
    assert whole["open"][1][1] == "em1.2512"


def test_a_conversation_with_a_resolver_is_counted_packet_by_packet(whole: dict[str, Fates]) -> None:
    """After its first answer a flow was not judged again, and a tunnel through the resolver was as wide as it liked."""
    slow = [fate for fate, _, _ in whole["slow"][ASKED_AT : ASKED_AT + len(ASKED_ON)]]
    assert slow[:3] == [Fate.FORWARDED] * 3
    assert slow[-1] is Fate.DROPPED


def test_a_conversation_with_a_banned_schedd_ends_and_others_go_on(whole: dict[str, Fates]) -> None:
    """A banned schedd's jobs had begun to talk to it before, and went on; another place was cut off with it."""
    ours = [fate for fate, _, _ in whole["open"][STOPPED_AT : STOPPED_AT + len(STOPPED)]]
    through, gone = Fate.FORWARDED, Fate.DROPPED
    assert ours == [through, gone, gone, gone, through, gone, gone, gone, through]
