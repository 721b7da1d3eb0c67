"""The floor: the bare questions of every ad type that a cycle reads, by the bindings, answers thrown away.

`python -m shepherd.lab.bench_floor ROUNDS` prints one JSON list of seconds, one a round.
"""

import json
import sys
import time

import htcondor2

from shepherd.edges.htcondor import others, pages, slots
from shepherd.edges.htcondor.asking import GENERIC_KEEPER
from shepherd.lab.bench_pool import FLOCK, HOME

KIND = htcondor2.AdType
BARE = (
    (HOME, KIND.Slot, slots.WHOLE_SLOTS, slots.REGULAR),
    (HOME, KIND.Master, None, others.MASTER),
    (HOME, KIND.Generic, GENERIC_KEEPER, others.KEEPER),
    (HOME, KIND.Schedd, None, others.SCHEDD),
    (HOME, KIND.Submitter, None, others.SUBMITTER),
    (HOME, KIND.Collector, None, others.COLLECTOR),
    (HOME, KIND.License, pages.ALL, pages.ATTRIBUTES),
    (FLOCK, KIND.Slot, slots.WHOLE_SLOTS, slots.FLOCK),
    (FLOCK, KIND.Collector, None, others.COLLECTOR),
)


def main() -> None:
    """Ask; a first round that only warms sessions is not counted."""
    took_s = [_round() for _ in range(int(sys.argv[1]) + 1)]
    print(json.dumps(took_s[1:]))


def _round() -> float:
    began = time.monotonic()
    for collector, kind, constraint, wanted in BARE:
        htcondor2.Collector(collector).query(kind, constraint, wanted)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
