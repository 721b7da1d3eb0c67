"""`shepherd -s` as a person waits for it: `python -m shepherd.lab.bench_status HOSTS` prints one JSON object.

The floor is Python itself with the modules of its own that any such command needs; bare is Python with nothing.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from shepherd.core import records
from shepherd.core.present import present
from shepherd.edges.ledger import SqliteLedger
from shepherd.lab.bench_settings import bench_settings
from shepherd.model.host import HostName, HostPair
from shepherd.model.observation import HostFacts, RegularStartd, Snapshot

ROUNDS = 9
BARE = "pass"
FLOOR = "import argparse, datetime, json, pathlib, sqlite3, tomllib"
TEXT = '[paths]\nstate = "{state}"\n'


def main() -> None:
    """Measure in a directory that is removed."""
    with tempfile.TemporaryDirectory(prefix="shepherd-bench-") as name:
        place, hosts = Path(name), int(sys.argv[1])
        _show(place, hosts)
        (place / "shepherd.toml").write_text(TEXT.format(state=place))
        status = ("-m", "shepherd", "--settings", str(place / "shepherd.toml"), "-s")
        bares, floors, takes = [], [], []
        for _ in range(ROUNDS):
            bares.append(_took_s(("-c", BARE)))
            floors.append(_took_s(("-c", FLOOR)))
            takes.append(_took_s(status))
    found = {"bare_s": bares, "floor_s": floors, "status_s": takes}
    print(json.dumps({"hosts": hosts, **{name: statistics.median(times) for name, times in found.items()}}))


def _show(place: Path, hosts: int) -> None:
    now = time.time()
    startd = RegularStartd(
        cpus=16, memory_mib=32000, gpus=0, claimed_slots=3, draining=False, drained=False, drain_reason="",
        started_at_s=now - 9000, heard_at_s=now, idle_since_s=None,
    )  # fmt: skip
    pairs = [HostPair(host=HostName(f"p{number}"), flock_name=f"f{number}") for number in range(hosts)]
    facts = {pair.host: HostFacts(pair=pair, regular=startd, master=None, flock=None, keeper=None) for pair in pairs}
    snapshot = Snapshot(at_s=now, hosts=facts, queue=None, readings={})
    about = {"instance": "bench", "pid": 1, "version": "bench", "sentence": "a bench", "cycle_at_s": now}
    body = present(snapshot, {}, {}, None, bench_settings(), about=about, problems=[])
    ledger = SqliteLedger(place / "ledger", switch_from=records.switch_from, memory_from=records.memory_from)
    ledger.publish_present(body)
    ledger.close()


def _took_s(argv: Sequence[str]) -> float:
    began = time.monotonic()
    subprocess.run((sys.executable, *argv), check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
