"""The page of figures over real sockets: for whoever asks well, whatever others do."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator

import hypothesis
import pytest
from hypothesis import strategies as st

from shepherd.edges import metrics_http
from shepherd.edges.metrics_http import MOST, MetricsServer
from shepherd.errors import Unavailable
from shepherd.lab.eventually import eventually

BODY = b"shepherd_blind 0.0\n"


class Asked:
    """A page, and what was said in the log."""

    def __init__(self) -> None:
        self.page: Callable[[str], tuple[str, bytes]] = lambda accept: (f"text/plain; for={accept}", BODY)
        self.log: list[str] = []

    def answer(self, accept: str) -> tuple[str, bytes]:
        return self.page(accept)

    def note(self, event: str, **_: object) -> None:
        self.log.append(event)


@pytest.fixture(name="asked")
def what_is_asked() -> Asked:
    return Asked()


@pytest.fixture(name="server")
def a_server(asked: Asked) -> Iterator[MetricsServer]:
    server = MetricsServer("127.0.0.1:0", asked.answer, asked.note)
    yield server
    server.close()


def get(server: MetricsServer, path: str = "/metrics", method: str = "GET") -> tuple[int, str, bytes]:
    """Status, content type, body."""
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        link.request(method, path, headers={"Accept": "x"})
        answer = link.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read()
    finally:
        link.close()


def dial(server: MetricsServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def test_the_page_is_at_its_path_in_the_form_that_was_asked_for(server: MetricsServer) -> None:
    """Prometheus asked for one format and was given another, without a word."""
    assert get(server) == (200, "text/plain; for=x", BODY)
    assert get(server, "/metrics?debug=1")[2] == BODY
    assert get(server, method="HEAD") == (200, "text/plain; for=x", b"")
    status, _, body = get(server, "/")
    assert (status, b"/metrics" in body) == (404, True)
    assert get(server, method="POST")[0] == 501


def test_who_says_nothing_holds_nobody_up(server: MetricsServer) -> None:
    """One half-open connection, and Prometheus was never served again."""
    with dial(server) as half:
        half.sendall(b"GET /metr")
        began = time.monotonic()
        assert get(server)[0] == 200
        assert time.monotonic() - began < 2


def test_a_crowd_is_hung_up_on_and_makes_room(server: MetricsServer) -> None:
    """A thread for each client, until the daemon's limit of tasks kept it from asking its pool."""
    crowd = [dial(server) for _ in range(MOST)]
    try:
        time.sleep(0.2)
        with dial(server) as late:
            assert late.recv(1) == b""
    finally:
        for one in crowd:
            one.close()
    eventually(lambda: get(server)[0] == 200, 5, what="there is room again")


def test_who_asks_byte_by_byte_is_hung_up_on(server: MetricsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline of each byte is none."""
    monkeypatch.setattr(metrics_http, "CLIENT_S", 0.5)
    with dial(server) as slow:
        assert eventually(lambda: not is_taken(slow), 6, 0.1, what="it is hung up on")
    assert get(server)[0] == 200


def is_taken(link: socket.socket) -> bool:
    """Whether the other side still hears it."""
    try:
        link.sendall(b"x")
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


def test_a_page_that_cannot_be_made_is_an_error_and_a_line_of_the_log(server: MetricsServer, asked: Asked) -> None:
    """A defect in a figure ended the thread; the daemon looked dead from outside."""

    def broken(_: str) -> tuple[str, bytes]:
        raise KeyError("hosts")

    good, asked.page = asked.page, broken
    status, _, body = get(server)
    assert (status, b"Traceback" in body, asked.log) == (500, False, ["figures cannot be shown"])
    asked.page = good
    assert get(server)[0] == 200


def test_an_address_that_is_taken_is_told_and_free_after_the_end(asked: Asked) -> None:
    """The second daemon of the machine died at its start, for a port of its metrics."""
    first = MetricsServer("127.0.0.1:0", asked.page, asked.note)
    listen = f"127.0.0.1:{first.port}"
    with pytest.raises(Unavailable, match=f"{listen} cannot be listened at: Address already in use"):
        MetricsServer(listen, asked.page, asked.note)
    get(first)
    first.close()
    second = MetricsServer(listen, asked.page, asked.note)
    assert get(second)[0] == 200
    second.close()
    with pytest.raises(Unavailable, match="cannot be listened at"):
        MetricsServer("192.0.2.1:9641", asked.page, asked.note)


def test_the_other_loopback_is_one_too(asked: Asked) -> None:
    """A machine without IPv4 on its loopback showed nothing."""
    server = MetricsServer("[::1]:0", asked.page, asked.note)
    with socket.create_connection(("::1", server.port), timeout=5) as link:
        link.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert link.recv(15) == b"HTTP/1.0 200 OK"
    server.close()


@hypothesis.given(st.binary(max_size=300))
@hypothesis.settings(max_examples=40, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_whatever_is_said_to_it_the_next_is_served(server: MetricsServer, noise: bytes) -> None:
    """A scanner of ports ended the server."""
    with dial(server) as link:
        link.sendall(noise)
        link.shutdown(socket.SHUT_WR)
        link.settimeout(5)
        try:
            said = link.recv(65536)
        except ConnectionResetError:
            said = b""
    assert b"Traceback" not in said
    assert get(server)[0] == 200
