"""Time and processes of the fake world: what happens next, and who is alive to do it."""

import heapq
import itertools
from collections.abc import Callable

Act = Callable[[], None]


class Events:
    """The future, in order. Two things of the same instant happen in the order they were planned."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._numbers = itertools.count()
        self.pids = itertools.count(1000, 10)
        """Never used twice; the numbers between are for a process's unnamed children."""
        self._heap: list[tuple[float, int, Act]] = []
        self.after_each: Act = lambda: None
        """Called after everything that happened: who measures the world hangs here."""

    def after(self, delay_s: float, act: Act) -> None:
        """Plan `act`, `delay_s` from now."""
        heapq.heappush(self._heap, (self.now_s + delay_s, next(self._numbers), act))

    def next_s(self) -> float | None:
        """When something is planned to happen next."""
        return self._heap[0][0] if self._heap else None

    def run_until(self, until_s: float) -> None:
        """Let everything happen that is planned until then, and what follows from it."""
        while self._heap and self._heap[0][0] <= until_s:
            when_s, _, act = heapq.heappop(self._heap)
            self.now_s = max(self.now_s, when_s)
            act()
            self.after_each()
        self.now_s = max(self.now_s, until_s)


class Process:
    """Does what it planned while it lives. Stopped, it does nothing; continued, it catches up."""

    def __init__(self, events: Events, name: str) -> None:
        self.name = name
        self.pid = next(events.pids)
        self.alive = True
        self.stopped = False
        self.on_death: list[Act] = []
        """Called once, in order, at the instant of its death: what the kernel does."""
        self.on_continue: list[Act] = []
        self._events = events
        self._late: list[Act] = []

    def __repr__(self) -> str:
        state = "dead" if not self.alive else "stopped" if self.stopped else "alive"
        return f"<{self.name} {state}>"

    @property
    def runs(self) -> bool:
        """Alive and not stopped."""
        return self.alive and not self.stopped

    def after(self, delay_s: float, act: Act) -> None:
        """Plan `act` if this process is then alive; a stopped one does it when it is continued."""
        self._events.after(delay_s, lambda: self._do(act))

    def every(self, period_s: Callable[[], float], act: Act) -> None:
        """Repeat `act`, waiting anew `period_s()` after each time, until death."""

        def again() -> None:
            act()
            self.after(period_s(), again)

        self.after(period_s(), again)

    def kill(self) -> None:
        """SIGKILL: gone at once, stopped or not."""
        if not self.alive:
            return
        self.alive = False
        self._late.clear()
        for act in self.on_death:
            act()

    def stop(self) -> None:
        """SIGSTOP."""
        self.stopped = True

    def cont(self) -> None:
        """SIGCONT."""
        if not self.alive or not self.stopped:
            return
        self.stopped = False
        late, self._late = self._late, []
        for act in [*self.on_continue, *late]:
            self._do(act)

    def _do(self, act: Act) -> None:
        if self.runs:
            act()
        elif self.alive:
            self._late.append(act)
