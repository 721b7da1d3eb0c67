"""Other processes, and what jobs can share with each other besides files."""

import ctypes
import os
import socket
import struct

from .frame import LIBC, PATIENCE_S, call, can_open, connects, fact, family, probe, reached, strangers
from .victim import KEY, NAME, PORT, SECRET

PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
PROCESS_VM_READV, PIDFD_OPEN, PIDFD_GETFD = 310, 434, 438
SETNS, MQ_OPEN, KEYCTL, ADD_KEY = 308, 240, 250, 248
HIGHEST = 4096


def text_of(path: str) -> bytes:
    """A file of /proc."""
    with open(path, "rb") as file:
        return file.read(65536)


@probe("process-list", "seeing processes that are not the job's")
def _() -> str:
    return " ".join(map(str, strangers()))


@probe("process-groups", "the groups of the container's root, or of anybody else: files that are open to them")
def _() -> str:
    ours = {os.getgid(), os.getegid(), *os.getgroups()} - {os.getuid()}
    return " ".join(map(str, sorted(ours)))


@probe("process-command-lines", "their command lines")
def _() -> str:
    return reached(lambda pid: text_of(f"/proc/{pid}/cmdline"))


@probe("process-environment", "their environment, with tokens of the grid")
def _() -> str:
    return reached(lambda pid: text_of(f"/proc/{pid}/environ"))


@probe("process-memory", "their memory by /proc")
def _() -> str:
    return reached(lambda pid: can_open(f"/proc/{pid}/mem"))


@probe("process-maps", "where their memory lies")
def _() -> str:
    return reached(lambda pid: text_of(f"/proc/{pid}/maps"))


@probe("process-vm-read", "their memory by process_vm_readv")
def _() -> str:
    def read(pid: int) -> bool:
        first = int(text_of(f"/proc/{pid}/maps").split(b"-")[0] or b"0", 16)
        here = ctypes.create_string_buffer(8)
        ours = struct.pack("QQ", ctypes.addressof(here), 8)
        return call(PROCESS_VM_READV, pid, ours, 1, struct.pack("QQ", first, 8), 1, 0) == 8

    return reached(read)


@probe("process-signal", "signals to processes that are not the job's")
def _() -> str:
    ours, found = family(), []
    for pid in range(1, HIGHEST):
        try:
            os.kill(pid, 0)
        except OSError:
            continue
        if pid not in ours:
            found.append(str(pid))
    return " ".join(found)


@probe("process-trace", "tracing them")
def _() -> str:
    def seize(pid: int) -> bool:
        LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if LIBC.ptrace(PTRACE_SEIZE, pid, None, None) != 0:
            return False
        LIBC.ptrace(PTRACE_DETACH, pid, None, None)
        return True

    return reached(seize)


@probe("process-handles", "their files by pidfd")
def _() -> str:
    def take(pid: int) -> bool:
        handle = call(PIDFD_OPEN, pid, 0)
        try:
            os.close(call(PIDFD_GETFD, handle, 0, 0))
        finally:
            os.close(handle)
        return True

    return reached(take)


@probe("process-namespaces", "entering their namespaces")
def _() -> str:
    def enter(pid: int) -> bool:
        handle = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
        try:
            return call(SETNS, handle, 0) == 0
        finally:
            os.close(handle)

    return reached(enter)


@probe("ipc-shared-memory", "another job's System V memory")
def _() -> bool:
    LIBC.shmat.restype = ctypes.c_void_p
    ident = LIBC.shmget(KEY, 4096, 0)
    return ident >= 0 and LIBC.shmat(ident, None, 0o10000) not in {None, ctypes.c_void_p(-1).value}


@probe("ipc-messages", "another job's System V messages")
def _() -> bool:
    return bool(LIBC.msgget(KEY, 0) >= 0)


@probe("ipc-queue", "another job's POSIX queue")
def _() -> bool:
    os.close(call(MQ_OPEN, NAME.encode(), os.O_RDWR, 0, None))
    return True


@probe("ipc-abstract-socket", "another job's abstract socket")
def _() -> bool:
    with socket.socket(socket.AF_UNIX) as conversation:
        conversation.settimeout(PATIENCE_S)
        conversation.connect(f"\0{NAME}")
        return True


@probe("ipc-loopback", "another job's server on the loopback")
def _() -> bool:
    return connects("127.0.0.1", PORT)


@probe("ipc-own-address", "the same by the container's address")
def _() -> bool:
    return connects(fact("own"), PORT)


@probe("ipc-loopback-udp", "another job's UDP server")
def _() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as conversation:
        conversation.settimeout(PATIENCE_S)
        conversation.connect(("127.0.0.1", PORT))
        conversation.send(b"hello")
        return bool(conversation.recv(64))


@probe("ipc-broadcast", "another job's UDP server by broadcast and multicast")
def _() -> bool:
    heard = False
    for address in (fact("broadcast"), "255.255.255.255", "224.0.0.1"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as conversation:
            conversation.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            conversation.settimeout(PATIENCE_S)
            try:
                conversation.sendto(b"hello", (address, PORT))
                heard = heard or bool(conversation.recv(64))
            except OSError:
                continue
    return heard


@probe("ipc-pilot-port", "the startd's own port")
def _() -> bool:
    return connects("127.0.0.1", 9618) or connects(fact("own"), 9618)


@probe("ipc-keyring", "keys that jobs of one session share")
def _() -> bool:
    return call(KEYCTL, 0, -3, 1) > 0


@probe("ipc-add-key", "leaving a key behind")
def _() -> bool:
    return call(ADD_KEY, b"user", NAME.encode(), SECRET.encode(), len(SECRET), -4) > 0
