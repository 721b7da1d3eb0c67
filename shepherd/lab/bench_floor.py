"""The floor: the bare questions of every ad type that a cycle reads, by the bindings, answers thrown away.

`python -m shepherd.lab.bench_floor ROUNDS` prints one JSON object: seconds of each round, and of processor a round.
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
    _round()
    rounds, began_s = int(sys.argv[1]), time.process_time()
    took_s = [_round() for _ in range(rounds)]
    print(json.dumps({"took_s": took_s, "cpu_s": (time.process_time() - began_s) / rounds}))


def _round() -> float:
    began = time.monotonic()
    for collector, kind, constraint, wanted in BARE:
        htcondor2.Collector(collector).query(kind, constraint, wanted)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
