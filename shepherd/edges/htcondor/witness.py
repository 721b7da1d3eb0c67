"""One collector as `shepherd check` asks it (implements `ports_checkup.Witness` and `Orders`)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from shepherd.edges.htcondor import pages
from shepherd.edges.htcondor.process import Asks
from shepherd.edges.htcondor.reports import to_report
from shepherd.edges.htcondor.tool import Said, Tools
from shepherd.errors import PoolUnavailable
from shepherd.model.checkup import Authority, CollectorSeen, QueueSeen, Version
from shepherd.model.host import HostName
from shepherd.model.lease import host_number
from shepherd.model.observation import KeeperReport

VERSION = re.compile(r"CondorVersion: (\d+)\.(\d+)\.(\d+)")
NO_SUCH_LOG = "SHEPHERD_CHECK"
TAKEN = "no log file by that name"
"""What a daemon says to whoever may have its log files, of one that it has not (condor_fetchlog)."""


def version_in(text: str) -> Version:
    """The version in `$CondorVersion: 25.14.1 …$`; empty if there is none."""
    found = VERSION.search(text)
    return tuple(map(int, found.groups())) if found else ()


class CondorWitness:
    """Asks by a worker process of its own."""

    def __init__(self, asks: Asks, within_s: float) -> None:
        self._asks, self._within_s = asks, within_s

    def about(self) -> CollectorSeen:
        """See the port."""
        version, age_s, ahead_s = cast(list[Any], self._ask("about", {}))
        return CollectorSeen(version=version_in(str(version)), age_s=float(age_s), ahead_s=float(ahead_s))

    def authority(self, rights: Sequence[str], token: str = "") -> Authority:
        """See the port."""
        asked = {"rights": list(rights), "token": token}
        identity, domain, granted = cast(list[Any], self._ask("authority", asked))
        return Authority(identity=identity, trust_domain=domain, granted=frozenset(granted))

    def schedds(self) -> Mapping[str, str]:
        """See the port."""
        return cast(dict[str, str], self._ask("schedds", {}))

    def queue(self, schedd: str, identities: Sequence[str]) -> QueueSeen:
        """See the port."""
        asked = {"schedd": schedd, "identities": list(identities)}
        problem, refused = cast(list[Any], self._ask("queue_problem", asked))
        return QueueSeen(problem=str(problem), refused=str(refused))

    def negotiators(self) -> int:
        """See the port."""
        return cast(int, self._ask("negotiators", {}))

    def keeper(self, host: str) -> KeeperReport | None:
        """See the port."""
        rows = cast(dict[str, Sequence[Any]], self._ask("keepers", {"hosts": [host]}))
        row = next((row for name, row in rows.items() if name.casefold() == host.casefold()), None)
        return to_report(row) if row is not None else None

    def page_keys(self, host: str) -> Sequence[str]:
        """See the port."""
        asked = {"spot": host_number(HostName(host))} if host else {}
        return sorted({page.key_id for page in pages.from_rows(cast(list[list[str]], self._ask("pages", asked)))})

    def slot(self, machine: str) -> str:
        """See the port."""
        found = self._ask("drainable", {"host": machine})
        return str(found["name"]) if isinstance(found, dict) else ""

    def parameters(self, names: Sequence[str]) -> Mapping[str, str]:
        """See the port."""
        return cast(dict[str, str], self._ask("parameters", {"names": list(names)}))

    def close(self) -> None:
        """See the port."""
        self._asks.close()

    def _ask(self, question: str, args: Mapping[str, object]) -> object:
        answer = self._asks.ask(question, args, within_s=self._within_s)
        if answer is None and question != "drainable":
            raise PoolUnavailable(f"the answer to {question!r} makes no sense")
        return answer


class CondorOrders:
    """Tries HTCondor's tools, which alone get an administrator's capability from the collector."""

    def __init__(self, tools: Tools, within_s: float) -> None:
        self._tools, self._within_s = tools, within_s

    def version(self) -> tuple[Version, str]:
        """See the port."""
        said = self._tools.run(["condor_version"], within_s=self._within_s)
        return version_in(said.text) if said.code == 0 else (), said.text

    def problem(self, slot: str, pool: str) -> str:
        """See the port."""
        where = ["-pool", pool] if pool else []
        argv = ["condor_fetchlog", *where, "-startd", slot, NO_SUCH_LOG]
        return judged(self._tools.run(argv, within_s=self._within_s))


def judged(said: Said) -> str:
    """Why a daemon would not give us a log file; empty if it would, had it one of that name."""
    return "" if TAKEN in said.text else f"{said.text or 'no answer'} (by hand: {said.by_hand})"
