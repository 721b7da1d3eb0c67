"""The Shield port: rules in a container's network namespace, and its /proc mounted anew."""

from shepherd.edges.nft import Nft
from shepherd.edges.proc_mount import hide_processes


class NamespaceShield:
    """`ports_node.Shield`. `rules` are all of `table`, of the family `inet`; `timeout_s` bounds each tool."""

    def __init__(self, rules: str, table: str, timeout_s: float) -> None:
        self.rules, self._table, self._timeout_s = rules, table, timeout_s
        self._here = Nft(timeout_s)

    def load(self, pid: int) -> None:
        """See the port."""
        self._within(pid).load(self.rules)
        hide_processes(pid)

    def problem(self, pid: int, rules: str) -> str:
        """See the port."""
        in_force = self._within(pid).listing(self._table) == self._here.canonical(rules, self._table)
        return "" if in_force else "the rules within the container's network are not as they were loaded"

    def _within(self, pid: int) -> Nft:
        return Nft(self._timeout_s, ("nsenter", f"--net=/proc/{pid}/ns/net", "--"))


class NoShield:
    """`ports_node.Shield` for containers that get nothing added."""

    rules = ""

    def load(self, pid: int) -> None:
        """See the port."""

    def problem(self, pid: int, rules: str) -> str:
        """See the port."""
        del pid, rules
        return ""
