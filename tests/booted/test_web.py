"""The dashboard under its unit, on the real daemon's ledger, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from shepherd.lab.bench_web import CHROMIUM
from shepherd.lab.booted import BootedNode
from tests.faults.scene import Scene

pytestmark = [pytest.mark.real, pytest.mark.large("shipped units", sample=1), pytest.mark.limit(300)]

ORIGIN = "http://127.0.0.1:9690"
VIEWS = ("/hosts", "/host/p201", "/decisions", "/history", "/harvest", "/times", "/incidents", "/sources")
KNOCKS = "import socket; socket.create_connection(('127.0.0.1', 9690), 1)"
SOON_MS = 15_000
NOTES = """
window.notes = [];
new MutationObserver(() => {
  const label = document.querySelector('#map a[href="/host/p201"]')?.getAttribute("aria-label");
  if (label && window.notes.at(-1) !== label) window.notes.push(label);
}).observe(document.getElementById("parts"), { subtree: true, childList: true, attributes: true });
"""
"""Writes down in the page which states of p201 it has shown."""


@pytest.fixture(name="browser")
def a_browser_there(cm: BootedNode, tmp_path: Path) -> Iterator[Browser]:
    """Its network is the central manager's: the dashboard listens to nobody else."""
    there = tmp_path / "chromium"
    there.write_text(f'#!/bin/sh\nexec nsenter --net=/proc/{cm.pid}/ns/net -- {CHROMIUM} "$@"\n')
    there.chmod(0o755)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(there), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(name="unit")
def its_unit(cm: BootedNode) -> Iterator[str]:
    cm.must(("systemctl", "start", "shepherd-web"))
    yield "shepherd-web"
    cm.must(("systemctl", "stop", "shepherd-web"))


def shown(page: Page, label: str, within_ms: float = SOON_MS) -> None:
    page.locator(f'#map a[aria-label="{label}"]').wait_for(timeout=within_ms)


def test_a_lend_and_a_reclaim_are_seen_happening(scene: Scene, cm: BootedNode, unit: str, browser: Browser) -> None:
    """Whoever looked on pressed F5, and took the state of a minute ago for now."""
    page = browser.new_page()
    complaints: list[str] = []
    elsewhere: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: elsewhere.append(asked.url) if not asked.url.startswith(ORIGIN) else None)
    scene.eventually(lambda: cm.run(("python3", "-c", KNOCKS)).returncode == 0, 30, "it answers")
    page.goto(ORIGIN)
    shown(page, "p201 local")
    page.evaluate(NOTES)
    scene.lend()
    shown(page, "p201 flock")
    burst = scene.local(6, seconds=1)
    scene.eventually(lambda: scene.done(burst) == 6, 60, "the burst is done")
    shown(page, "p201 local")
    notes = page.evaluate("window.notes")
    assert notes[-1] == "p201 local"
    assert "p201 flock" in notes
    for view in VIEWS:
        page.goto(ORIGIN + view)
        assert page.locator("main h1").count() == 1
    page.goto(f"{ORIGIN}/host/p201")
    story = page.locator("#story").text_content() or ""
    assert "lent: its flocking startd is there" in story
    assert (complaints, elsewhere) == ([], [])
    assert cm.show(unit)["ActiveState"] == "active"


def test_it_can_read_the_record_and_nothing_else(cm: BootedNode, unit: str) -> None:
    """Who took over the dashboard could have stopped all flocking: its account was in the group that may order."""
    pid = cm.main_pid(unit)
    status = Path(f"/proc/{pid}/status").read_text()
    assert "CapEff:\t0000000000000000" in status
    assert Path(f"/proc/{pid}").stat().st_uid not in {0, 65534}
    there = cm.show(unit)["MainPID"]
    within = ("nsenter", "-t", there, "--mount", "--", "setpriv", f"--reuid={_uid(status)}", f"--regid={_uid(status)}")
    groups = "--groups=" + cm.must(("getent", "group", "shepherd")).split(":")[2]
    assert cm.run((*within, groups, "ls", "/var/lib/shepherd/ledger")).returncode == 0
    for path in ("/var/lib/shepherd/intents", "/etc/shepherd/keys", "/etc/shepherd/tokens.d", "/run/shepherd"):
        assert cm.run((*within, groups, "ls", path)).returncode != 0, path
    assert cm.run((*within, groups, "touch", "/var/lib/shepherd/intents/x")).returncode != 0


def _uid(status: str) -> str:
    [line] = [line for line in status.splitlines() if line.startswith("Uid:")]
    return line.split()[1]


def test_one_that_hangs_is_started_anew(scene: Scene, cm: BootedNode, unit: str) -> None:
    """The process was there, and nobody was answered until Monday."""
    before = cm.show(unit)["MainPID"]
    cm.must(("systemctl", "kill", "--kill-whom=main", "--signal=STOP", unit))
    scene.eventually(lambda: cm.show(unit)["MainPID"] not in {before, "0"}, 100, "another one is there")
    scene.eventually(lambda: cm.run(("python3", "-c", KNOCKS)).returncode == 0, 30, "it answers")
    assert cm.show(unit)["Result"] == "success"
