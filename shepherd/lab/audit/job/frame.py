"""What every probe needs. Runs within a flocked job, on the image's own Python; standard library only.

A probe returns what it got: `True` if the door opened, `False` if it is shut, or a text for a door that is open. It
never walks through: it opens for writing without writing, and signals with number 0.
"""

import contextlib
import ctypes
import errno
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence

Probe = Callable[[], "bool | str"]
PROBES: dict[str, tuple[str, Probe]] = {}
LIBC = ctypes.CDLL(None, use_errno=True)
PATIENCE_S = 2.0
AT_ONCE = 12
NETWORK = "net-"
OUR_OWN = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EFAULT}
"""Errors that say nothing of a door: the probe could not be made."""


def probe(ident: str, tries: str) -> Callable[[Probe], Probe]:
    """Register a probe: `tries` says what a guest would be after."""

    def register(function: Probe) -> Probe:
        PROBES[ident] = (tries, function)
        return function

    return register


def run_all(only: str = "") -> None:
    """Run those whose id begins so, and tell each outcome as a line of JSON.

    Those of the network wait most of the time and run together; the others would see each other.
    """
    wanted = [ident for ident in PROBES if ident.startswith(only)]
    patient = [ident for ident in wanted if ident.startswith(NETWORK)]
    for batch in ([ident] for ident in wanted if ident not in patient):
        tell(batch)
    for first in range(0, len(patient), AT_ONCE):
        tell(patient[first : first + AT_ONCE])


def tell(idents: Sequence[str]) -> None:
    """Run these at once, and tell what each came to."""
    children = [begun(PROBES[ident][1]) for ident in idents]
    for ident, child in zip(idents, children, strict=True):
        print(json.dumps({"id": ident, "tries": PROBES[ident][0], **ended(*child)}), flush=True)


def begun(function: Probe) -> tuple[int, int]:
    """A process of its own makes the probe, because the kernel may kill for what is tried; it, and where it tells."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, json.dumps(outcome(function)).encode())
        os._exit(0)
    os.close(write)
    return child, read


def ended(child: int, read: int) -> dict[str, object]:
    """What a probe came to."""
    with os.fdopen(read, "rb") as told:
        text = told.read()
    _, status = os.waitpid(child, 0)
    if text:
        found: dict[str, object] = json.loads(text)
        return found
    by_the_kernel = os.WIFSIGNALED(status) and os.WTERMSIG(status) in {signal.SIGSYS, signal.SIGKILL}
    return {"got": "shut" if by_the_kernel else "broken", "detail": f"ended with status {status}"}


def outcome(function: Probe) -> dict[str, object]:
    """`open` or `shut`, and what was seen. An error of the system is a shut door; one of ours is neither."""
    try:
        got = function()
    except OSError as exc:
        got = "broken" if exc.errno in OUR_OWN else "shut"
        return {"got": got, "detail": errno.errorcode.get(exc.errno or 0, str(exc))}
    except Exception as exc:
        return {"got": "broken", "detail": repr(exc)}
    return {"got": "open" if got else "shut", "detail": got if isinstance(got, str) else ""}


def call(number: int, *arguments: object) -> int:
    """A system call. Raises OSError."""
    result: int = LIBC.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def can_open(path: str, flags: int = os.O_RDONLY) -> bool:
    """Whether a file opens; nothing is read or written."""
    os.close(os.open(path, flags))
    return True


def openable(folder: str, names: Sequence[str], flags: int) -> str:
    """Which of these files open."""
    found = []
    for name in names:
        with contextlib.suppress(OSError):
            can_open(f"{folder}/{name}", flags)
            found.append(name)
    return " ".join(found)


def listed(path: str, but: Callable[[str], bool] = lambda _name: False) -> str:
    """What a directory shows besides what is expected there."""
    return " ".join(name for name in sorted(os.listdir(path)) if not but(name))[:200]


def connects(address: str, port: int, within_s: float = PATIENCE_S) -> bool:
    """Whether anybody answers."""
    return bool(answer_of(address, port, within_s))


def answer_of(address: str, port: int, within_s: float = PATIENCE_S) -> str:
    """What answers; empty if nobody does. A refusal is an answer, too; the firewall's own come as ICMP."""
    with socket.socket(socket.AF_INET) as conversation:
        conversation.settimeout(within_s)
        code = conversation.connect_ex((address, port))
        own = conversation.getsockname()
    return {0: f"a connection from {own}", errno.ECONNREFUSED: f"a refusal to {own}"}.get(code, "")


def family() -> set[int]:
    """Our own processes: all that run this very program, and PID 1 of this namespace if it is the job's own."""
    running = (int(name) for name in os.listdir("/proc") if name.isdigit())
    own = {pid for pid in running if pid == os.getpid() or is_ours(pid)}
    return own | ({1} if in_own_namespace() else set())


def is_ours(pid: int) -> bool:
    """Whether a process runs this very program: HTCondor's starter, further up, does not."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"job.probes" in file.read()
    except OSError:
        return False


def in_own_namespace() -> bool:
    """Whether PID 1 is the job's keeper, and not the pilot's."""
    try:
        with open("/proc/1/cmdline", "rb") as file:
            return b"flock-job" in file.read()
    except OSError:
        return False


def strangers() -> Iterator[int]:
    """Processes that are visible and not ours."""
    ours = family()
    yield from (int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in ours)


def reached(action: Callable[[int], object]) -> str:
    """The strangers on which something succeeds."""
    found = []
    for pid in strangers():
        try:
            if action(pid):
                found.append(str(pid))
        except OSError:
            continue
    return " ".join(found)


def fact(name: str) -> str:
    """What the audit told this job: NAME=VALUE arguments."""
    for argument in sys.argv[1:]:
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return ""
