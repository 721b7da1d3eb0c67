"""Files that tests leave open: those of things that live until a test's end, and a limit for the rest.

A worker runs a thousand tests. Beyond 1024 open files select() refuses what the lab reads, far from who left them open.
"""

import gc
import os
from collections import Counter
from typing import Protocol, TypeVar

MOST = 300
"""What pytest, a site and its watch keep open together is below 100."""


class Closable(Protocol):
    """What holds files."""

    def close(self) -> None:
        """Idempotent."""


_open: list[Closable] = []
T = TypeVar("T", bound=Closable)


def closed_at_the_end(thing: T) -> T:
    """`thing`, which is closed when the test that asked for it is over."""
    _open.append(thing)
    return thing


def close_all() -> None:
    """The last first."""
    while _open:
        _open.pop().close()


def too_many_open() -> str:
    """What is open, if it is more than `MOST`, garbage aside; else the empty string."""
    if len(os.listdir("/proc/self/fd")) <= MOST:
        return ""
    gc.collect()
    kinds = Counter(_kind(number) for number in os.listdir("/proc/self/fd"))
    if kinds.total() <= MOST:
        return ""
    most = ", ".join(f"{count} of {kind}" for kind, count in kinds.most_common(5))
    return f"{kinds.total()} files are open after this test: {most}"


def _kind(number: str) -> str:
    try:
        path = os.readlink(f"/proc/self/fd/{number}")
    except FileNotFoundError:
        return "one just closed"
    return path.partition(":")[0] if ":" in path else path.rpartition("/")[2]
