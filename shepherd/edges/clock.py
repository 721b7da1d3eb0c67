"""The Clock port: the only module that reads time."""

import time


class SystemClock:
    """The kernel's clocks."""

    def wall_s(self) -> float:
        """Epoch seconds; may jump."""
        return time.time()

    def steady_s(self) -> float:
        """CLOCK_BOOTTIME: never jumps, counts suspend, the same for every process of this boot."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
