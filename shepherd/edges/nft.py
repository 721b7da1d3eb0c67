"""The kernel's packet filter through `nft`: load rules in one transaction, and tell what is loaded."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shepherd.edges.tool import run_tool

UNSTEADY = frozenset({"handle", "packets", "bytes"})
"""What the kernel numbers and counts by itself."""
LOAD_AND_LIST = 'for one; do ip link add "$one" type veth || exit; done; nft -f - && nft -j -s list ruleset'
OF_PACKETS = frozenset({"elem", "count"})
"""What such a set says of its elements; their number since nft 1.1."""
LIVELY = frozenset({"dynamic", "timeout"})
"""Flags of sets that packets or orders fill."""


class Nft:
    """Rules of one network namespace. `prefix` is a command line that enters another one than ours."""

    def __init__(self, timeout_s: float, prefix: Sequence[str] = ()) -> None:
        self._timeout_s, self._prefix = timeout_s, tuple(prefix)
        self._known: dict[str, str] = {}
        """Listings of rules that were asked for before: a running kernel always writes them the same way."""

    def load(self, rules: str) -> None:
        """Load rules, all or nothing. Raises CommandFailed with the kernel's words, Unavailable past the deadline."""
        self._run(("-f", "-"), rules)

    def listing(self, table: str, family: str = "inet") -> str:
        """Everything of a table that does not change by itself, in one canonical text; empty if there is no such
        table. Two listings are equal if and only if the same rules and constant sets are loaded."""
        return canonical_text(self._run(("-j", "-s", "list", "ruleset"), ""), family, table)

    def everything(self) -> str:
        """All rules of all tables, for `nft -f`. Rules that only iptables understands are left out."""
        return self._run(("-s", "list", "ruleset"), "")

    def canonical(self, rules: str, table: str, family: str = "inet", devices: Sequence[str] = ()) -> str:
        """The listing that these rules would have: they are loaded in a throwaway namespace, which needs no root, and
        which has interfaces of these names. Raises as `load`."""
        if rules in self._known:
            return self._known[rules]
        unprivileged = ("--user", "--map-root-user") if os.geteuid() else ()
        alone = ("unshare", *unprivileged, "--net", "--")
        load_and_list = ("sh", "-c", LOAD_AND_LIST, "sh", *devices)
        self._known[rules] = canonical_text(self._finish((*self._prefix, *alone, *load_and_list), rules), family, table)
        return self._known[rules]

    def elements(self, table: str, name: str) -> frozenset[str]:
        """The elements of a set of single values. Raises CommandFailed if there is no such set."""
        found = json.loads(self._run(("-j", "list", "set", "inet", table, name), ""))
        return frozenset(value for one in found["nftables"] for value in values(one.get("set", {}).get("elem", ())))

    def _run(self, argv: Sequence[str], given: str) -> str:
        return self._finish((*self._prefix, "nft", *argv), given)

    def _finish(self, argv: Sequence[str], given: str) -> str:
        return run_tool(argv, self._timeout_s, what="nft", package="nftables", given=given)


def canonical_text(listed: str, family: str, table: str) -> str:
    """What belongs to the table, a line for each object."""
    found = json.loads(listed or "{}")
    ours = [steady(one) for one in found.get("nftables", ()) if belongs(one, family, table)]
    return "\n".join(json.dumps(one, sort_keys=True) for one in ours)


def belongs(one: Mapping[str, Any], family: str, table: str) -> bool:
    """Part of this table, or the table itself."""
    return any(
        isinstance(body, dict)
        and body.get("family") == family
        and (body.get("table") == table or (kind == "table" and body.get("name") == table))
        for kind, body in one.items()
    )


def steady(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The same without what changes by itself."""
    if isinstance(value, list):
        return [steady(one) for one in value]
    if not isinstance(value, dict):
        return value
    lively = LIVELY.intersection(value.get("flags") or ()) if isinstance(value.get("flags"), list) else ()
    return {
        key: steady(one)
        for key, one in value.items()
        if key not in UNSTEADY and not (lively and key in OF_PACKETS)
    }


def values(elements: Sequence[Any]) -> Iterator[str]:
    """Elements as text, with or without a timeout beside them."""
    for one in elements:
        yield str(one["elem"]["val"]) if isinstance(one, dict) else str(one)
