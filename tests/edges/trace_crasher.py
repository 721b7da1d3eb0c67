"""Kills a writer of the trace store at every single system call it makes. Run as a program of its own.

    python -m tests.edges.trace_crasher TEMPLATE PLACE FIRST STEP

As `ledger_crasher`, with another writer: around a midnight with something that began before, keys of a new subject, a
hold that is noticed, and a day that retention removes.
"""

import os
import pathlib
import sys

from tests.edges.ledger_crasher import main
from tests.edges.trace_stores import DAY_S, MARCH_1, Clock, flow, flow_over, job, segment, store_in
from tests.edges.trace_tampering import SHORT

LATE = MARCH_1 + 7 * DAY_S - 5
"""When it begins: the day of the template is old enough at midnight."""


def write(place: pathlib.Path) -> None:
    """What a daemon does; each promise is noted down as soon as the store has returned."""
    promised = os.open(place / "promised", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    clock = Clock(LATE)
    store = store_in(place, clock, SHORT)
    one = flow(LATE, 2)
    store.add(segment([one, job(LATE, 2, "bob@campus.example")], 2))
    os.write(promised, b"2")
    clock.now += 10
    store.add_all([segment([flow_over(one, clock.now)], 3), segment([job(LATE, 3, "eve@campus.example")], 4)])
    os.write(promised, b"4")
    store.upkeep()
    os.write(promised, b"u")
    store.add(segment([flow(clock.now, 5)], 5))
    os.write(promised, b"5")
    store.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), write)
