"""Does somebody answer: real sockets on the loopback."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shepherd.edges import services
from shepherd.edges.services import NetworkServices
from shepherd.errors import UsageError

HERE = "127.0.0.1"


@contextmanager
def resolver(flags: int, *, ident: bytes | None = None) -> Iterator[NetworkServices]:
    """A resolver that answers one question with these flags."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((HERE, 0))

        def serve() -> None:
            question, who = line.recvfrom(512)
            line.sendto((ident or question[:2]) + struct.pack("!5H", flags, 1, 0, 0, 0) + question[12:], who)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield NetworkServices(line.getsockname()[1])
        thread.join(5)


def test_a_port_is_open_or_not() -> None:
    """A firewall between was found by the first lend, at night."""
    with socket.create_server((HERE, 0)) as server:
        place = f"{HERE}:{server.getsockname()[1]}"
        assert NetworkServices().tcp_problem(place) == ""
    assert NetworkServices().tcp_problem(place) == "connection refused"
    with pytest.raises(UsageError):
        NetworkServices().tcp_problem("nowhere")


@pytest.mark.parametrize(
    ("flags", "problem"), [(0x8180, ""), (0x8185, "it refuses us (RCODE 5)"), (0x0100, "it refuses us (RCODE 0)")]
)
def test_a_resolver_is_judged_by_its_answer(flags: int, problem: str) -> None:
    """It answered every question with "refused", and counted as up."""
    with resolver(flags) as asks:
        assert asks.dns_problem(HERE) == problem


def test_what_answers_something_else_is_no_resolver() -> None:
    """An echo service on the port was taken for one."""
    with resolver(0x8180, ident=b"\0\0") as asks:
        assert asks.dns_problem(HERE) == "what answers is no resolver"


def test_names_have_addresses_or_not() -> None:
    """Nobody could say why each of HTCondor's tools took a minute: the machine did not know its own name."""
    problem, took_s = NetworkServices().name_problem("localhost")
    assert (problem, took_s < 60) == ("", True)
    assert NetworkServices().name_problem(64 * "a")[0] != ""


def test_silence_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that was away held the check for minutes."""
    monkeypatch.setattr(services, "WAIT_S", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((HERE, 0))
        assert "no answer" in NetworkServices(line.getsockname()[1]).dns_problem(HERE)
