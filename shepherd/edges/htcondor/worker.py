"""The process that holds HTCondor's bindings: a question on stdin, its answer on stdout, until stdin closes.

`python -m shepherd.edges.htcondor.worker COLLECTOR`; COLLECTOR may be empty (COLLECTOR_HOST of the configuration).
Nothing in here can be relied upon to end, so every question arms a timer of the kernel's own: an abandoned worker
dies by itself even while the bindings hold the interpreter's lock.
"""

import ctypes
import gc
import itertools
import os
import signal
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shepherd.edges.htcondor.frames import FrameBroken, pack, unpack, write_all

if TYPE_CHECKING:
    from shepherd.edges.htcondor.asking import Asking

GRACE_S = 2.0
"""The daemon kills at the deadline; the worker's own timer only matters when there is no daemon any more."""
TIDY_EACH = 100
"""Questions. More often, giving memory back and getting it again costs as much as a question."""


def main() -> None:
    """Answer until the daemon closes our stdin."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what the bindings print must not end up between two frames
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from shepherd.edges.htcondor.asking import Asking

    gc.disable()  # rows make no cycles, and looking for them doubles the time of a big answer
    _find_roots_tokens()
    asking = Asking(sys.argv[1] if len(sys.argv) > 1 else "")
    for number in itertools.count(1):
        try:
            request: Any = unpack(lambda size: os.read(0, size))
        except FrameBroken:
            return
        signal.setitimer(signal.ITIMER_REAL, float(request["within_s"]) + GRACE_S)
        try:
            write_all(answers, pack(_reply(asking, request)))
        except OSError:
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        if number % TIDY_EACH == 0:
            _give_memory_back()


def _reply(asking: "Asking", request: Mapping[str, Any]) -> Mapping[str, object]:
    import htcondor2

    from shepherd.edges.htcondor.asking import Refusing, Silent

    htcondor2.param["QUERY_TIMEOUT"] = str(max(1, int(float(request["within_s"]) * 0.8)))
    try:
        return {"answer": asking.answer(request["question"], request["args"])}
    except Silent as exc:
        return {"silent": str(exc)}
    except Refusing as exc:
        return {"refused": str(exc)}
    except Exception as exc:  # noqa: BLE001 - whatever the bindings raise, the daemon gets one sentence
        return {"silent": f"the question failed: {type(exc).__name__}: {exc}"}


def _find_roots_tokens() -> None:
    """Root's daemons and tools take the system's tokens; the bindings look into root's home only."""
    import htcondor2

    if os.geteuid() == 0 and not htcondor2.param.get("SEC_TOKEN_DIRECTORY"):
        htcondor2.param["SEC_TOKEN_DIRECTORY"] = htcondor2.param.get("SEC_TOKEN_SYSTEM_DIRECTORY") or ""


def _give_memory_back() -> None:
    """A big answer's ads are freed; tell the C library to return their pages. Not every C library can."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


if __name__ == "__main__":
    main()
