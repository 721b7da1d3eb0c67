"""Kills a writer of a spool at every system call it makes. Run as a program: `… PLACE`; prints how many there were.

What it had been promised is in PLACE/n/promised, a letter each; what somebody had stored by then, in PLACE/n/stored.
"""

import os
import pathlib
import signal
import sys

from tests.edges.ledger_crasher import EXITKILL, SETOPTIONS, SYSCALL, TRACEME, ptrace
from tests.edges.trace_spools import spool_in, stay


def write(place: pathlib.Path) -> None:
    """Some of a keeper's life."""
    promised = os.open(place / "promised", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    stored = os.open(place / "stored", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    spool = spool_in(place / "spool")
    for number in range(4):
        spool.append([stay(number)])
        os.write(promised, b"p")
        if number in {0, 2}:
            spool.seal()
        if number == 1:
            os.write(stored, str(spool.newest).encode())
            spool.drop(spool.newest)


def writer(place: pathlib.Path) -> int:
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


def killed_at(step: int, place: pathlib.Path) -> bool:
    """Whether the writer was still at it when its `step`-th system call came."""
    pid = writer(place)
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


def main(place: pathlib.Path) -> None:
    step = 1
    while True:
        (place / str(step)).mkdir()
        if not killed_at(step, place / str(step)):
            break
        step += 1
    sys.stdout.write(f"{step}\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
