"""Kills a writer of the ledger at every single system call it makes. Run as a program of its own.

    python -m tests.edges.ledger_crasher TEMPLATE PLACE FIRST STEP

For the n-th system call (n = FIRST, FIRST + STEP, …) a fresh copy of TEMPLATE is made in PLACE/n, and a forked
writer is traced into it and killed (SIGKILL) when it is about to make that call. What it had been promised
before, it wrote to PLACE/n/promised. Ends with the first n that the writer survives, and prints it.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import sys
from collections.abc import Callable

from tests.edges.ledgers import DAY_S, MARCH_1, ledger_in, note, switch, switched

TRACEME, SYSCALL, SETOPTIONS = 0, 24, 0x4200
EXITKILL = 0x100000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long

Write = Callable[[pathlib.Path], None]
"""What is done in a directory until it is killed."""


def ptrace(request: int, pid: int, data: int = 0) -> None:
    if libc.ptrace(request, pid, None, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace request {request}")


def write(place: pathlib.Path) -> None:
    """What a daemon does around midnight; each promise is noted down as soon as `append` returned."""
    promised = os.open(place / "promised", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    ledger = ledger_in(place)
    late = MARCH_1 + DAY_S - 1
    ledger.append([note("b1", late), note("b2", late), switched(switch("p221"), late)])
    os.write(promised, b"b")
    ledger.publish_present({"schema": 1})
    ledger.append([note("c1", late + 2), note("c2", late + 2)])
    os.write(promised, b"c")
    ledger.append([note("d1", late + 3)])
    os.write(promised, b"d")
    ledger.close()


def writer(place: pathlib.Path, write: Write) -> int:
    """A child that writes once it is traced. Its number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        ptrace(TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        write(place)
        code = 0
    finally:
        os._exit(code)


def killed_at(step: int, place: pathlib.Path, write: Write) -> bool:
    """Whether the writer was still at it when its `step`-th system call came."""
    pid = writer(place, write)
    os.waitpid(pid, 0)
    ptrace(SETOPTIONS, pid, EXITKILL)
    for _ in range(2 * step - 1):
        ptrace(SYSCALL, pid)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status):
            if os.WEXITSTATUS(status):
                sys.exit("the writer failed by itself")
            return False
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


def main(template: pathlib.Path, place: pathlib.Path, first: int, stride: int, write: Write = write) -> None:
    step = first
    while True:
        shutil.copytree(template, place / str(step))
        if not killed_at(step, place / str(step), write):
            break
        step += stride
    sys.stdout.write(f"{step}\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
