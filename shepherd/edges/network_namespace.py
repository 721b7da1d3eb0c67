"""Doing something in another network namespace, in a thread of its own: ours stays where it is."""

import ctypes
import os
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
NETWORK = 0x40000000
"""CLONE_NEWNET (linux/sched.h)."""


def within(pid: int, work: Callable[[], T]) -> T:
    """What `work` returns there. Sockets stay in the namespace that they were made in. Raises OSError, and what `work`
    raises."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            enter(pid)
            done.append(work())
        except BaseException as exc:  # noqa: BLE001 - handed on to the caller
            failed.append(exc)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    for exc in failed:
        raise exc
    return done[0]


def enter(pid: int) -> None:
    """The calling thread is there from now on. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    place = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(place, NETWORK):
            number = ctypes.get_errno()
            raise OSError(number, f"{os.strerror(number)} (network namespace of process {pid})")
    finally:
        os.close(place)
