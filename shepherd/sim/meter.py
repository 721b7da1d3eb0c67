"""Measuring the fake site from outside: what the invariants are checked on.

`sample` is called after everything that happens, so no overlap is too short to be seen.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from shepherd.model.entry import Entry, EntryKind
from shepherd.model.lease import Lease, LeasePage, LeasePhase
from shepherd.model.orders import Step, StepKind
from shepherd.model.world import ActSeen, HostWorld, Limits, Reclaim, WorldFacts
from shepherd.sim.jobs import Job, Owner

if TYPE_CHECKING:
    from shepherd.sim.alerts import Alerts
    from shepherd.sim.host import Host

KEPT_ACTS = 400
"""Older acts have been checked long ago."""
PAST_S = 1e9
RECORD_S = 1800.0
"""An act may lack its record if nothing could be recorded at any time during this long before."""


@dataclasses.dataclass
class HostTally:
    """What was counted of one host."""

    foreign: list[str] = dataclasses.field(default_factory=list)
    strayed: list[str] = dataclasses.field(default_factory=list)
    evicted: list[str] = dataclasses.field(default_factory=list)
    reclaims: list[Reclaim] = dataclasses.field(default_factory=list)
    containers: Counter[str] = dataclasses.field(default_factory=Counter)
    images: set[str] = dataclasses.field(default_factory=set)
    double_since_s: float | None = None
    double_s: float = 0.0
    unserved_since_s: float | None = None
    unserved_s: float = 0.0
    last_page_s: float = 0.0
    reclaim_since_s: float | None = None
    disturbed: bool = False


class Meter:
    """Counts while the world runs; `facts` is the result so far."""

    def __init__(self, limits: Limits, now_s: Callable[[], float]) -> None:
        self.limits = limits
        self.hosts: Mapping[str, Host] = {}
        self.tallies: dict[str, HostTally] = {}
        self.acts: list[ActSeen] = []
        self.cycle_lends: list[int] = [0]
        self.refusals_without_reason = 0
        self.flockoff_since_s: float | None = None
        self.short_since_s: float | None = None
        self.shepherd_runs: Callable[[], bool] = lambda: False
        self.blind: Callable[[], str] = str
        """Why a shepherd could not know the pools now; empty if it could."""
        self.alerts: Alerts | None = None
        """What a monitoring tells of the hosts, if there is one."""
        self.unrecordable_s = -PAST_S
        """When the ledger was last full."""
        self._disturbed_s = 0.0
        self._leased: set[str] = set()
        self._on_pages: set[str] = set()
        """Hosts with any lease on a page, revoked or not."""
        self._decisions: dict[str, tuple[str, bool]] = {}
        """Of each lease: why its lend was decided blind, and whether the reserve was short."""
        self._now_s = now_s
        self._steps: dict[tuple[str, str], float] = {}
        """When a step of a lease was last recorded."""
        self._phases: dict[str, LeasePhase] = {}

    def watch(self, hosts: Mapping[str, Host]) -> None:
        """Measure these from now on."""
        self.hosts = hosts
        self.tallies = {name: HostTally() for name in hosts}

    def sample(self) -> None:
        """Look at every host once."""
        now_s = self._now_s()
        for name, host in self.hosts.items():
            tally = self.tallies[name]
            startd = host.startd
            if startd is not None and host.guests_alive:
                tally.double_since_s = now_s if tally.double_since_s is None else tally.double_since_s
                tally.double_s = max(tally.double_s, now_s - tally.double_since_s, 1e-4)
            else:
                tally.double_since_s = None
            self._serving(host, tally, now_s)
        if self.alerts is not None:
            self.alerts.sample(self.hosts, self._on_pages, runs=self.shepherd_runs(), sees=not self.blind())

    def _serving(self, host: Host, tally: HostTally, now_s: float) -> None:
        startd, container = host.startd, host.container
        flock = container.flock if container is not None and container.alive else None
        local = startd is not None and startd.accepts
        if tally.reclaim_since_s is not None and local and not host.guests_alive:
            took_s = now_s - tally.reclaim_since_s
            tally.reclaims.append(Reclaim(took_s=took_s, undisturbed=not tally.disturbed))
            tally.reclaim_since_s = None
        served = local or (flock is not None and flock.accepts)
        if served or not host.powered or host.human_holds or self._helpless(host) or _is_left_frozen(host):
            tally.unserved_since_s = None
        elif tally.unserved_since_s is None:
            tally.unserved_since_s = now_s
        else:
            tally.unserved_s = max(tally.unserved_s, now_s - tally.unserved_since_s)

    def _helpless(self, host: Host) -> bool:
        """Everything that could help the host on is dead or stopped."""
        return (host.keeper is None or not host.keeper.runs) and not self.shepherd_runs()

    def look_at_reserve(self) -> None:
        """Note since when the local herd is below its reserve and a shepherd can know. Called about once a second."""
        can_know = self.shepherd_runs() and not self.blind()
        is_short = bool(self._leased) and can_know and self._short(self._leased)
        if not is_short:
            self.short_since_s = None
        elif self.short_since_s is None:
            self.short_since_s = self._now_s()

    def job_on_regular(self, host: str, job: Job) -> None:
        """A job was started on a regular startd."""
        if job.owner is Owner.GUEST:
            self.tallies[host].foreign.append(str(job.number))

    def job_in_container(self, host: str, job: Job) -> None:
        """A job was started in a container."""
        if job.owner is Owner.LOCAL:
            self.tallies[host].strayed.append(str(job.number))

    def evicted(self, host: str, job: Job) -> None:
        """A lend or reclaim threw a local job off."""
        self.tallies[host].evicted.append(str(job.number))

    def restarted_undrained(self, host: str) -> None:
        """The shepherd or the keeper ended a startd that was not drained."""
        self._act(StepKind.RESTART, host, "", busy=True)

    def container_started(self, host: str, lease: str, image: str) -> None:
        """A container runs."""
        tally = self.tallies[host]
        tally.containers[lease] += 1
        tally.images.add(image)

    def disturb(self, host: str | None = None) -> None:
        """A fault or a human came between: reclaims under way prove nothing about their duration."""
        self._disturbed_s = self._now_s()
        self.short_since_s = None
        if self.alerts is not None:
            self.alerts.hidden_since.clear()
        for name, tally in self.tallies.items():
            if host in {None, name}:
                tally.disturbed = True
                tally.unserved_since_s = None

    def recorded(self, entries: Sequence[Entry]) -> None:
        """The ledger kept these."""
        for entry in entries:
            match entry.kind:
                case EntryKind.STEP:
                    self._steps[str(entry.cause), str(entry.body.get("kind"))] = self._now_s()
                    if entry.body.get("kind") == StepKind.GRANT.value:
                        self._decided(entry.host, entry.cause)
                case EntryKind.VERDICT:
                    self.cycle_lends.append(0)
                    refusals = entry.body.get("refusals")
                    if isinstance(refusals, list):
                        self.refusals_without_reason += sum(not one["why"] for one in refusals)
                case _:
                    pass

    def commanded(self, step: Step, *, recordable: bool) -> None:
        """A command reached the site."""
        self._act(step.kind, step.host, step.lease, recordable=recordable)

    def _decided(self, host: str, lease: str) -> None:
        """A lend was decided: what counts is what could be known at that instant."""
        self.cycle_lends[-1] += 1
        now_s = self._now_s()
        short = now_s - self._disturbed_s > self.limits.stale_s and self._short({*self._leased, host})
        self._decisions[lease] = (self.blind(), short)

    def published(self, pages: Sequence[LeasePage], *, recordable: bool) -> None:
        """Pages are in the collector: new leases and new phases are acts. On a page that says flockoff every
        lease counts as revoked, by the record of the flockoff."""
        in_force = [
            lease
            for page in pages
            for lease in page.leases
            if lease.phase is not LeasePhase.REVOKED and not page.flockoff
        ]
        self._leased = {lease.host for lease in in_force}
        self._on_pages = {lease.host for page in pages for lease in page.leases}
        for lease in in_force:
            self.tallies[lease.host].last_page_s = self._now_s()
        for page in pages:
            for lease in page.leases:
                before = self._phases.get(lease.lease)
                off = page.flockoff and lease.phase is not LeasePhase.REVOKED
                if before is not lease.phase and not off:
                    self._phases[lease.lease] = lease.phase
                    self._new_phase(lease, before, recordable=recordable)

    def _new_phase(self, lease: Lease, before: LeasePhase | None, *, recordable: bool) -> None:
        tally = self.tallies[lease.host]
        match lease.phase:
            case LeasePhase.ARM:
                self._act(StepKind.GRANT, lease.host, lease.lease, recordable=recordable)
            case LeasePhase.GO:
                self._act(StepKind.GO, lease.host, lease.lease, recordable=recordable)
            case LeasePhase.REVOKED if before is not None:
                self._act(StepKind.REVOKE, lease.host, lease.lease, recordable=recordable)
                tally.reclaim_since_s = self._now_s()
                tally.disturbed = bool(self.blind()) or _is_impaired(self.hosts[lease.host])
            case LeasePhase.REVOKED:
                pass

    def _act(
        self,
        kind: StepKind,
        host: str,
        lease: str,
        *,
        recordable: bool = True,
        busy: bool = False,
    ) -> None:
        now_s = self._now_s()
        ordered_s = self._steps.get((lease, kind.value), now_s)
        off_s = None if self.flockoff_since_s is None else ordered_s - self.flockoff_since_s
        recordable = recordable and now_s - self.unrecordable_s > RECORD_S
        blind, short = self._decisions.get(lease, ("", False))
        self.acts.append(
            ActSeen(
                at_s=now_s,
                kind=kind,
                host=host,
                lease=lease,
                recorded_before=busy or (lease, kind.value) in self._steps,
                recordable=recordable,
                blind=blind,
                flockoff=off_s is not None and off_s > self.limits.look_s,
                short=short,
                busy=busy,
                audible=kind is StepKind.DRAIN and self._is_audible(host),
            )
        )
        del self.acts[:-KEPT_ACTS]

    def _is_audible(self, host: str) -> bool:
        return self.alerts is not None and self.alerts.is_audible(self.hosts[host].pair, self.limits.silence_s)

    def _short(self, leased: AbstractSet[str]) -> bool:
        """Whether these leases take the local herd below its reserve, of the hosts that count."""
        counted = {
            name
            for name, host in self.hosts.items()
            if host.powered and (name in leased or not host.human_holds)
        }
        out = {name for name in counted if name in leased or _is_out(self.hosts[name])}
        cpus = sum(self.hosts[name].slots for name in counted)
        local = sum(self.hosts[name].slots for name in counted - out)
        return local < self.limits.reserve * cpus

    def facts(self) -> WorldFacts:
        """Everything measured until now."""
        now_s = self._now_s()
        off_s = None
        if self.flockoff_since_s is not None and self.shepherd_runs():
            off_s = now_s - max(self.flockoff_since_s, self._disturbed_s)
        return WorldFacts(
            at_s=now_s,
            limits=self.limits,
            hosts=tuple(self._host(name, host, now_s) for name, host in self.hosts.items()),
            acts=tuple(self.acts),
            refusals_without_reason=self.refusals_without_reason,
            cycles_lends=tuple(self.cycle_lends[-50:]),
            flockoff_s=off_s,
            others_silences_ended=self.alerts.others_ended() if self.alerts else (),
            short_s=0.0 if self.short_since_s is None else now_s - self.short_since_s,
        )

    def _host(self, name: str, host: Host, now_s: float) -> HostWorld:
        tally = self.tallies[name]
        hidden, unheard = (self.alerts.hidden_since, self.alerts.unheard_since) if self.alerts else ({}, {})
        return HostWorld(
            pair=host.pair,
            guest_jobs_on_regular=tuple(tally.foreign),
            local_jobs_in_container=tuple(tally.strayed),
            double_run_ms=1000 * tally.double_s,
            unserved_s=tally.unserved_s,
            local_jobs_evicted=tuple(tally.evicted),
            lent=_is_out(host),
            guests_alive=host.guests_alive,
            excused=_excuse(host),
            unheard_s=now_s - tally.last_page_s,
            reclaims=tuple(tally.reclaims[-20:]),
            containers=dict(tally.containers),
            images=frozenset(tally.images),
            hidden_s=now_s - hidden.get(name, now_s),
            unheard_of_s=now_s - unheard.get(name, now_s),
        )


def _is_out(host: Host) -> bool:
    return host.guests_alive or host.drained_by_us


def _is_impaired(host: Host) -> bool:
    """Something that a quick way home needs is broken, or a human holds the host."""
    helpers = host.keeper is not None and host.keeper.runs and host.dockerd.runs
    reachable = host.private_up and host.flock_up and not host.commands_hang
    return not (host.powered and helpers and reachable) or host.human_holds or host.is_kept


def _is_left_frozen(host: Host) -> bool:
    """Its keeper was stopped while a container was frozen; systemd's watchdog, which is not here, ends that."""
    return host.is_frozen and (host.keeper is None or not host.keeper.runs)


def _excuse(host: Host) -> str:
    if not host.powered:
        return "powered off"
    if host.was_kept and host.is_frozen:
        return "quarantined, and kept by a person"
    if _is_left_frozen(host):
        return "its keeper was stopped while the container was frozen"
    keeper_gone = host.keeper is None or not host.keeper.runs
    pid1_stopped = host.container is not None and host.container.stopped
    return "its keeper and PID 1 are both stopped" if keeper_gone and pid1_stopped else ""
