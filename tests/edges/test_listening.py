"""Who listens on this machine: real sockets on the loopback, and our own programs behind them."""

import socket
import time
from collections.abc import Iterator

import pytest

from shepherd.core.checkup.listening import metrics_finding
from shepherd.edges import listening
from shepherd.edges.listening import LocalListening
from shepherd.edges.metrics_http import MetricsServer
from shepherd.model.checkup import ListenSeen
from shepherd.model.figures import Figures, Row
from shepherd.model.finding import State
from shepherd.views.metrics import page

HERE = "127.0.0.1"


@pytest.fixture(name="taken")
def a_socket_that_says_nothing() -> Iterator[str]:
    with socket.create_server((HERE, 0)) as server:
        yield f"{HERE}:{server.getsockname()[1]}"


def test_what_is_free_stays_free() -> None:
    """The check itself kept the daemon from its port."""
    with socket.create_server((HERE, 0)) as server:
        place = server.getsockname()
    assert LocalListening().seen(f"{HERE}:{place[1]}", "/metrics") == ListenSeen()
    socket.create_server(place).close()


def test_who_says_nothing_is_not_waited_for(taken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A debugger held the port, and the check hung with it."""
    monkeypatch.setattr(listening, "WAIT_S", 0.2)
    assert LocalListening().seen(taken, "/metrics") == ListenSeen(is_taken=True)


@pytest.mark.parametrize("listen", ["192.0.2.1:9641", "[2001:db8::1]:9641"])
def test_an_address_of_another_machine_cannot_be_had(listen: str) -> None:
    """It was copied from the old central manager."""
    assert LocalListening().seen(listen, "/metrics").problem in {
        "cannot assign requested address", "address family not supported by protocol",
    }  # fmt: skip


@pytest.mark.parametrize(("age_s", "state"), [(5.0, State.OK), (500.0, State.WRONG)])
def test_the_daemons_own_page_is_understood(age_s: float, state: State) -> None:
    """The page had another form since the library's last release, and the check found nobody's figures there."""
    figures = Figures(rows=[Row("last_look_timestamp_seconds", (), time.time() - age_s)], counts={}, times={})
    server = MetricsServer(f"{HERE}:0", lambda accept: page(figures, accept), lambda *_, **__: None)
    try:
        listen = f"{HERE}:{server.port}"
        found = metrics_finding(listen, LocalListening().seen(listen, "/metrics"), 7, 60.0, time.time())
    finally:
        server.close()
    assert found.state is state, found
