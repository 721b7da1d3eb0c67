"""The keeper's loop: what `shepherd node run` does on a host. Nothing it waits for can hold it up."""

import dataclasses
from collections.abc import Callable
from typing import assert_never

from shepherd.core.keeper import control as controls
from shepherd.core.keeper import lend as lends
from shepherd.core.keeper.control import Control, ControlPhase
from shepherd.core.keeper.decide import (
    ABANDONED,
    Act,
    Allow,
    Begin,
    Bury,
    Depart,
    Kill,
    Rest,
    Situation,
    Unstick,
    next_act,
    phase_of,
    why_not_begin,
)
from shepherd.core.keeper.lend import Leaving, Record
from shepherd.core.lease.judge import Instant
from shepherd.core.lease.memory import Held
from shepherd.errors import CommandFailed, LeaseRefused, ShepherdError, Unavailable
from shepherd.model.container import Container, Started
from shepherd.model.host import LeaseId
from shepherd.model.node_settings import NodeSettings
from shepherd.model.observation import KeeperPhase, KeeperReport, LockHolder
from shepherd.ports import Clock, Log
from shepherd.ports_node import Kernel, NodeFile, RunDir
from shepherd.programs.keeper.abandoned import Abandonment
from shepherd.programs.keeper.bans import BanWatch
from shepherd.programs.keeper.drain import DrainWatch
from shepherd.programs.keeper.leak import LeakMark
from shepherd.programs.keeper.pages import PageReader
from shepherd.programs.keeper.present import present_of
from shepherd.programs.keeper.quarantine import KeeperQuarantine
from shepherd.programs.keeper.report import Reporter
from shepherd.programs.keeper.trace import Recorder
from shepherd.programs.keeper.yard import Yard

BRISK_S = 0.1
"""Pause while something is under way whose end must be seen at once."""
FLOCK_S, HOME_S = 0.25, 1.0
"""Pause while the host is lent; and while it is local, unless the page is to be read sooner."""
BURY_S, UNSTICK_S = 5.0, 5.0
"""How often what is left of old containers is removed, and a startd that was left drained is restarted."""
UNTIL_S = 0.5
"""A lease's end that moves by less is not worth another control file."""
FRUITLESS_ROUNDS = 3
"""Patrols in a row that could show nothing: a collector's restart takes one; more may be a guest's doing."""
CHECK_S = 60.0
"""How often network and image are seen to be ready while the host is local; `poll_local_s` if that is less."""
START_S = 60.0
"""So long after `go` the shepherd may give the start up: its `start_deadline_s` is shorter by rule."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parts:
    """What the keeper works with."""

    clock: Clock
    kernel: Kernel
    run_dir: RunDir
    pages: PageReader
    yard: Yard
    drain: DrainWatch
    bans: BanWatch
    reporter: Reporter
    recorder: Recorder
    quarantine: KeeperQuarantine
    log: Log
    jitter: Callable[[], float]
    """About 1: spreads the hosts' questions over time."""
    version: str


class Keeper:
    """One host's keeper. Everything it must remember is in the run directory before it acts on it."""

    def __init__(self, settings: NodeSettings, parts: Parts) -> None:
        self._settings, self._parts = settings, parts
        self._record = self._remembered()
        self._refused = ""
        self._ended: tuple[LeaseId, str] | None = None
        """The lease whose lend went wrong, and why: told until that lease is gone."""
        self._said: Control | None = None
        self._lock: tuple[LockHolder, int | None] = (LockHolder.NOBODY, None)
        self._unstuck_s: float | None = None
        self._went_s: float | None = None
        """When `go` was told; None if not by this process."""
        self._abandonment = Abandonment(parts.kernel, settings.abandoned_s)
        self._poll_s = settings.poll_local_s
        self._phase = KeeperPhase.IDLE
        self._leak = LeakMark(parts.run_dir, parts.clock)

    def tick(self) -> float:
        """Do what is due. Seconds until something is due again. Raises CommandFailed if /run cannot be written."""
        now = self._now()
        self._parts.pages.tick(now, self._poll_s)
        self._parts.drain.collect(now.boottime_s)
        self._collect()
        self._parts.bans.tick(self._parts.pages.newest, self._container(), now, self._parts.recorder.running)
        seen = self._look(now)
        self._do(act := self._parts.quarantine.act(seen) or next_act(seen), seen)
        seen = dataclasses.replace(seen, record=self._record, refused=self._refused)
        self._phase = phase_of(seen, self._home_problem(seen))
        self._follow_up(seen)
        return self._pause(act)

    def sentence(self) -> str:
        """What it is doing, for `systemctl status`."""
        lend = self._record.lend
        return f"{self._phase.value}, lock: {self._lock[0].value}" + (f", lease {lend.lease.lease}" if lend else "")

    # --- looking ---

    def _now(self) -> Instant:
        clock = self._parts.clock
        return Instant(wall_s=clock.wall_s(), boottime_s=clock.steady_s())

    def _look(self, now: Instant) -> Situation:
        container = self._container()
        holder = self._parts.kernel.lock_holder(container)
        if holder[0] is LockHolder.FLOCK and self._lock[0] is not LockHolder.FLOCK:
            self._parts.pages.ask_soon()
        self._lock = holder
        members = self._parts.kernel.members(container.cgroup) if container else frozenset[int]()
        return Situation(
            now=now,
            record=self._record,
            held=self._parts.pages.held(now),
            revoked=self._parts.pages.revoked,
            busy=self._parts.yard.busy,
            refused=self._refused,
            alive=container is not None and self._parts.kernel.start_ticks(container.pid) == container.start_ticks,
            others=bool(members - {container.pid}) if container else False,
            lock=holder[0],
            drained_s=self._parts.drain.drained_s(now.boottime_s),
            drained_too_long_s=self._settings.drained_too_long_s,
            abandoned=self._abandonment.is_so(holder[0], now.boottime_s),
        )

    def _container(self) -> Container | None:
        return self._record.lend.container if self._record.lend else None

    def _collect(self) -> None:
        """What came back from dockerd."""
        self._parts.yard.collect_check()
        started, buried = self._parts.yard.started(), self._parts.yard.buried()
        if (met := self._parts.yard.patrolled()) is not None:
            self._patrolled(met)
        if isinstance(started, ShepherdError):
            self._leak.note(started)
            self._refused = started.diagnosis()
        elif started is not None:
            self._take_in(started)
        if isinstance(buried, ShepherdError):
            self._parts.yard.problem = buried.diagnosis()
        elif buried is not None:
            self._forget(" / ".join(filter(None, buried)))

    def _patrolled(self, met: ShepherdError) -> None:
        """A wall that fell ends the lend, and so does silence if it lasts; a container that has ended has no walls."""
        container = self._container()
        ticks = self._parts.kernel.start_ticks(container.pid) if container else None
        if container is not None and ticks not in {None, container.start_ticks}:
            return  # a stranger has the number of its PID 1 by now: nothing was seen of the container
        self._leak.note(met)
        if ticks is None:
            return
        self._parts.log("the patrol met trouble", problem=met.diagnosis())
        if not isinstance(met, Unavailable) or self._parts.yard.fruitless_rounds >= FRUITLESS_ROUNDS:
            self._refused = met.diagnosis()

    def _take_in(self, started: Started) -> None:
        """Remember a started container, and name it to the guard before its PID 1 may do anything."""
        lend, kernel = self._record.lend, self._parts.kernel
        try:
            ticks = kernel.start_ticks(started.pid)
            if lend is None or ticks is None:
                raise CommandFailed("the container ended as soon as it was started")
            cgroup = kernel.cgroup(started.pid, started.ident)
            container = Container(ident=started.ident, pid=started.pid, start_ticks=ticks, cgroup=cgroup)
            self._fence(container)
            self._keep(dataclasses.replace(self._record, lend=dataclasses.replace(lend, container=container)))
        except CommandFailed as failed:
            self._refused = failed.diagnosis()
            return
        self._parts.log("container started", lease=lend.lease.lease, container=container.ident[:12], pid=container.pid)

    def _fence(self, container: Container) -> None:
        """Name the container to the guard, unless that is done. Raises CommandFailed."""
        text, run_dir = controls.fence(container), self._parts.run_dir
        if run_dir.read(NodeFile.FENCE) != text:
            run_dir.write(NodeFile.FENCE, text)

    # --- acting ---

    def _do(self, act: Act, seen: Situation) -> None:
        match act:
            case Rest():
                pass
            case Begin(held=held):
                self._begin(held)
            case Allow(held=held):
                self._allow(held, seen)
            case Depart(leaving=leaving):
                self._depart(leaving)
            case Kill():
                self._kill()
            case Bury():
                self._parts.yard.bury(seen.now.boottime_s, BURY_S)
            case Unstick():
                self._unstick(seen)
            case _:
                assert_never(act)
        self._tell_leave(seen)

    def _begin(self, held: Held) -> None:
        self._parts.log("preparing", lease=held.lease.lease, image=held.lease.image, why=held.lease.why)
        self._refused, self._ended, self._said = "", None, None
        self._keep(lends.begun(self._record, held.lease))
        self._parts.yard.prepare(held.lease, self._parts.clock.steady_s())

    def _allow(self, held: Held, seen: Situation) -> None:
        """PID 1 may do what the lease says, but nothing without its fence: then the lend is given up."""
        lend = self._record.lend
        if lend is None or lend.container is None:
            return
        try:
            self._fence(lend.container)
        except CommandFailed as failed:
            self._refused = failed.diagnosis()
            return
        control = controls.allow(held, self._parts.pages.serial, seen.now)
        if control.phase is ControlPhase.GO and not lend.went:
            self._keep(dataclasses.replace(self._record, lend=dataclasses.replace(lend, went=True)))
            self._went_s = seen.now.boottime_s
        self._tell(control)

    def _depart(self, leaving: Leaving) -> None:
        lend = self._record.lend
        if lend is not None:
            self._parts.log("leaving", lease=lend.lease.lease, why=leaving.why, failed=leaving.failed)
            self._keep_anyhow(dataclasses.replace(self._record, lend=dataclasses.replace(lend, leaving=leaving)))

    def _kill(self) -> None:
        if container := self._container():
            self._parts.log("killing what is left in the container", container=container.ident[:12])
            self._parts.kernel.kill(container)

    def _unstick(self, seen: Situation) -> None:
        """Our startd is drained and nobody will restart it soon enough: ended once it says that it still is drained."""
        pid, now_s = self._lock[1], seen.now.boottime_s
        due = self._unstuck_s is None or now_s - self._unstuck_s >= UNSTICK_S
        if pid is not None and due and self._parts.drain.confirmed(now_s):
            self._unstuck_s = now_s
            self._parts.log("ending our own drained startd", pid=pid, drained_s=round(seen.drained_s, 1))
            self._parts.kernel.end_startd(pid)

    def _tell_leave(self, seen: Situation) -> None:
        lend = self._record.lend
        if lend is None or lend.leaving is None or lend.container is None:
            return
        try:
            self._tell(controls.leave(lend.lease, self._parts.pages.serial, seen.now))
        except CommandFailed as failed:
            self._parts.log("PID 1 cannot be told to leave; it will be killed", problem=failed.diagnosis())

    def _tell(self, control: Control) -> None:
        said = self._said
        moved_s = abs(control.until_boottime_s - said.until_boottime_s) if said else 0.0
        leave_again = control.phase is ControlPhase.LEAVE and said is not None and said.phase is control.phase
        if said is None or said.phase is not control.phase or (moved_s > UNTIL_S and not leave_again):
            self._parts.run_dir.write(NodeFile.CONTROL, controls.text(control))
            self._said = control

    def _forget(self, last_words: str) -> None:
        """The container is gone for good."""
        lend = self._record.lend
        self._parts.yard.problem = ""
        if lend is None or lend.leaving is None:
            return
        why = lend.leaving.why + (f" ({last_words})" if last_words else "")
        self._parts.log("lend is over", lease=lend.lease.lease, why=why)
        self._ended = (lend.lease.lease, why) if lend.leaving.failed else None
        self._refused, self._said = "", None
        self._parts.run_dir.clear()
        self._keep_anyhow(dataclasses.replace(self._record, lend=None))

    # --- following up ---

    def _follow_up(self, seen: Situation) -> None:
        """Questions and reports, by the phase we are in now."""
        now_s, lend = seen.now.boottime_s, self._record.lend
        base_s = self._base_poll_s(now_s)
        if not 0.5 * base_s <= self._poll_s <= 1.5 * base_s:
            self._poll_s = base_s * self._parts.jitter()
        if lend is not None and lend.container is not None and lend.leaving is None and lend.went:
            started = Started(ident=lend.container.ident, pid=lend.container.pid)
            self._parts.yard.patrol(lend.lease, started, now_s)
            if (met := self._parts.yard.renew(now_s)) is not None:
                self._parts.log("the container's token could not be renewed yet", problem=met.diagnosis())
        if lend is None:
            self._parts.yard.check(now_s, min(CHECK_S, self._settings.poll_local_s))
        regular = self._lock[0] is LockHolder.REGULAR
        self._parts.drain.tick(now_s, lent=lend is not None, regular=regular)
        pages = self._parts.pages
        self._parts.recorder.tick(present_of(self._settings, seen, pages.nonce, pages.newest))
        self._parts.reporter.tick(self._report(seen), now_s)

    def _base_poll_s(self, now_s: float) -> float:
        match self._phase:
            case KeeperPhase.IDLE | KeeperPhase.FAILED:
                return self._settings.poll_local_s
            case KeeperPhase.PREPARING | KeeperPhase.ARMED | KeeperPhase.HOLDING:
                return self._settings.arm_poll_s
            case KeeperPhase.FLOCKING if self._went_s is not None and now_s - self._went_s < START_S:
                return self._settings.arm_poll_s
            case KeeperPhase.FLOCKING | KeeperPhase.LEAVING:
                return self._settings.poll_flock_s
        assert_never(self._phase)

    def _home_problem(self, seen: Situation) -> str:
        """Why nothing can be lent here now; empty if it can. A lease that is no longer renewed is in nobody's way."""
        named = self._parts.pages.named
        if named and self._ended and seen.held is not None and seen.held.lease.lease == self._ended[0]:
            return self._ended[1]
        asked = (self._parts.quarantine.problem(), self._parts.yard.problem, self._parts.pages.problem)
        problem = next(filter(None, asked), ABANDONED if seen.abandoned else "")
        return problem or (why_not_begin(seen) if named else "")

    def _report(self, seen: Situation) -> KeeperReport:
        lend, problem = self._record.lend, self._home_problem(seen)
        if lend is not None:
            problem = lend.leaving.why if lend.leaving else ""
        gone = self._phase in {KeeperPhase.IDLE, KeeperPhase.FAILED}
        return KeeperReport(
            nonce=self._parts.pages.nonce,
            phase=self._phase,
            lock=self._lock[0],
            lease=lend.lease.lease if lend and not gone else None,
            container=lend.container.ident if lend and lend.container and not gone else None,
            image=lend.lease.image if lend and not gone else None,
            problem=problem or None,
            sent_at_s=seen.now.wall_s,
            heard_at_s=0.0,
            version=self._parts.version,
            leak_at_s=self._leak.at_s,
            spooled=self._parts.recorder.spooled,
            address=self._settings.flock_address if lend and not gone else "",
            mac=self._settings.flock_mac.lower() if lend and not gone else "",
            quarantine=self._parts.quarantine.done,
        )

    def _pause(self, act: Act) -> float:
        if isinstance(act, Depart | Begin):
            return 0.0
        parts = self._parts
        if any(part.busy for part in (parts.yard, parts.pages, parts.reporter, parts.drain, parts.quarantine)):
            return BRISK_S
        match self._phase:
            case KeeperPhase.LEAVING if parts.quarantine.holds:
                return HOME_S
            case KeeperPhase.IDLE | KeeperPhase.FAILED:
                return min(HOME_S, self._poll_s)
            case KeeperPhase.FLOCKING:
                return FLOCK_S
            case _:
                return BRISK_S

    # --- remembering ---

    def _keep(self, record: Record) -> None:
        self._parts.run_dir.write(NodeFile.LEND, lends.to_json(record))
        self._record = record

    def _keep_anyhow(self, record: Record) -> None:
        """On the way home: goes on also when nothing can be written."""
        self._record = record
        try:
            self._keep(record)
        except CommandFailed as failed:
            self._parts.log("the record cannot be written; going on", problem=failed.diagnosis())

    def _remembered(self) -> Record:
        text = self._parts.run_dir.read(NodeFile.LEND)
        try:
            return lends.from_json(text) if text else Record()
        except LeaseRefused as refused:
            self._parts.log("record of the lend lost; its container will be removed", problem=str(refused))
            return Record()

