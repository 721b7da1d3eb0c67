"""The dashboard of a large pool: `python -m shepherd.lab.bench_web HOSTS` prints one JSON object.

The real program serves a ledger of its own on the loopback. First paint is what a browser measures itself; what an
update weighs is read from the wire.
"""

import http.client
import json
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from shepherd.core import records
from shepherd.core.present import present
from shepherd.core.recorded.settings import settings_body
from shepherd.core.recorded.snapshots import body_of, known
from shepherd.core.recorded.verdicts import verdict_body
from shepherd.edges.ledger import SqliteLedger
from shepherd.lab.bench_hosts import flock_name, lent_names
from shepherd.lab.bench_process import run_bench
from shepherd.lab.bench_record import snapshot_of, verdict_of
from shepherd.lab.bench_settings import bench_settings
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.past import NOTHING_PAST

HOSTS = 3_000
MINUTES = 90
"""On record."""
TURNED = 5
"""Hosts that have another state at each look."""
ROUNDS = 5
CHROMIUM = "/usr/bin/chromium"
SETTINGS = """
[home]
name = "bench"
schedds = ["cm"]
schedd_identities = ["condor@bench"]
[flock]
collector = "10.27.0.1:9619"
image = "sha256:{image}"
[paths]
state = "{state}"
"""
PAINT_S = 1.5
PAGE_KB = 60.0
UPDATE_BYTES = 2_000
HEARD_S = 3.0

Figures = Mapping[str, Any]


def measure() -> Figures:
    """In a process of its own."""
    found: Figures = run_bench("bench_web", str(HOSTS), timeout_s=300)
    print(
        f"the map of {found['hosts']} hosts is painted {found['paint_s']:.2f} s after it was asked for, and has"
        f" {found['page_kb']:.0f} kB; {TURNED} hosts that turn are {found['update_bytes']} bytes, told within"
        f" {found['heard_s']:.1f} s",
        flush=True,
    )
    return found


def missed(found: Figures) -> list[str]:
    """Each missed goal in one line."""
    goals = {
        f"first paint takes {found['paint_s']:.2f} s, goal {PAINT_S:g}": found["paint_s"] > PAINT_S,
        f"the map has {found['page_kb']:.0f} kB, goal {PAGE_KB:g}": found["page_kb"] > PAGE_KB,
        f"an update has {found['update_bytes']} bytes, goal {UPDATE_BYTES}": found["update_bytes"] > UPDATE_BYTES,
        f"an update is told after {found['heard_s']:.1f} s, goal {HEARD_S:g}": found["heard_s"] > HEARD_S,
        "the page does not have all hosts": found["cells"] != found["hosts"],
        "not those hosts were told that had turned": found["told"] != TURNED,
    }
    return [goal for goal, is_missed in goals.items() if is_missed]


def main() -> None:
    """Measure in a directory that is removed."""
    hosts = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="shepherd-bench-") as name:
        place = Path(name)
        written = Written(place, hosts)
        try:
            with served(place) as port:
                print(json.dumps({"hosts": hosts, **_figures(port, written)}))
        finally:
            written.ledger.close()


class Written:
    """The ledger of such a pool."""

    def __init__(self, place: Path, hosts: int) -> None:
        self._hosts = hosts
        self.ledger = SqliteLedger(
            place / "ledger", switch_from=records.switch_from, memory_from=records.memory_from
        )
        (place / "shepherd.toml").write_text(SETTINGS.format(image="ab" * 32, state=place))
        self._record(time.time())
        self.publish(0)

    def _record(self, now: float) -> None:
        """An hour and a half of looks."""
        settings, before = bench_settings(), None
        self._append(EntryKind.SETTINGS, now - 60 * MINUTES, settings_body(settings))
        for minute in range(MINUTES):
            at_s = now - 60 * (MINUTES - minute)
            told = known(snapshot_of(self._hosts, minute, at_s), NOTHING_PAST, settings.timers, str)
            self._append(EntryKind.SNAPSHOT, at_s, body_of(before, told))
            if minute % 5 == 0:
                body = verdict_body(verdict_of(self._hosts), is_cycle=True, could_lend_at_s=at_s)
                self._append(EntryKind.VERDICT, at_s, body)
            before = told

    def _append(self, kind: EntryKind, at_s: float, body: Mapping[str, object]) -> None:
        self.ledger.append([Entry(at_s=at_s, kind=kind, cause="cycle", body=body)])

    def publish(self, turned: int) -> None:
        """What `shepherd -s` would show now; `TURNED` hosts from there on are held."""
        now = time.time()
        about = {"instance": "bench", "pid": 1, "version": "bench", "sentence": "nobody moves", "cycle_at_s": now - 9}
        snapshot = snapshot_of(self._hosts, MINUTES, now)
        body = present(snapshot, {}, {}, None, bench_settings(), about=about, problems=[])
        lent = frozenset(lent_names(self._hosts))
        shown = [
            {"host": name, "flock_name": flock_name(name), "why": "", "state": "flock" if name in lent else "local"}
            for name in sorted(snapshot.hosts)
        ]
        for host in shown[turned : turned + TURNED] if turned else ():
            host |= {"state": "held", "why": "a bench"}
        self.ledger.publish_present({**body, "hosts": shown})


@contextmanager
def served(place: Path) -> Iterator[int]:
    """The real program; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    argv = ("-m", "shepherd", "--settings", str(place / "shepherd.toml"), "web", "--listen", f"127.0.0.1:{port}")
    process = subprocess.Popen((sys.executable, *argv), stderr=subprocess.DEVNULL)
    try:
        _await(port, process)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    ends_s = time.monotonic() + 30
    while time.monotonic() < ends_s and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the dashboard does not come up")


def _figures(port: int, written: Written) -> Figures:
    page = _got(port, "/hosts")
    paints = _paints(port)
    told, heard_s = _told(port, written)
    cells = json.loads(told.partition("data: ")[2].splitlines()[0])["cells"]["map"]
    return {
        "cells": page[1],
        "page_kb": page[0] / 1e3,
        "paint_s": statistics.median(paints),
        "paints_s": paints,
        "update_bytes": len(told),
        "told": len(cells),
        "heard_s": heard_s,
    }


def _got(port: int, path: str) -> tuple[int, int]:
    """A page's packed bytes, and how many hosts it has."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    packed = len(connection.getresponse().read())
    connection.request("GET", path)
    cells = connection.getresponse().read().count(b'" href="/host/')
    connection.close()
    return packed, cells


def _paints(port: int) -> list[float]:
    """Seconds until a browser that has nothing of it has painted the map, by its own account."""
    entry = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for _ in range(ROUNDS):
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/hosts", wait_until="load")
            while not (painted_ms := page.evaluate(entry)):
                page.wait_for_timeout(20)
            found.append(float(painted_ms) / 1e3)
            context.close()
        browser.close()
    return found


def _told(port: int, written: Written) -> tuple[str, float]:
    """What goes over the wire when some hosts turn, without the list in words; and after how long."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/live/hosts")
    answer = connection.getresponse()
    _event(answer)
    began = time.monotonic()
    written.publish(100)
    told = _event(answer)
    connection.close()
    return told, time.monotonic() - began


def _event(answer: http.client.HTTPResponse) -> str:
    """The next event that says something."""
    lines: list[str] = []
    while True:
        line = answer.readline().decode()
        if line.strip():
            lines.append(line)
        elif any(one.startswith("data:") for one in lines):
            return "".join(lines)
        else:
            lines = []


if __name__ == "__main__":
    main()
