"""`shepherd web` as a process: it comes up, bears what is thrown at it, and ends when it is told to."""

import socket

import pytest

from shepherd.cli.main import main
from shepherd.core.checkup.listening import web_finding
from shepherd.edges.listening import LocalListening
from shepherd.model.finding import State
from shepherd.programs.checkup.central import SOURCES
from tests.cli.sites import Site
from tests.web.serving import Serving, free_port, serving
from tests.web.sites import Recorded


@pytest.fixture(name="program", scope="module")
def a_program(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory):
    with serving(recorded.written(tmp_path_factory.mktemp("serving"))) as made:
        yield made


GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def test_it_serves_the_first_page(program: Serving) -> None:
    """The verb was tried in a test client alone."""
    answer = program.said(GET)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"content-security-policy" in answer
    assert b"server:" not in answer.lower().partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /%ff%fe%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\nx",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n" * 1000,
    ],
)
def test_whatever_is_sent_it_goes_on(program: Serving, data: bytes) -> None:
    """A scanner of the institute ended it each night at three."""
    answer = program.said(data)
    assert b"Traceback" not in answer
    assert program.said(GET).startswith(b"HTTP/1.1 200 OK\r\n")
    assert "Traceback" not in program.log()


def test_a_page_that_waits_does_not_keep_it(recorded: Recorded, tmp_path) -> None:
    """An upgrade waited for the last open tab."""
    with serving(recorded.written(tmp_path)) as made, made.connected() as waiting:
        waiting.sendall(b"GET /live/hosts HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert waiting.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert made.stop() < 10


def test_a_port_that_is_taken_is_named(recorded: Recorded, tmp_path, capsys) -> None:
    """It said "Errno 98"."""
    site = recorded.written(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(site.words("web", "--listen", f"127.0.0.1:{port}")) == 1
    assert f"web.listen: 127.0.0.1 port {port} cannot be had" in capsys.readouterr().err


def test_the_check_knows_it(program: Serving) -> None:
    """It took the dashboard for somebody else's page."""
    place = f"127.0.0.1:{program.port}"
    found = web_finding(place, LocalListening().seen(place, SOURCES), enabled=True)
    assert (found.state, found.said) == (State.OK, f"it answers at {place}")


@pytest.mark.parametrize("listen", ["0.0.0.0:9690", "x", "127.0.0.1", "10.1.0.4:80"])
def test_a_place_that_is_wrong_is_refused(tmp_path, capsys, listen: str) -> None:
    """By a typing error the whole pool was on the institute's network."""
    assert main(Site(tmp_path).words("web", "--listen", listen)) == 2
    assert "web.listen" in capsys.readouterr().err


def test_two_at_once_do_not_get_into_each_others_way(recorded: Recorded, tmp_path) -> None:
    """A reader took the writer's lock."""
    site = recorded.written(tmp_path)
    with serving(site) as one, serving(site) as two:
        assert one.port != two.port != free_port()
        ledger = site.ledger()
        ledger.publish_present(recorded.present)
        ledger.close()
        assert all(made.said(GET).startswith(b"HTTP/1.1 200") for made in (one, two))
