"""Another guest's job, careless in every way: what it leaves open must be open to nobody else."""

import contextlib
import ctypes
import os
import socket
import sys
import time

SECRET = "the-other-guests-secret"  # noqa: S105 - what the probes look for
KEY = 0x5EC4E7
NAME = "shepherd-victim"
PORT = 38123
PLACES = ("/tmp", "/var/tmp", "/dev/shm")
LIBC = ctypes.CDLL(None, use_errno=True)
IPC_CREAT, WORLD = 0o1000, 0o666
MQ_OPEN, O_CREAT, O_RDWR = 240, 0o100, 2


def main() -> None:
    """Leave everything open for so many seconds."""
    os.umask(0)
    for place in PLACES:
        with contextlib.suppress(PermissionError), open(f"{place}/{NAME}", "w") as file:
            file.write(SECRET)
    for make in (LIBC.shmget(KEY, 4096, IPC_CREAT | WORLD), LIBC.msgget(KEY, IPC_CREAT | WORLD)):
        if make < 0:
            raise OSError(ctypes.get_errno(), "IPC")
    if LIBC.syscall(MQ_OPEN, NAME.encode(), O_CREAT | O_RDWR, WORLD, None) < 0:
        raise OSError(ctypes.get_errno(), "POSIX queue")
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0{NAME}")
    abstract.listen()
    tcp = socket.create_server(("", PORT))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("", PORT))
    LIBC.prctl(4, 1, 0, 0, 0)  # dumpable: whoever may trace us, can
    print("open", flush=True)
    until_s = time.monotonic() + float(sys.argv[1])
    for listener in (abstract, tcp, udp):
        listener.settimeout(0.2)
    while time.monotonic() < until_s:
        for listener, wait in ((abstract, abstract.accept), (tcp, tcp.accept), (udp, lambda: udp.recvfrom(64))):
            try:
                met = wait()
            except TimeoutError:
                continue
            print(f"met {listener.family.name} {met[1]!r}", flush=True)
            if listener is udp:
                udp.sendto(b"hello", met[1])


if __name__ == "__main__":
    main()
