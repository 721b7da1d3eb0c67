"""Whether the dashboard itself is well, for monitorings and service managers."""

import os
import pathlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from shepherd.edges.ledger_present import NAME
from shepherd.views.web import site as web_site
from tests.cli.sites import Site, body
from tests.web.asgi import asked
from tests.web.conftest import web_of
from tests.web.serving import serving
from tests.web.sites import Recorded

WATCHED_S = 1.5
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def shown_site(place: pathlib.Path) -> Site:
    """One that a daemon has shown something of."""
    site = Site(place)
    ledger = site.ledger()
    ledger.publish_present(body())
    ledger.close()
    return site


def test_a_dashboard_that_can_show_the_pool_is_well(tmp_path) -> None:
    """The check asked for `/`, whose words change, and was switched off after a week."""
    app = web_of(shown_site(tmp_path)).app
    answer = asked(app, "/health")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.text in {"ok\n", "ok; the daemon is not heard\n"}
    assert asked(app, "/health", method="HEAD").status == 200


def test_one_that_cannot_says_why(tmp_path) -> None:
    """It showed the pool of Friday, with status 200."""
    site = shown_site(tmp_path)
    (site.ledger_place / NAME).write_bytes(b"no database" * 1000)
    answer = asked(web_of(site).app, "/health")
    assert answer.status == 503
    assert "present.sqlite" in answer.text
    assert len(answer.text.splitlines()) == 1


def test_under_a_foreign_name_and_from_elsewhere_it_says_nothing(tmp_path) -> None:
    """The one page without the gate was found by a scanner."""
    app = web_of(shown_site(tmp_path)).app
    assert asked(app, "/health", host="evil.example.com").status == 421
    assert asked(app, "/health", peer=("10.9.8.7", 4711)).status == 403
    assert asked(app, "/health", method="POST").status == 405


def test_a_disk_that_hangs_is_not_waited_for(tmp_path, monkeypatch) -> None:
    """The check waited for the page, the page for the disk, and nobody for either."""
    monkeypatch.setattr(web_site, "HEALTH_S", 0.2)
    web, over = web_of(shown_site(tmp_path)), threading.Event()
    monkeypatch.setattr(web._board, "current", lambda: over.wait(20))
    threading.Timer(1.0, over.set).start()
    answer = asked(web.app, "/health")
    assert (answer.status, answer.text) == (503, "the ledger is not read in time\n")


@pytest.fixture(name="manager")
def a_service_manager(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Its socket, which the program is told of."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", str(int(WATCHED_S * 1e6)))
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        yield heard


def test_the_service_manager_hears_of_it_for_as_long_as_it_serves(
    recorded: Recorded, tmp_path: pathlib.Path, manager: socket.socket
) -> None:
    """Its loop hung in a lock for a weekend. The process was there, so systemd was content."""
    with serving(recorded.written(tmp_path / "site")) as program:
        told = [manager.recv(4096).decode()]
        while "READY=1" not in told:
            told.append(manager.recv(4096).decode())
        assert program.said(HEALTH).endswith(b"\r\n\r\nok\n")
        began_s = time.monotonic()
        fed = [manager.recv(4096).decode().splitlines() for _ in range(6)]
        assert time.monotonic() - began_s < 6 * WATCHED_S / 2
        assert all("WATCHDOG=1" in lines for lines in fed)
        assert any(line.startswith("STATUS=serves") for lines in fed for line in lines)
    last = ""
    while "STOPPING=1" not in last:
        last = manager.recv(4096).decode()
    assert os.environ["NOTIFY_SOCKET"]
