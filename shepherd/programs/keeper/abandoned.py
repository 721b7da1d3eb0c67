"""Whether HTCondor was stopped on a host, rather than being restarted: `condor_off` is heard by nobody else."""

from shepherd.model.observation import LockHolder
from shepherd.ports_node import Kernel

GUARD_LOOK_S = 5.0
"""Whether a guard waits is asked this often: it means a look at every process of the host, and guests may have
thousands."""


class Abandonment:
    """Notices that for a while the regular startd has neither run nor waited for the host."""

    def __init__(self, kernel: Kernel, after_s: float) -> None:
        self._kernel, self._after_s = kernel, after_s
        self._from_s: float | None = None
        self._guard_seen = (float("-inf"), False)
        """When the guard was looked for, and whether it waited."""

    def is_so(self, holder: LockHolder, now_s: float) -> bool:
        """By who holds the lock now."""
        if holder in {LockHolder.REGULAR, LockHolder.GUARD} or self._guard_waits(now_s):
            self._from_s = None
            return False
        if self._from_s is None:
            self._from_s = now_s
        return now_s - self._from_s >= self._after_s

    def _guard_waits(self, now_s: float) -> bool:
        at_s, answer = self._guard_seen
        if now_s - at_s >= GUARD_LOOK_S:
            answer = self._kernel.guard_waits()
            self._guard_seen = (now_s, answer)
        return answer
