"""What the service manager is told."""

import os
import pathlib
import socket
import uuid

import pytest

from shepherd.edges.systemd import Notifier


class Manager:
    """The service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(5)

    def heard(self) -> list[str]:
        return self.socket.recv(65536).decode().splitlines()


@pytest.fixture(name="manager")
def a_manager(tmp_path: pathlib.Path):
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.socket.close()


def notifier(tmp_path: pathlib.Path, **environment: str) -> Notifier:
    return Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), **environment})


def test_it_tells_when_it_is_ready_and_when_it_stops(tmp_path, manager):
    """Units that are ordered after the shepherd started before it could serve them."""
    told = notifier(tmp_path)
    told.ready()
    assert manager.heard() == ["READY=1"]
    told.stopping()
    assert manager.heard() == ["STOPPING=1"]


def test_a_reload_carries_the_clock_the_manager_compares(tmp_path, manager):
    """Without MONOTONIC_USEC, Type=notify-reload takes an old READY for the new one."""
    notifier(tmp_path).reloading()
    first, second = manager.heard()
    assert first == "RELOADING=1"
    assert second.startswith("MONOTONIC_USEC=")
    assert int(second.partition("=")[2]) > 0


def test_each_cycle_feeds_the_watchdog_and_shows_its_sentence(tmp_path, manager):
    """A daemon that hung for a night looked "active (running)"."""
    told = notifier(tmp_path, WATCHDOG_USEC="90000000", WATCHDOG_PID=str(os.getpid()))
    told.cycle_finished("lent 2 hosts:\nquiet")
    assert told.watchdog_s == 90.0
    assert manager.heard() == ["WATCHDOG=1", "STATUS=lent 2 hosts: quiet"]


@pytest.mark.parametrize("environment", [{}, {"WATCHDOG_USEC": "90", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "x"}])
def test_a_watchdog_that_is_not_ours_is_not_fed(tmp_path, manager, environment):
    """The variables of a parent's watchdog leak into children."""
    told = notifier(tmp_path, **environment)
    told.cycle_finished("quiet")
    assert told.watchdog_s is None
    assert manager.heard() == ["STATUS=quiet"]


def test_an_abstract_socket_is_reached():
    """Containers and some managers use `@…` addresses, which are no paths."""
    name = f"shepherd-test-{uuid.uuid4()}"
    manager = Manager("\0" + name)
    Notifier({"NOTIFY_SOCKET": f"@{name}"}).ready()
    assert manager.heard() == ["READY=1"]
    manager.socket.close()


def test_children_do_not_inherit_the_voice():
    """HTCondor's tools speak sd_notify too, and would have answered for the shepherd."""
    environment = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "PATH": "/bin"}
    Notifier(environment)
    assert environment == {"PATH": "/bin"}


@pytest.mark.parametrize("address", ["", "vsock:1:2", "relative", "/nowhere/at/all", "@nobody-listens-here"])
def test_without_a_manager_nothing_is_said_and_nothing_fails(address):
    """By hand, under circus, or while systemd restarts itself."""
    told = Notifier({"NOTIFY_SOCKET": address})
    told.ready()
    told.reloading()
    told.cycle_finished("quiet")
    told.stopping()
    assert told.watchdog_s is None


@pytest.mark.limit(5)
def test_a_manager_that_does_not_listen_is_not_waited_for(tmp_path, manager):
    """A full socket buffer blocked the cycle, and the watchdog then killed the daemon for it."""
    told = notifier(tmp_path)
    for _ in range(10_000):
        told.cycle_finished("x" * 400)
    assert manager.heard() == ["STATUS=" + "x" * 400]
