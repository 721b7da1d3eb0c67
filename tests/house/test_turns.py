"""Tests that measure time, among tests that do not."""

import threading
from pathlib import Path

from tests.turns import turn


def test_whoever_is_alone_waits_for_the_others_and_they_for_it(tmp_path: Path) -> None:
    """A reclaim was measured at twice its time while another worker's site came up."""
    told: list[str] = []
    inside, may_end = threading.Event(), threading.Event()

    def measure() -> None:
        with turn(tmp_path, alone=True):
            told.append("alone")
            inside.set()
            may_end.wait(10)
            told.append("alone no more")

    measuring = threading.Thread(target=measure)
    with turn(tmp_path, alone=False), turn(tmp_path, alone=False):
        measuring.start()
        assert not inside.wait(0.2)
        told.append("beside others")
    assert inside.wait(10)
    threading.Timer(0.2, may_end.set).start()
    with turn(tmp_path, alone=False):
        told.append("beside others")
    measuring.join(10)
    assert told == ["beside others", "alone", "alone no more", "beside others"]
