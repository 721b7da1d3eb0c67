"""Gateway settings that are well-formed and still wrong."""

import dataclasses

import pytest

from shepherd.core.firewall.addresses import forbidden
from shepherd.core.settings.gateway import gateway_problems
from shepherd.model.gateway_settings import GatewaySettings
from tests.gateway.kernel import GATEWAY

FAULTS = [
    ({"outside": ()}, "outside"),
    ({"outside": ("em2", "em2")}, "outside"),
    ({"outside": ("em1.2512",)}, "outside"),
    ({"outside": ('em2"; accept; "',)}, "outside"),
    ({"vlan": "an-interface-too-long"}, "vlan"),
    ({"vlan": ""}, "vlan"),
    ({"subnet": "10.27.0.5/16"}, "subnet"),
    ({"subnet": "10.27.0.0"}, "subnet"),
    ({"gateway": "10.28.0.1"}, "gateway"),
    ({"gateway": "gateway"}, "gateway"),
    ({"nat_address": "10.27.0.9"}, "nat_address"),
    ({"nat_address": "fe80::1"}, "nat_address"),
    ({"site_networks": ()}, "site_networks"),
    ({"site_networks": ("131.169.0.0",)}, "site_networks"),
    ({"site_networks": ("131.169.0.0/16", "131.169.0.0/16")}, "site_networks"),
    ({"collector": "10.27.0.1"}, "collector"),
    ({"collector": "cm.example.org:9619"}, "collector"),
    ({"collector": "10.27.0.1:0"}, "collector"),
    ({"dns": ("8.8.8.8 }; accept",)}, "dns"),
    ({"dns": ("9.9.9.9", "9.9.9.9")}, "dns"),
    ({"ntp": ("pool.ntp.org",)}, "ntp"),
    ({"squid": ("10.1.0.31",)}, "squid"),
    ({"squid": ("10.1.0.31:80-90",)}, "squid"),
    ({"schedds": ("10.9.0.1:9618",)}, "schedds"),
    ({"schedds": ('a b"=10.9.0.1:9618',)}, "schedds"),
    ({"schedds": ("vo=127.0.0.1:9618",)}, "schedds"),
    ({"schedds": ("vo=169.254.169.254:80",)}, "schedds"),
    ({"refused_ports": ("0",)}, "refused_ports"),
    ({"refused_ports": ("1-65536",)}, "refused_ports"),
    ({"refused_ports": ("20-30", "25")}, "refused_ports"),
    ({"only_ports": ("https",)}, "only_ports"),
    ({"udp_ports": ("9-4",)}, "udp_ports"),
    ({"connections": 0}, "connections"),
    ({"new_per_s": -1}, "new_per_s"),
    ({"pool_connections": 0}, "pool_connections"),
    ({"pool_new_per_s": 0}, "pool_new_per_s"),
    ({"dns_per_s": 10_000_000}, "dns_per_s"),
    ({"log_new_group": 65536}, "log_new_group"),
    ({"log_new_group": 1}, "log_new_group"),
    ({"check_s": 0.0}, "check_s"),
    ({"check_s": 31.0}, "check_s"),
    ({"inside": ("em1.2512",)}, "inside"),
    ({"inside": ("em2",)}, "inside"),
    ({"inside": ("",)}, "inside"),
]


def changed(**fields: object) -> GatewaySettings:
    """Sound settings with fields changed."""
    return dataclasses.replace(GATEWAY, **fields)  # type: ignore[arg-type]


def test_sound_settings_contradict_nothing() -> None:
    """A release whose own example was refused."""
    assert gateway_problems(GATEWAY) == []


@pytest.mark.parametrize(("fields", "key"), FAULTS)
def test_a_contradiction_is_named_by_its_key(fields: dict[str, object], key: str) -> None:
    """nft's complaint named a line of rules that nobody had written; some of these would have been rules themselves."""
    assert key in {problem.key for problem in gateway_problems(changed(**fields))}


def test_networks_are_merged_and_what_is_nobodys_is_always_there() -> None:
    """A site listed 10.1.0.0/16, and the rest of 10.0.0.0/8 was open."""
    found = forbidden(("10.1.0.0/16", "131.169.0.0/17", "131.169.128.0/17"))
    assert "10.0.0.0/8" in found
    assert "131.169.0.0/16" in found
    assert "10.1.0.0/16" not in found
