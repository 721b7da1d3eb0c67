"""What root of the container tries, should a guest have become it: `python3 -m job.rooted NAME=VALUE…`.

Runs by `docker exec` and not as a job: within the container's walls, outside of the job's.
"""

import ctypes
import fcntl
import functools
import os
import socket
import struct

from . import frame, kernel
from .frame import LIBC, can_open, openable, probe

BY_DESIGN = {"unshare-accounts", "clone-accounts"}
"""A job's walls are built with accounts of their own."""
AS_FOR_JOBS = ("sysctls", "sysrq", "memory", "new-privileges", "filter")
READ_FLAGS, WRITE_FLAGS = 0x8913, 0x8914
REMOUNT_AND_BIND = 32 | 4096
FORBIDDEN = "usr/bin/shepherd-probe", "etc/condor/config.d/shepherd-probe", "usr/local/libexec/shepherd/probe"

for _name, (_what, _number, _arguments) in kernel.CALLS.items():
    if _name not in BY_DESIGN:
        probe(f"root-{_name}", f"{_what}, as the container's root")(
            functools.partial(kernel.tried, _number, _arguments)
        )
for _name in AS_FOR_JOBS:
    _what, _function = frame.PROBES[f"kernel-{_name}"]
    probe(f"root-{_name}", f"{_what}, as the container's root")(_function)


@probe("root-first-process", "PID 1, which holds the host lock and knows the end of the lease")
def _() -> bool:
    return can_open("/proc/1/mem", os.O_RDWR)


@probe("root-raw-socket", "packets of its own making")
def _() -> bool:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    return True


@probe("root-packet-socket", "frames of its own making, and reading those of others")
def _() -> bool:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    return True


@probe("root-interface", "changing its network interface")
def _() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        asked = struct.pack("16sH14s", b"lo", 0, b"")
        fcntl.ioctl(one, WRITE_FLAGS, fcntl.ioctl(one, READ_FLAGS, asked))
    return True


@probe("root-write-image", "changing the image's programs and settings")
def _() -> str:
    found = openable("", FORBIDDEN, os.O_WRONLY | os.O_CREAT)
    for path in found.split():
        os.unlink(f"/{path}")
    return found


@probe("root-remount", "making its own lease writable")
def _() -> bool:
    if LIBC.mount(b"none", b"/run/flock", None, ctypes.c_ulong(REMOUNT_AND_BIND), None) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    return True


@probe("root-control", "writing its own lease")
def _() -> str:
    return openable("/run/flock", ("control", "token", "host.lock"), os.O_WRONLY)


@probe("root-host-disk", "the host's disks")
def _() -> str:
    return " ".join(name for name in os.listdir("/dev") if name.startswith(("vd", "sd", "nvme", "dm-", "loop", "mem")))


NAMES = tuple(name for name in frame.PROBES if name.startswith("root-"))

if __name__ == "__main__":
    frame.run_all("root-")
