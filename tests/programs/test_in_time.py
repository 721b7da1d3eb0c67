"""Doing something within a deadline, by a thread that nobody waits for."""

import threading
import time

import pytest

from shepherd.errors import CommandFailed, Unavailable
from shepherd.programs.checkup_wiring import in_time


def test_what_is_done_in_time_is_returned_or_raised() -> None:
    """An error within the thread was printed there, and the check took nothing for an answer."""
    assert in_time(lambda: "answer", 5.0) == "answer"

    def fails() -> str:
        raise CommandFailed("no")

    with pytest.raises(CommandFailed, match="no"):
        in_time(fails, 5.0)


def test_what_hangs_is_left_to_itself() -> None:
    """A file system that was away held the check for ever."""
    gate = threading.Event()
    began_s = time.monotonic()
    with pytest.raises(Unavailable, match=r"no answer within 0\.05 s"):
        in_time(gate.wait, 0.05)
    assert time.monotonic() - began_s < 5
    gate.set()
