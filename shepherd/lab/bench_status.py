"""`shepherd -s` as a person waits for it: `python -m shepherd.lab.bench_status HOSTS` prints one JSON object.

A quarter of the hosts is lent, a few are on their way, some cannot be lent, and some are not heard; it is shown to a
pipe and to a terminal. The floor is Python itself with the modules of its own that any such command needs; bare is
Python with nothing. `uncompiled_s` is the first run after an upgrade by hand, when no module is compiled yet.
"""

import contextlib
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from shepherd.core import records as records_of
from shepherd.core.present import present
from shepherd.edges.ledger import SqliteLedger
from shepherd.lab.bench_hosts import lent_records
from shepherd.lab.bench_record import snapshot_of
from shepherd.lab.bench_settings import bench_settings
from shepherd.model.observation import HostFacts
from shepherd.model.orders import Stage

ROUNDS = 9
SIZE = (60, 200)
"""Rows and columns of the terminal."""
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
        bares, floors, takes, shown = [], [], [], []
        for _ in range(ROUNDS):
            bares.append(_took_s(("-c", BARE)))
            floors.append(_took_s(("-c", FLOOR)))
            takes.append(_took_s(status))
            shown.append(_took_on_terminal_s(status))
        uncompiled_s = _took_s(status, {"PYTHONPYCACHEPREFIX": str(place / "compiled")})
    times = {"bare_s": bares, "floor_s": floors, "status_s": takes, "terminal_s": shown}
    found = {name: statistics.median(took) for name, took in times.items()}
    print(json.dumps({"hosts": hosts, "uncompiled_s": uncompiled_s, **found}))


def _show(place: Path, hosts: int) -> None:
    """What a daemon shows of such a pool."""
    now, settings = time.time(), bench_settings()
    records = lent_records(hosts, settings.flock.image)
    under_way = {
        name: dataclasses.replace(record, stage=Stage.DRAIN_ORDERED, stage_at_s=now - 5)
        for name, record in list(records.items())[::50]
    }
    snapshot = snapshot_of(hosts, 0, now)
    silent = {name: HostFacts(pair=facts.pair) for name, facts in list(snapshot.hosts.items())[1::97]}
    about = {"instance": "bench", "pid": 1, "version": "bench", "sentence": "a bench", "cycle_at_s": now}
    seen = dataclasses.replace(snapshot, hosts={**snapshot.hosts, **silent})
    body = present(seen, {**records, **under_way}, {}, None, settings, about=about, problems=[])
    ledger = SqliteLedger(place / "ledger", switch_from=records_of.switch_from, memory_from=records_of.memory_from)
    ledger.publish_present(body)
    ledger.close()


def _took_s(argv: Sequence[str], more: Mapping[str, str] | None = None) -> float:
    began = time.monotonic()
    subprocess.run((sys.executable, *argv), check=True, stdout=subprocess.DEVNULL, env={**os.environ, **(more or {})})
    return time.monotonic() - began


def _took_on_terminal_s(argv: Sequence[str]) -> float:
    """With colours and to its width, read as fast as it writes."""
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, SIZE)
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    began = time.monotonic()
    process = subprocess.Popen(
        (sys.executable, *argv), stdin=slave, stdout=slave, env={**environment, "TERM": "xterm-256color"}
    )
    os.close(slave)
    written = b""
    with contextlib.suppress(OSError):  # EIO: nobody has the terminal any more
        while more := os.read(master, 65536):
            written += more
    code = process.wait()
    took_s = time.monotonic() - began
    os.close(master)
    if code or b"\x1b[" not in written:
        raise SystemExit(f"shepherd -s ended with {code} on a terminal, and wrote {written[:200]!r}")
    return took_s


if __name__ == "__main__":
    main()
