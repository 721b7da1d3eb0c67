"""Takes all of one thing, and stops a little beyond where a limit must be: `python3 -m job.greedy WHAT LIMIT`."""

import os
import signal
import sys

BLOCK = 1 << 20


def processes(limit: int) -> int:
    """A fork bomb that counts: how many children could be had. All end at once."""
    children: list[int] = []
    try:
        while len(children) < limit:
            pid = os.fork()
            if pid == 0:
                signal.pause()
            children.append(pid)
    except OSError:
        pass
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    return len(children)


def memory(limit: int) -> int:
    """MiB that could be had and touched. Whoever runs out of memory is killed before this returns."""
    held: list[bytes] = []
    while len(held) < limit:
        held.append(b"\1" * BLOCK)
        if len(held) % 16 == 0:
            print(len(held), flush=True)
    return len(held)


def disk(limit: int) -> int:
    """MiB that could be written to the sandbox."""
    written = 0
    try:
        with open("big", "wb") as file:
            while written < limit:
                file.write(b"\0" * BLOCK)
                file.flush()
                written += 1
    except OSError:
        pass
    os.unlink("big")
    return written


def files(limit: int) -> int:
    """Descriptors that could be had."""
    held: list[int] = []
    try:
        while len(held) < limit:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    return len(held)


if __name__ == "__main__":
    WHAT = {"processes": processes, "memory": memory, "disk": disk, "files": files}
    print("took", WHAT[sys.argv[1]](int(sys.argv[2])), flush=True)
