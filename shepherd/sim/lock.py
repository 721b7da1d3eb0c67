"""The host lock as the kernel keeps it: free exactly when its holder is dead."""

from collections.abc import Callable

from shepherd.sim.events import Process


class HostLock:
    """flock(2) of one file. Whoever blocks gets it in the order of asking, unless dead or stopped."""

    def __init__(self) -> None:
        self.holder: Process | None = None
        self._waiters: list[tuple[Process, Callable[[], None]]] = []

    def wait(self, process: Process, got: Callable[[], None]) -> None:
        """LOCK_EX: block until it is ours, then `got`."""
        self._waiters.append((process, got))
        process.on_continue.append(self._hand_over)
        self._hand_over()

    def waits(self, process: Process | None) -> bool:
        """Whether `process` lives and is blocked."""
        return any(waiter is process and waiter.alive for waiter, _ in self._waiters)

    def try_take(self, process: Process) -> bool:
        """LOCK_EX | LOCK_NB."""
        if self.holder is None:
            self._give(process)
        return self.holder is process

    def release(self, process: Process) -> None:
        """LOCK_UN, or the death of `process`."""
        if self.holder is process:
            self.holder = None
            self._hand_over()

    def _give(self, process: Process) -> None:
        self.holder = process
        process.on_death.append(lambda: self.release(process))

    def _hand_over(self) -> None:
        self._waiters = [pair for pair in self._waiters if pair[0].alive]
        ready = [pair for pair in self._waiters if pair[0].runs]
        if self.holder is None and ready:
            self._waiters.remove(ready[0])
            process, got = ready[0]
            self._give(process)
            got()
