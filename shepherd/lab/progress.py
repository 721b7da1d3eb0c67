"""Short lines that say what is being built and how long it has taken."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO


@dataclass(kw_only=True)
class Progress:
    """Prints `[ 12.3 s] text`; the seconds count from its creation."""

    out: TextIO | None = field(default_factory=lambda: sys.stderr)
    began_s: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, text: str) -> None:
        """Print one line at once; silent if `out` is None."""
        if self.out is None:
            return
        with self._lock, contextlib.suppress(ValueError):  # closed by whoever captures it
            print(f"[{time.monotonic() - self.began_s:6.1f} s] {text}", file=self.out, flush=True)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Announce `text` when the work inside ends, with its own duration."""
        began_s = time.monotonic()
        yield
        self.say(f"{text} ({time.monotonic() - began_s:.1f} s)")
