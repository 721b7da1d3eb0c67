"""The fake site's record of who ran what: a shepherd's collecting, and the truth that it is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from shepherd.model.chain import Head
from shepherd.model.settings import Settings
from shepherd.model.trace import EndSeen, JobBegun, JobEnded, TraceRecord
from shepherd.ports import Clock, Log
from shepherd.programs.errand import Background
from shepherd.programs.pages import LeasePages
from shepherd.programs.trace.anchor import Anchoring
from shepherd.programs.trace.collecting import Collecting
from shepherd.programs.trace.gathering import Gathering
from shepherd.programs.trace.witnessing import Witnessing
from shepherd.sim.recording import SimSiteLog, SimSource, SimTraceWriter

if TYPE_CHECKING:
    from shepherd.sim.host import GuestRun, Host

WITHIN_S = 2.0


class Schedds:
    """`ports_trace.ScheddLook`: one guest's."""

    def flock_schedds(self) -> Sequence[tuple[str, str, str]]:
        """See the port."""
        return [("schedd@campus", "203.0.113.9:9618", "guest.campus.1@flock")]


def gathering_of(
    hosts: Mapping[str, Host], store: SimTraceWriter, beside: Background, clock: Clock, log: Log, pages: LeasePages,
    anchoring: Anchoring,
) -> Gathering:  # fmt: skip
    """One shepherd's."""
    witnessing = Witnessing(look=Schedds(), guests=dict, background=beside, clock=clock, log=log)
    collecting = Collecting(
        source=SimSource({name: host.spool for name, host in hosts.items()}),
        store=store,
        background=beside,
        clock=clock,
        log=log,
        pages=pages,
        fetchers=2,
        fetch_s=5.0,
    )
    return Gathering(
        collecting=collecting, witnessing=witnessing, here=lambda _: {}, background=beside, clock=clock,
        anchored=lambda: anchoring.anchored,
    )  # fmt: skip


def anchoring_of(
    logger: SimSiteLog | None, store: SimTraceWriter, beside: Background, clock: Clock, log: Log, settings: Settings
) -> Anchoring:
    """One shepherd's."""
    return Anchoring(
        store=store, ledger_head=Head, ledger_upkeep=lambda: None, logger=logger, background=beside, clock=clock,
        log=log, instance="simulated", anchor_s=settings.trace.anchor_s,
    )  # fmt: skip


def recorded(hosts: Iterable[Host], store: SimTraceWriter) -> list[TraceRecord]:
    """All that is stored, and what still lies on its host."""
    told = store.records()
    for host in hosts:
        seen = store.stored().get(host.name, 0)
        host.spool.seal()
        told += [record for number, one in host.spool.segments.items() if number > seen for record in one.records]
    return told


def wrong(hosts: Iterable[Host], store: SimTraceWriter) -> Iterator[str]:
    """Every guest's job of whose run the record is silent or wrong, unless the host lost its memory meanwhile."""
    hosts = list(hosts)
    told = recorded(hosts, store)
    begun = {(one.host, one.container, one.begun.partition("/")[2]): one for one in told if isinstance(one, JobBegun)}
    ended = {(one.host, one.container, one.slot, one.begun): one for one in told if isinstance(one, JobEnded)}
    for host in hosts:
        for run in host.runs:
            if not run.is_lost:
                first = begun.get((host.name, run.container, str(run.saying.starter)))
                last = ended.get((host.name, run.container, first.slot, first.begun)) if first else None
                if problem := fault_of(run, first, last, are_times_sure=not host.clock_moved):
                    yield f"{host.name} {run.container} job {run.saying.number}: {problem}"


def fault_of(run: GuestRun, first: JobBegun | None, last: JobEnded | None, *, are_times_sure: bool) -> str:
    """What is wrong with the record of one run; empty if nothing is."""
    if first is None:
        return "its beginning is missing"
    if first.job != run.saying.ident or first.slot != f"slot1_{run.saying.slot}":
        return f"it is told as {first.job} in {first.slot}"
    if first.cpus != run.saying.cpus:
        return f"it is told with {first.cpus} cores, not with {run.saying.cpus}"
    if are_times_sure and abs(first.at_s - run.began_s) > WITHIN_S:
        return f"it began at {run.began_s:.1f}, not at {first.at_s:.1f}"
    if run.ended_s is None:
        return "" if last is None else "its end is told, and it runs"
    if last is None:
        return "its end is missing"
    if not are_times_sure:
        return ""
    late_s = last.at_s - run.ended_s
    if late_s < -WITHIN_S or (last.how is EndSeen.SEEN and late_s > WITHIN_S):
        return f"it ended at {run.ended_s:.1f}, not at {last.at_s:.1f} ({last.how.value})"
    return ""
