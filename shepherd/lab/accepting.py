"""Prints, five times a second, which startds the collectors of both pools know and in which state they are.

Runs on the central manager's own Python with the bindings; one JSON line a look:
    {"at_s": monotonic, "wall_s": …, "ads": [[machine, state, daemon_start_time_s], …]}
"""

import json
import os
import sys
import time

import classad2
import htcondor2

EVERY_S = 0.2
WANTED = ["Machine", "State", "DaemonStartTime", "Draining"]


def main() -> None:
    """Look for ever, until the reader or the parent is gone."""
    pools = sys.argv[1:]
    while os.getppid() != 1:
        ads: list[list[object]] = []
        for pool in pools:
            ads += _look(pool)
        print(json.dumps({"at_s": time.monotonic(), "wall_s": time.time(), "ads": ads}), flush=True)
        time.sleep(EVERY_S)


def _look(pool: str) -> list[list[object]]:
    """Nothing if the collector does not answer: absence says nothing here."""
    try:
        found = htcondor2.Collector(pool).query(htcondor2.AdType.Slot, 'SlotType =!= "Dynamic"', WANTED)
    except htcondor2.HTCondorException:
        return []
    return [[ad.get("Machine"), _state(ad), ad.get("DaemonStartTime")] for ad in found]


def _state(ad: classad2.ClassAd) -> object:
    """A slot that is draining takes no work, whatever state it is in."""
    return "Drained" if ad.get("Draining") is True else ad.get("State")


if __name__ == "__main__":
    main()
