"""The dashboard of a large pool: `python -m shepherd.lab.bench_web HOSTS` prints one JSON object.

The real program serves a ledger of its own on the loopback, with a month before this day. First paint is what a browser
measures itself; what an update weighs is read from the wire; pages are asked for while the month is reckoned.
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
"""On record, of this day."""
DAYS = 30
"""On record before it, by the hour."""
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
FIRST_S, MEANWHILE_S, MONTH_S = 2.0, 2.0, 120.0
RECKONED = b"days are reckoned by now"
SEEN_S = 2.0
"""What the daemon shows is looked at more often."""

Figures = Mapping[str, Any]


def measure() -> Figures:
    """In a process of its own."""
    found: Figures = run_bench("bench_web", str(HOSTS), timeout_s=300)
    print(
        f"the map of {found['hosts']} hosts is painted {found['paint_s']:.2f} s after it was asked for, and has"
        f" {found['page_kb']:.0f} kB; {TURNED} hosts that turn are {found['update_bytes']} bytes, told within"
        f" {found['heard_s']:.1f} s; with {found['days']} days on record the first page of a new process comes after"
        f" {found['first_s']:.2f} s, the month is reckoned after {found['month_s']:.1f} s, and pages meanwhile take"
        f" {found['meanwhile_s']:.2f} s at most",
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
        f"the first page takes {found['first_s']:.2f} s, goal {FIRST_S:g}": found["first_s"] > FIRST_S,
        f"pages take {found['meanwhile_s']:.2f} s meanwhile, goal {MEANWHILE_S:g}": found["meanwhile_s"] > MEANWHILE_S,
        f"the month is reckoned after {found['month_s']:.0f} s, goal {MONTH_S:g}": found["month_s"] > MONTH_S,
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
                days = _days(port)
                print(json.dumps({"hosts": hosts, **days, **_figures(port, written)}))
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
        now = time.time()
        for day in range(DAYS, 0, -1):
            self._day(now - now % 86400 - 86400 * day)
        self._record(now)
        self.publish(0)

    def _day(self, begin_s: float) -> None:
        """One that is over: a look and a cycle each hour, and somebody who ordered something."""
        settings, before = bench_settings(), None
        entries = [Entry(at_s=begin_s, kind=EntryKind.SETTINGS, cause="daemon", body=settings_body(settings))]
        for hour in range(24):
            at_s = begin_s + 3600 * hour
            told = known(snapshot_of(self._hosts, 60 * hour, at_s), NOTHING_PAST, settings.timers, str)
            said = verdict_body(verdict_of(self._hosts), is_cycle=True, could_lend_at_s=at_s)
            entries += [
                Entry(at_s=at_s, kind=EntryKind.SNAPSHOT, cause="cycle", body=body_of(before, told)),
                Entry(at_s=at_s, kind=EntryKind.VERDICT, cause="cycle", body=said),
                Entry(at_s=at_s, kind=EntryKind.INTENT, cause=f"{at_s:.0f}", body={"who": f"user{hour}"}),
            ]
            before = told
        self.ledger.append(entries)

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


def _days(port: int) -> Figures:
    """What a month on record takes: the first page, the month itself, and other pages meanwhile."""
    began = time.monotonic()
    _body(port, "/")
    first_s, meanwhile_s = time.monotonic() - began, 0.0
    began = time.monotonic()
    while RECKONED in _body(port, f"/harvest?days={DAYS}") and time.monotonic() - began < 2 * MONTH_S:
        asked = time.monotonic()
        _body(port, "/decisions")
        meanwhile_s = max(meanwhile_s, time.monotonic() - asked)
        time.sleep(0.1)
    return {"days": DAYS, "first_s": first_s, "month_s": time.monotonic() - began, "meanwhile_s": meanwhile_s}


def _body(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} is answered with {answer.status}")
        return body
    finally:
        connection.close()


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
    written.publish(0)
    time.sleep(SEEN_S)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/live/hosts")
    answer = connection.getresponse()
    _change(answer)  # all there is
    began = time.monotonic()
    written.publish(100)
    told = _change(answer)
    connection.close()
    return told, time.monotonic() - began


def _change(answer: http.client.HTTPResponse) -> str:
    """The next event that says what is another."""
    lines: list[str] = []
    while True:
        line = answer.readline().decode()
        if line.strip():
            lines.append(line)
        elif "event: change\n" in lines:
            return "".join(lines)
        else:
            lines = []


if __name__ == "__main__":
    main()
