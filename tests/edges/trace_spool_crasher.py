"""Kills a writer of a spool at every system call it makes. Run as a program: `… PLACE`; prints how many there were.

What it had been promised is in PLACE/n/promised, a letter each; what somebody had stored by then, in PLACE/n/stored.
"""

import os
import pathlib
import sys

from tests.edges.ledger_crasher import killed_at
from tests.edges.trace_spools import spool_in, stay


def write(place: pathlib.Path) -> None:
    """Some of a keeper's life."""
    promised = os.open(place / "promised", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    stored = os.open(place / "stored", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    spool = spool_in(place / "spool")
    for number in range(4):
        spool.append([stay(number)])
        os.write(promised, b"p")
        if number in {0, 2}:
            spool.seal()
        if number == 1:
            os.write(stored, str(spool.newest).encode())
            spool.drop(spool.newest)


def main(place: pathlib.Path) -> None:
    step = 1
    while True:
        (place / str(step)).mkdir()
        if not killed_at(step, place / str(step), write):
            break
        step += 1
    sys.stdout.write(f"{step}\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
