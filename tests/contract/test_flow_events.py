"""What connection tracking tells: the fake kernel's and the real one's are held to the same."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from shepherd.edges.conntrack.events import Conntrack
from shepherd.edges.network_namespace import within
from shepherd.model.flow import Ends, FlowChange, FlowSeen
from shepherd.ports_trace import FlowEvents
from shepherd.sim.tracking import SimTracking
from tests.gateway.crossing import ECHO, FAR, INSIDE, Crossing, said

ROOM = 20
"""Events that fit, about."""
WITHIN_S = 20.0
UDP = 17


class Place(Protocol):
    """Somebody who talks, and who hears of it."""

    events: FlowEvents

    def begin(self, port: int) -> None: ...
    def tcp(self) -> int: ...
    def forget(self) -> None: ...
    def hears_little(self) -> None: ...


class FakePlace:
    """The fake kernel."""

    def __init__(self) -> None:
        self._now_s = 1000.0
        self._kernel = SimTracking(lambda: self._now_s)
        self.events: FlowEvents = self._kernel

    def begin(self, port: int) -> None:
        self._now_s += 1.0
        self._kernel.begin(port, Ends(UDP, INSIDE, port, INSIDE, port, FAR, ECHO))
        self._kernel.pass_on(port, 29)

    def tcp(self) -> int:
        self._kernel.begin(1, Ends(6, INSIDE, 6000, INSIDE, 6000, FAR, ECHO))
        self._kernel.pass_on(1, 500)
        self._kernel.close_connection(1)
        return 6000

    def forget(self) -> None:
        self._now_s += 1.0
        for flow in list(self._kernel.table):
            self._kernel.forget(flow)

    def hears_little(self) -> None:
        self._kernel.room = ROOM


class RealPlace:
    """Namespaces, and a process in the container's."""

    def __init__(self, crossing: Crossing) -> None:
        self._crossing = crossing
        self._first = crossing.start(crossing.inside, "sh", "-c", "echo here; exec sleep 1000")
        assert said(self._first) == "here"
        crossing.sh(crossing.inside, "printf 'table inet t {\\nchain c {\\ntype filter hook output priority 0\\n"
                    "ct state new accept\\n}\\n}\\n' | nft -f -")  # fmt: skip
        self._sockets: list[socket.socket] = []
        self.events: FlowEvents = self._heard(1 << 20)

    def _heard(self, size: int) -> Conntrack:
        return Conntrack(f"{INSIDE}/32", pid=self._first.pid, buffer_bytes=size)

    def begin(self, port: int) -> None:
        line = within(self._first.pid, lambda: socket.socket(type=socket.SOCK_DGRAM))
        line.bind((INSIDE, port))
        line.sendto(b"x", (FAR, ECHO))
        self._sockets.append(line)

    def tcp(self) -> int:
        return self._crossing.job("tcp", size=500)[0]

    def forget(self) -> None:
        """One more packet, for whose sake it is remembered for a second; the kernel cleans up when it lists."""
        self._crossing.sh(self._crossing.inside, "sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1 "
                          "net.netfilter.nf_conntrack_udp_timeout_stream=1")  # fmt: skip
        for line in self._sockets:
            line.sendto(b"x", (FAR, ECHO))
        time.sleep(1.5)
        self.events.listed()

    def hears_little(self) -> None:
        self.events.close()
        self.events = self._heard(ROOM * 1280)

    def end(self) -> None:
        """Nothing is left open."""
        for line in self._sockets:
            line.close()
        self._sockets = []


@pytest.fixture(params=["fake", pytest.param("real", marks=[pytest.mark.real, pytest.mark.limit(120)])])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "fake":
        yield FakePlace()
        return
    crossing = Crossing(tmp_path)
    try:
        crossing.build()
        real = RealPlace(crossing)
        yield real
        real.end()
        real.events.close()
    finally:
        crossing.remove()


def heard(place: Place, enough: Callable[[list[FlowSeen]], object]) -> list[FlowSeen]:
    """All that is told until it is enough."""
    told: list[FlowSeen] = []
    until_s = time.monotonic() + WITHIN_S
    while not enough(told):
        assert time.monotonic() < until_s, told
        told += place.events.events()
        time.sleep(0.02)
    return told


def test_a_beginning_is_told_once_and_listed(place: Place) -> None:
    """The list and the events did not mean the same connection."""
    place.begin(5001)
    (told, *_) = heard(place, lambda told: told)
    assert (told.change, told.ends.port, told.ends.far_address, told.is_closed) == (FlowChange.NEW, 5001, FAR, False)
    (listed,) = place.events.listed()
    assert (listed.flow, listed.ends, listed.change) == (told.flow, told.ends, FlowChange.LISTED)
    assert listed.begun_s is not None
    assert abs(listed.begun_s - told.at_s) < 0.02
    assert place.events.lost() == 0


def test_a_close_is_told_with_its_bytes_and_the_connection_stays_listed(place: Place) -> None:
    """The kernel tells bytes when it forgets a connection, which is two minutes later."""
    port = place.tcp()
    told = heard(place, lambda told: any(one.is_closed for one in told))
    (closed,) = [one for one in told if one.is_closed]
    assert (closed.change, closed.ends.port) == (FlowChange.CHANGED, port)
    assert closed.traffic is not None
    assert closed.traffic.sent_bytes >= 500
    (listed,) = place.events.listed()
    assert (listed.flow, listed.is_closed) == (closed.flow, True)


def test_the_last_word_says_all(place: Place) -> None:
    """An end without a beginning could not be told of."""
    place.begin(5001)
    (begun, *_) = heard(place, lambda told: told)
    place.forget()
    told = heard(place, lambda told: any(one.change is FlowChange.GONE for one in told))
    (gone,) = [one for one in told if one.change is FlowChange.GONE]
    assert (gone.flow, gone.ends) == (begun.flow, begun.ends)
    assert gone.begun_s is not None
    assert gone.begun_s < gone.at_s
    assert gone.traffic is not None
    assert gone.traffic.sent_bytes >= 29
    assert place.events.listed() == []


def test_what_does_not_fit_is_counted_and_the_list_has_it(place: Place) -> None:
    """Events were dropped, and nobody could say how many."""
    place.hears_little()
    for port in range(5000, 5100):
        place.begin(port)
    lost = place.events.lost()
    told = [one for one in heard(place, lambda told: told) if one.change is FlowChange.NEW]
    assert lost > 0
    place.events.lost()  # of what came while it was read
    assert place.events.lost() == 0
    assert len(told) < 100
    assert {one.ends.port for one in place.events.listed()} == set(range(5000, 5100))
