"""The keeper's side: its lease page, its ad, and its own startd (implements `ports_node`)."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from shepherd.edges.htcondor import pages
from shepherd.edges.htcondor.process import Asks
from shepherd.edges.htcondor.reports import to_ad
from shepherd.model.host import HostName
from shepherd.model.lease import SignedPage, host_number
from shepherd.model.observation import KeeperReport


class KeeperLink:
    """Implements `PageSource`, `Advertise` and `LocalStartd` by one worker process."""

    def __init__(self, *, home: Asks, host: HostName, within_s: float) -> None:
        self._home, self._host, self._within_s = home, host, within_s

    def page(self, host: HostName) -> Sequence[SignedPage]:
        """See `ports_node.PageSource`."""
        return pages.from_rows(cast(list[list[str]], self._ask("pages", {"spot": host_number(host)})))

    def send(self, report: KeeperReport) -> None:
        """See `ports_node.Advertise`."""
        self._ask("report", {"ad": to_ad(self._host, report)})

    def drain_reason(self, host: HostName) -> str:
        """See `ports_node.LocalStartd`. Asks the startd itself, by the address file it wrote."""
        return str(self._ask("local_drain", {"host": host}))

    def close(self) -> None:
        """End the worker process. Idempotent."""
        self._home.close()

    def _ask(self, question: str, args: Mapping[str, Any]) -> object:
        return self._home.ask(question, args, within_s=self._within_s)
