"""Both pools, as the daemon asks them (implements `ports.Pool` and `ports_stop.FlockLook`)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from shepherd.edges.htcondor import guests_ads, pages
from shepherd.edges.htcondor.demand import Schedds
from shepherd.edges.htcondor.expressions import MANY
from shepherd.edges.htcondor.frames import no_search_for_cycles
from shepherd.edges.htcondor.process import Asks
from shepherd.edges.htcondor.reports import to_report
from shepherd.errors import PoolUnavailable
from shepherd.model.demand import Resources
from shepherd.model.guest import Claim
from shepherd.model.host import HostName
from shepherd.model.lease import SignedPage
from shepherd.model.observation import FlockStartd, KeeperReport, Queue, RegularMaster, RegularStartd
from shepherd.model.stop import FlockAd

Row = TypeVar("Row")


class CondorPool:
    """Questions to both collectors. `home`, `beside` and `flock` are worker processes that do not wait for each other.

    `beside` asks the home collector for what may be asked for while `home` is busy: masters and keepers.
    """

    def __init__(
        self,
        *,
        home: Asks,
        beside: Asks,
        flock: Asks,
        schedds: Sequence[str],
        identities: Sequence[str],
        within_s: float,
        queues: Schedds | None = None,
    ) -> None:
        """`schedds` and `identities`: whose idle jobs are local demand. `within_s`: deadline of one question. `queues`:
        who asks the schedds what these jobs ask for; None: only their number is known."""
        self._home, self._beside, self._flock, self._within_s = home, beside, flock, within_s
        self._schedds, self._identities = tuple(schedds), tuple(identities)
        self._demand_of = queues
        self._made: dict[str, dict[str, tuple[Any, Any]]] = {}

    def regular_startds(self, hosts: Sequence[HostName] | None) -> Mapping[str, RegularStartd]:
        """See `ports.Pool`."""
        return self._by_name(self._home, "regular_startds", hosts, _regular)

    def regular_masters(self, hosts: Sequence[HostName] | None) -> Mapping[str, RegularMaster]:
        """See `ports.Pool`."""
        return self._by_name(self._beside, "masters", hosts, _master)

    def flock_startds(self, names: Sequence[str] | None) -> Mapping[str, FlockStartd]:
        """See `ports.Pool`."""
        return self._by_name(self._flock, "flock_startds", names, _flock_startd)

    def keepers(self, hosts: Sequence[HostName] | None) -> Mapping[str, KeeperReport]:
        """See `ports.Pool`. A keeper whose ad makes no sense (another version's words) is left out."""
        found = self._by_name(self._beside, "keepers", hosts, to_report)
        return {host: report for host, report in found.items() if report is not None}

    def queue(self) -> Queue:
        """See `ports.Pool`."""
        args = {"schedds": self._schedds, "identities": self._identities}
        running, refused, missing, counted, gone = self._list(self._home, "queue", args)
        return Queue(
            idle_jobs=gone + sum(idle for _, idle, *_ in counted),
            running_jobs=running,
            schedds=tuple(name for name, *_ in counted),
            refused_submitters=refused,
            missing_schedds=tuple(missing),
            demand=self._demand_of.demand(counted) if self._demand_of else None,
        )

    def flock_schedds(self) -> Sequence[tuple[str, str, str]]:
        """See `ports_trace.ScheddLook`."""
        return [tuple(map(str, row)) for row in self._list(self._flock, "schedd_places", {})]  # type: ignore[misc]

    def collector_age_s(self) -> tuple[float, float]:
        """See `ports.Pool`. By each collector's own clock."""
        home, flock = (worker.ask("age", {}, within_s=self._within_s) for worker in (self._home, self._flock))
        return float(cast(float, home)), float(cast(float, flock))

    def publish(self, pages_: Sequence[SignedPage]) -> None:
        """See `ports.Pool`. Returns when the collector shows these very serials."""
        if pages_:
            ads = [pages.to_ad(page) for page in pages_]
            self._home.ask("publish", {"ads": ads}, within_s=self._within_s)

    def published(self) -> Sequence[SignedPage]:
        """See `ports.Pool`."""
        return pages.from_rows(self._list(self._home, "pages", {}))

    def claims(self) -> Sequence[Claim]:
        """See `ports_stop.FlockLook`."""
        return guests_ads.claims_from(self._list(self._flock, "claims", {}))

    def flock_ads(self) -> Sequence[FlockAd]:
        """See `ports_stop.FlockLook`."""
        return guests_ads.flock_ads_from(self._list(self._flock, "flock_ads", {}))

    def close(self) -> None:
        """End the worker processes. Idempotent."""
        for worker in (self._home, self._beside, self._flock, self._demand_of):
            if worker is not None:
                worker.close()

    def _list(self, worker: Asks, question: str, args: Mapping[str, object]) -> list[Any]:
        answer = worker.ask(question, args, within_s=self._within_s)
        if not isinstance(answer, list):
            raise PoolUnavailable(f"the answer to {question!r} makes no sense")
        return answer

    def _by_name(
        self, worker: Asks, question: str, names: Sequence[str] | None, make: Callable[[Any], Row]
    ) -> dict[str, Row]:
        if names is not None and not names:
            return {}
        answer = worker.ask(question, {"hosts": names}, within_s=self._within_s)
        if not isinstance(answer, dict):
            raise PoolUnavailable(f"the answer to {question!r} makes no sense")
        if names is not None:
            return {name: make(row) for name, row in _asked_for(answer, names)}
        with no_search_for_cycles():
            self._made[question] = _made_again(answer, self._made.get(question, {}), make)
            return {name: row for name, (_, row) in self._made[question].items()}


def _made_again(
    answer: Mapping[str, Any], before: Mapping[str, tuple[Any, Any]], make: Callable[[Any], Row]
) -> dict[str, tuple[Any, Row]]:
    """Rows made into objects; a row that has not changed since the last look keeps its object."""
    nothing = (None, None)
    return {
        name: old if (old := before.get(name, nothing))[0] == row else (row, make(row)) for name, row in answer.items()
    }


def _asked_for(answer: Mapping[str, Any], names: Sequence[str] | None) -> Iterable[tuple[str, Any]]:
    if names is None or len(names) <= MANY:
        return answer.items()
    wanted = {name.lower() for name in names}
    return ((name, row) for name, row in answer.items() if name.lower() in wanted)


def _regular(row: Sequence[Any]) -> RegularStartd:
    cpus, memory, gpus, claimed, draining, drained, reason, started, heard, idle_since, disk, largest, free = row
    return RegularStartd(
        cpus=cpus,
        memory_mib=memory,
        gpus=gpus,
        claimed_slots=claimed,
        draining=draining,
        drained=drained,
        drain_reason=reason,
        started_at_s=started,
        heard_at_s=heard,
        idle_since_s=idle_since if claimed == 0 and idle_since > 0 else None,
        disk_kib=disk,
        largest=Resources(*largest),
        free=Resources(*free),
    )


def _flock_startd(row: Sequence[Any]) -> FlockStartd:
    claimed, started, heard, cpus, since, users, ends, endless = row
    return FlockStartd(
        claimed_slots=claimed,
        started_at_s=started,
        heard_at_s=heard,
        claimed_cpus=cpus,
        working_since_s=since / cpus if cpus else 0.0,
        ends_by_s=ends if ends and not endless else None,
        guests=tuple(sorted(users)),
    )


def _master(row: Sequence[Any]) -> RegularMaster:
    return RegularMaster(startd_off=row[0], heard_at_s=row[1])
