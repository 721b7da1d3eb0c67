"""Waiting for real processes: a deadline instead of a sleep, and the last answer in the failure."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(question: Callable[[], T], deadline_s: float = 10.0, *, what: str = "") -> T:
    """The first true answer."""
    until = time.monotonic() + deadline_s
    while not (answer := question()):
        assert time.monotonic() < until, f"not within {deadline_s:g} s: {what}; last answer: {answer!r}"
        time.sleep(0.01)
    return answer


def state_of(pid: int) -> str:
    """The letter of /proc/PID/stat; empty if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def lives(pid: int) -> bool:
    """Whether it still runs code."""
    return state_of(pid) not in {"", "Z", "X"}


def start_ticks(pid: int) -> int:
    """Field 22 of /proc/PID/stat."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123
        return int(file.read().rpartition(")")[2].split()[19])
