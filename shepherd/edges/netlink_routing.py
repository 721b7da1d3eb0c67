"""The Routing port: a rule of the kernel's routing policy, by pyroute2."""

import socket
from typing import Any

from shepherd.edges.netlink import asking

PRIORITY = 100
"""After the table of local addresses (0), before the main one (32766)."""
PROHIBIT = 8
"""FR_ACT_PROHIBIT (linux/fib_rules.h): the sender hears that it is forbidden."""


class PolicyRouting:
    """`ports_gateway.Routing`."""

    def is_barred(self, interface: str, mark: int) -> bool:
        """See the port."""
        with asking() as kernel:
            return any(bars(rule, interface, mark) for rule in kernel.get_rules(family=socket.AF_INET))

    def bar(self, interface: str, mark: int) -> None:
        """See the port."""
        if not self.is_barred(interface, mark):
            with asking() as kernel:
                kernel.rule(
                    "add", family=socket.AF_INET, priority=PRIORITY, iifname=interface, fwmark=0, fwmask=mark,
                    action="prohibit",
                )  # fmt: skip


def bars(rule: Any, interface: str, mark: int) -> bool:  # noqa: ANN401 - pyroute2 has no types
    """Whether a rule is ours."""
    found = rule.get_attr("FRA_IIFNAME"), rule.get_attr("FRA_FWMARK") or 0, rule.get_attr("FRA_FWMASK")
    return int(rule["action"]) == PROHIBIT and found == (interface, 0, mark)
