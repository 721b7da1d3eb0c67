"""Turns process events into what ran when: startds on each side, and guests' processes in each container.

No clock and no kernel of its own: `look` tells it where a process is and what it runs, so it can be tested with a list.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

from shepherd.lab.procevents import Kind, ProcEvent
from shepherd.lab.spans import Span

NS = 1e-9


class Side(Enum):
    """Whose startd."""

    REGULAR = "regular"
    FLOCKING = "flocking"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a process lives: a host, and a container there or not. `first` says that it is the container's PID 1."""

    host: str
    container: str = ""
    first: bool = False


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a process was when it was looked at."""

    place: Place
    program: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """One life of a process; `end_ns` is 0 while it lives."""

    host: str
    pid: int
    start_ns: int
    end_ns: int = 0

    def span(self, now_ns: int) -> Span:
        """Its life so far."""
        return Span(start_s=self.start_ns * NS, end_s=(self.end_ns or now_ns) * NS)


@dataclass(frozen=True, kw_only=True)
class StartdRun(Run):
    """One life of a condor_startd."""

    side: Side


@dataclass(frozen=True, kw_only=True)
class GuestRun(Run):
    """One life of a process in a container, its PID 1 left out."""

    program: str
    """What it executed last; its parent's until it has executed anything."""


@dataclass(kw_only=True)
class HerdLog:
    """Feed it every event in order; ask it for runs and guests' times at any moment."""

    look: Callable[[int], Look | None]
    _places: dict[int, Place] = field(default_factory=dict)
    _running: dict[int, StartdRun] = field(default_factory=dict)
    _finished: list[StartdRun] = field(default_factory=list)
    _guests: dict[int, GuestRun] = field(default_factory=dict)
    _gone_guests: list[GuestRun] = field(default_factory=list)

    def take(self, event: ProcEvent) -> None:
        """Take in one event."""
        match event.kind:
            case Kind.FORK:
                self._forked(event)
            case Kind.EXEC:
                self._executed(event.pid, event.at_ns)
            case Kind.EXIT:
                self._exited(event)

    def already_there(self, pid: int, at_ns: int) -> None:
        """A process that was running before the first event."""
        self._executed(pid, at_ns)

    def _forked(self, event: ProcEvent) -> None:
        parent = self._places.get(event.parent)
        if parent is None:
            return
        place = Place(host=parent.host, container=parent.container)
        self._places[event.pid] = place
        if place.container:
            parent_run = self._guests.get(event.parent)
            program = parent_run.program if parent_run else "PID 1"
            self._guests[event.pid] = GuestRun(host=place.host, pid=event.pid, program=program, start_ns=event.at_ns)

    def _executed(self, pid: int, at_ns: int) -> None:
        seen = self.look(pid)
        if seen is None:
            return
        self._places[pid] = seen.place
        if seen.place.container and not seen.place.first:
            start_ns = self._guests[pid].start_ns if pid in self._guests else at_ns
            self._guests[pid] = GuestRun(host=seen.place.host, pid=pid, program=seen.program, start_ns=start_ns)
        if seen.program == "condor_startd":
            side = Side.FLOCKING if seen.place.container else Side.REGULAR
            self._running[pid] = StartdRun(host=seen.place.host, side=side, pid=pid, start_ns=at_ns)

    def _exited(self, event: ProcEvent) -> None:
        self._places.pop(event.pid, None)
        run = self._running.pop(event.pid, None)
        if run is not None:
            self._finished.append(replace(run, end_ns=event.at_ns))
        guest = self._guests.pop(event.pid, None)
        if guest is not None:
            self._gone_guests.append(replace(guest, end_ns=event.at_ns))

    def runs(self, host: str, side: Side) -> list[StartdRun]:
        """Lives of a host's startds on one side, in order."""
        every = [*self._finished, *self._running.values()]
        return sorted((r for r in every if r.host == host and r.side is side), key=lambda r: r.start_ns)

    def guests(self, host: str) -> list[GuestRun]:
        """Lives of all processes in containers of the host, besides the waiting PID 1."""
        every = [*self._gone_guests, *list(self._guests.values())]
        return [guest for guest in every if guest.host == host]
