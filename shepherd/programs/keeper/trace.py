"""What a host's keeper records: the herd it is in, what its containers' startds write about jobs, and their flows.

All of it is done beside the keeper's loop, one look at a time: a disk that hangs holds up nobody. A look reads, appends
to the spool, and only then remembers how far it has read, so that whatever dies in between loses nothing; what is told
twice then has the same key.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from shepherd.core.container.spec import FIRST_SLOT_UID, SLOTS
from shepherd.core.lease.judge import Instant
from shepherd.core.trace import remembered as memories
from shepherd.core.trace.jobs import Jobs, Place
from shepherd.core.trace.remembered import Remembered
from shepherd.core.trace.startd_files import Read, ads, events, histories
from shepherd.errors import CommandFailed, ShepherdError, TraceRefused
from shepherd.model.container import Container
from shepherd.model.node_settings import NodeSettings
from shepherd.model.stop import Running
from shepherd.model.trace import EndSeen, Gap, StayBegun, StayEnded, TraceRecord
from shepherd.ports import Clock, Log
from shepherd.ports_trace import FlowWatch, JobFiles, Memory, SpoolWriter, StartdFile
from shepherd.programs.errand import Background, Errand
from shepherd.programs.keeper.present import Present, running_in
from shepherd.programs.trace.log_shipper import LogShipper

LOOK_S = 1.0
"""How often a lent host's files are read."""
HOME_LOOK_S = 30.0
"""How often those of a host without a container."""
LATE_S = 5.0
"""What is found ended after so long without a look ended some time in between."""
ROUNDS = 8
"""Reads of one file in one look, at most."""
FULL_S = 60.0
"""While its files are full, that is told so often."""
REMEMBER_S = 30.0
"""When nothing else has changed, that is written down so often."""
TICKS_PER_S = 100.0
"""USER_HZ, as /proc has it."""
PENDING_MOST = 20_000
"""Records that wait for the spool; beyond it nothing more is read."""
MORE_WAITING = 20
"""For so many segments that were not stored yet, sealing takes twice as long: a shepherd that is away for a week must
not find a million of them."""

T = TypeVar("T")


class NoFlows:
    """`ports_trace.FlowWatch` where nobody watches."""

    def follow(self, pid: int | None) -> None:
        """See the port."""

    def records(self) -> Sequence[TraceRecord]:
        """See the port."""
        return ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recording:
    """What a recorder works with."""

    spool: SpoolWriter
    files: JobFiles
    memory: Memory
    flows: FlowWatch
    clock: Clock
    log: Log
    shipper: LogShipper | None = None
    """Who sends the container's own logs on; None: nobody."""


class Recorder:
    """The loop's side: begins a look when one is due."""

    def __init__(self, settings: NodeSettings, recording: Recording, background: Background) -> None:
        self._scribe = Scribe(settings, recording)
        self._log = recording.log
        self._errand: Errand[int] = Errand(background)
        self._looked_at: Present | None = None
        self._problem = ""
        self._noted: list[TraceRecord] = []
        self.spooled = 0
        """Number of the newest sealed segment."""

    @property
    def running(self) -> Running | None:
        """What runs in the container, as of the last look; None: not known."""
        return self._scribe.running

    def note(self, records: Sequence[TraceRecord]) -> None:
        """Record what another part of the keeper did, at the next look."""
        self._noted += records

    def adopt(self, settings: NodeSettings) -> None:
        """Go on with other settings; the spool stays where it is."""
        self._scribe.settings = settings

    def tick(self, present: Present) -> None:
        """Take in what came back; look again if it is time, or something has changed."""
        outcome = self._errand.take()
        if isinstance(outcome, ShepherdError):
            self._complain(outcome.diagnosis())
        elif outcome is not None:
            self._complain("")
            self.spooled = outcome
        noted = tuple(self._noted)
        if self._is_due(present) and self._errand.start(lambda: self._scribe.look(present, noted)):
            self._looked_at = present
            del self._noted[: len(noted)]

    def _is_due(self, present: Present) -> bool:
        before = self._looked_at
        if before is None or self._noted:
            return True
        changed = dataclasses.replace(before, now=present.now) != present
        every_s = LOOK_S if present.container else HOME_LOOK_S
        return changed or present.now.boottime_s - before.now.boottime_s >= every_s

    def _complain(self, problem: str) -> None:
        if problem and problem != self._problem:
            self._log("what happens here cannot be recorded", problem=problem)
        self._problem = problem


class Scribe:
    """One look after the other, elsewhere. Whatever it cannot write now it has at the next look."""

    def __init__(self, settings: NodeSettings, recording: Recording) -> None:
        self.settings, self._recording = settings, recording
        self.running: Running | None = None
        self._spool, self._files = recording.spool, recording.files
        self._state: Remembered | None = None
        self._pending: list[TraceRecord] = []
        self._leases: set[str] = set()
        """Leases that this process has seen."""
        self._is_first = True
        self._uncleared = False
        self._sealed_s = float("-inf")
        self._stored = 0
        self._written = ("", 0.0)
        """What was remembered last, and when."""
        self._strange: dict[str, float] = {}
        """What was complained of in this container, and until when."""

    def look(self, present: Present, noted: Sequence[TraceRecord] = ()) -> int:
        """See everything, write it down, and what others `noted`. The number of the newest sealed segment. Raises
        CommandFailed, Unavailable."""
        self._pending += noted
        state = self._state = self._state or self._recalled(present)
        urgent = self._follow(state, present)
        self.running = running_in(state, present.now)
        self._recording.flows.follow(present.container.pid if present.container else None)
        self._pending += self._recording.flows.records()
        if (shipper := self._recording.shipper) is not None:
            shipper.turn(present.container, present.lease)
        state.looked_s = present.now.wall_s
        self._write(state)
        self._clear(state, present)
        self._hand_over(present, urgent=urgent)
        self._is_first = False
        return self._spool.newest

    # --- remembering ---

    def _recalled(self, present: Present) -> Remembered:
        text = self._recording.memory.read()
        if text is None:
            return Remembered(nonce=present.nonce)
        try:
            return memories.from_json(text)
        except TraceRefused as refused:
            self._recording.log("what was recorded last is lost", problem=str(refused))
            self._gap("jobs", 0.0, present.now.wall_s, str(refused))
            return Remembered(nonce=present.nonce)

    def _write(self, state: Remembered) -> None:
        """The spool first: what was read and not told is read again."""
        if self._pending:
            self._spool.append(self._pending)
            self._pending = []
        timeless = memories.to_json(dataclasses.replace(state, looked_s=0.0))
        if timeless != self._written[0] or state.looked_s - self._written[1] >= REMEMBER_S:
            self._recording.memory.write(memories.to_json(state))
            self._written = (timeless, state.looked_s)
        if state.jobs is not None and state.stay is not None:
            for name, offset in state.offsets.items():
                with contextlib.suppress(CommandFailed):  # reading it has told why
                    self._files.forget(state.stay.lease, StartdFile(name), offset)

    def _hand_over(self, present: Present, *, urgent: bool) -> None:
        """Drop what is stored; seal what is due."""
        if present.stored != self._stored:
            self._spool.drop(present.stored)
            self._stored = present.stored
        waiting = max(self._spool.newest - self._stored, 0) if self._stored else 0
        every_s = self.settings.trace_s * (1 + waiting / MORE_WAITING)
        now_s = present.now.boottime_s
        if urgent or now_s - self._sealed_s >= every_s:
            self._spool.seal()
            self._sealed_s = now_s

    # --- stays ---

    def _follow(self, state: Remembered, present: Present) -> bool:
        """Whether something has changed that the shepherd should hear of soon."""
        if len(self._pending) > PENDING_MOST:
            raise CommandFailed("the spool takes nothing, and too much waits for it")
        if state.nonce != present.nonce:
            self._booted(state, present)
        stay, container = state.stay, present.container
        goes_on = stay is not None and stay.container == (container.ident if container else "")
        if goes_on and container is not None:
            # Not `present.now`: whoever was stopped meanwhile reads what was written later.
            self._read(state, self._recording.clock.wall_s(), is_all=False)
        if goes_on:
            return False
        silence_s = present.now.wall_s - state.looked_s
        is_late = self._is_first or (state.jobs is not None and silence_s > LATE_S)
        at_s = self._since_s(container, present.now) if container else present.now.wall_s
        self._leave(state, at_s, EndSeen.BY_LOOK if is_late else EndSeen.SEEN)
        self._enter(state, present, at_s)
        return stay is not None

    def _enter(self, state: Remembered, present: Present, at_s: float) -> None:
        container, settings = present.container, self.settings
        if container is None:
            herd = StayBegun(source=settings.host, host=settings.host, at_s=at_s, herd="local")
        else:
            herd = StayBegun(
                source=settings.host,
                host=settings.host,
                at_s=at_s,
                herd="flock",
                lease=present.lease,
                container=container.ident,
                image=present.image,
                address=settings.flock_address,
                mac=settings.flock_mac.lower(),
            )
            state.jobs, state.offsets, self._strange = Jobs(place=self._place(herd)), {}, {}
        self._pending.append(herd)
        state.stay = herd

    def _since_s(self, container: Container, now: Instant) -> float:
        """When its PID 1 began, by the wall clock of now."""
        return min(now.wall_s - now.boottime_s + container.start_ticks / TICKS_PER_S, now.wall_s)

    def _place(self, stay: StayBegun) -> Place:
        return Place(
            source=stay.source,
            host=stay.host,
            container=stay.container,
            since_s=stay.at_s,
            first_uid=FIRST_SLOT_UID,
            slots=SLOTS,
        )

    def _leave(self, state: Remembered, at_s: float, how: EndSeen) -> None:
        """End what is open, with all that was written about it until then."""
        if state.stay is None:
            return
        if state.jobs is not None:
            self._read(state, at_s, is_all=True)
        why = "" if how is EndSeen.SEEN else "found ended by a keeper that was away"
        self._close(state, at_s, how, why)

    def _close(self, state: Remembered, at_s: float, how: EndSeen, why: str) -> None:
        stay, jobs = state.stay, state.jobs
        if stay is None:
            return
        if jobs is not None:
            with_it = EndSeen.WITH_CONTAINER if how is EndSeen.SEEN else how
            self._pending += jobs.finish(at_s, with_it, why or "the container ended")
        at_s = max(at_s, stay.at_s)
        self._pending.append(
            StayEnded(source=stay.source, host=stay.host, at_s=at_s, lease=stay.lease, how=how, why=why)
        )
        state.stay, state.jobs, state.offsets, state.full_s = None, None, {}, None

    def _booted(self, state: Remembered, present: Present) -> None:
        """Another boot: what was open ended before it began, and what lay in memory is gone."""
        booted_s = present.now.wall_s - present.now.boottime_s
        if state.jobs is not None:
            why = "the host was restarted while it was lent: what was written last is lost with its memory"
            self._gap("jobs", state.looked_s, max(booted_s, state.looked_s), why)
        if state.nonce:
            self._close(state, max(booted_s, state.looked_s), EndSeen.BY_LOOK, "the host was restarted")
        state.nonce = present.nonce

    # --- jobs ---

    def _read(self, state: Remembered, now_s: float, *, is_all: bool) -> None:
        """What the container's startd has written since. Events come first: what they need was written before them."""
        jobs, stay = state.jobs, state.stay
        if jobs is None or stay is None:
            return
        more = True
        for _ in range(ROUNDS):
            if not more:
                break
            begun, more_begun = self._part(state, StartdFile.EVENTS, events, now_s, is_all=is_all)
            told, more_told = self._part(state, StartdFile.ADS, partial(ads, is_all=is_all), now_s, is_all=is_all)
            over, more_over = self._part(state, StartdFile.HISTORY, histories, now_s, is_all=is_all)
            self._pending += jobs.learn(begun, told, over, now_s)
            more = more_begun or more_told or more_over
        if not more:
            self._pending += jobs.settle(now_s)
        self._fullness(state, stay, now_s)

    def _part(
        self, state: Remembered, file: StartdFile, parse: Callable[[bytes], Read[T]], now_s: float, *, is_all: bool
    ) -> tuple[Iterable[T], bool]:
        """What is new in one file, and whether there may be more of it."""
        if state.stay is None:
            return (), False
        offset = state.offsets.get(file.value, 0)
        try:
            data = self._files.read(state.stay.lease, file, offset)
        except CommandFailed as failed:
            self._odd(state, file.value, failed.diagnosis(), None, now_s, at_once=is_all)
            return (), False
        if is_all and not data and not offset and file is StartdFile.EVENTS:
            self._odd(state, file.value, "its startd has written no events", None, now_s, at_once=True)
        read = parse(data)
        if read.strange:
            why = f"what was not understood in {file.value}"
            self._odd(state, f"strange {file.value}", why, read.strange, now_s, at_once=True)
        state.offsets[file.value] = offset + read.consumed
        return read.found, bool(read.consumed)

    def _odd(self, state: Remembered, about: str, why: str, count: int | None, now_s: float, *, at_once: bool) -> None:
        """A hole in what is known of the jobs, until now; one that lasts is told again and again."""
        from_s = self._strange.get(about, state.stay.at_s if state.stay else now_s)
        is_more = at_once and (count is not None or now_s > from_s)
        if about not in self._strange or is_more or now_s - from_s >= FULL_S:
            self._strange[about] = max(now_s, from_s)
            self._gap("jobs", from_s, max(now_s, from_s), why, count)

    def _fullness(self, state: Remembered, stay: StayBegun, now_s: float) -> None:
        """Whether the startd can write. While it cannot, jobs may begin and end unseen."""
        try:
            is_full = self._files.is_full(stay.lease)
        except CommandFailed:
            is_full = False
        if is_full and state.full_s is None:
            state.full_s = max(state.looked_s, stay.at_s)
        if state.full_s is not None and (not is_full or now_s - state.full_s >= FULL_S):
            self._gap("jobs", state.full_s, max(now_s, state.full_s), "the container's files are full")
            state.full_s = now_s if is_full else None

    def _gap(self, what: str, from_s: float, to_s: float, why: str, count: int | None = None) -> None:
        self._pending.append(
            Gap(source=self.settings.host, what=what, from_s=from_s, to_s=to_s, count=count, why=why[:500])
        )

    def _clear(self, state: Remembered, present: Present) -> None:
        """Remove directories of lends that are over; of those that this process has not seen, at its first look only:
        later they may be somebody's who just begins."""
        kept = {present.lease, state.stay.lease if state.stay else ""}
        self._leases.add(present.lease)
        try:
            for lease in self._files.leases() - kept:
                if self._is_first or lease in self._leases:
                    self._files.remove(lease)
            self._leases &= {present.lease} | self._files.leases()
        except ShepherdError as failed:
            if not self._uncleared:
                self._recording.log("the directory of a lend that is over stays", problem=failed.diagnosis())
            self._uncleared = True
        else:
            self._uncleared = False
