"""A host's look at its container's connections, over containers, restarts of the keeper and trouble with the kernel."""

import pathlib

from shepherd.core.firewall.pilot_guard import STOPPED
from shepherd.core.trace import lines
from shepherd.edges.flow_memory import FlowFile
from shepherd.errors import CommandFailed
from shepherd.model.trace import EndSeen, FlowBegun, FlowEnded, Gap, TraceRecord
from shepherd.programs.flow.of_host import HostFlows
from shepherd.sim.clock import SimClock
from shepherd.sim.tracking import SimTracking
from tests.core.trace.flow_truth import ENDS

ONE, TWO = 501, 777
"""Processes: the first ones of two containers."""
ALICE, BOB = 3001, 3002


class Host:
    """Containers by their first process, and a keeper."""

    def __init__(self, place: pathlib.Path) -> None:
        self.now_s = 1000.0
        self.clock = SimClock(lambda: self.now_s, lambda: self.now_s)
        self.networks = {pid: SimTracking(self.clock.wall_s) for pid in (ONE, TWO)}
        self.is_deaf = False
        self.place = place
        self.watch = self.keeper()

    def keeper(self) -> HostFlows:
        """A new process of it."""
        return HostFlows("p205", self.open, FlowFile(self.place, lines), self.clock, most=100)

    def open(self, pid: int) -> SimTracking:
        if self.is_deaf:
            raise CommandFailed("no such process")
        return self.networks[pid]

    def told(self) -> list[TraceRecord]:
        """What the keeper spools in this round."""
        self.now_s += 10.0
        return self.watch.records()


def begun(records: list[TraceRecord]) -> list[tuple[int, int]]:
    return [(one.flow, one.uid) for one in records if isinstance(one, FlowBegun)]


def test_each_connection_has_the_account_that_began_it(tmp_path: pathlib.Path) -> None:
    """All jobs of a host have one address: without the account all of them were suspects."""
    host = Host(tmp_path)
    host.watch.follow(ONE)
    for flow, mark in enumerate((ALICE, BOB, 0), start=1):
        host.networks[ONE].begin(flow, ENDS[flow], mark)
    records = host.told()
    assert begun(records) == [(1, ALICE), (2, BOB), (3, 0)]
    assert all(one.source == "p205" for one in records)
    assert host.told() == []


def test_a_connection_that_was_stopped_is_still_its_accounts(tmp_path: pathlib.Path) -> None:
    """Whoever was banned for an attack was, in the record of that attack, an account that no host has."""
    host = Host(tmp_path)
    host.watch.follow(ONE)
    host.networks[ONE].begin(1, ENDS[0], ALICE | STOPPED)
    assert begun(host.told()) == [(1, ALICE)]


def test_a_container_that_ends_ends_its_connections_and_what_it_did_last_is_read(tmp_path: pathlib.Path) -> None:
    """What a job did in its last second was nobody's."""
    host = Host(tmp_path)
    host.watch.follow(ONE)
    host.networks[ONE].begin(1, ENDS[0], ALICE)
    host.now_s = 1007.0
    host.watch.follow(TWO)
    host.networks[TWO].begin(1, ENDS[1], BOB)
    records = host.told()
    assert begun(records) == [(1, ALICE), (1, BOB)]
    (ended,) = [one for one in records if isinstance(one, FlowEnded)]
    assert (ended.begun_s, ended.at_s, ended.how) == (1000.0, 1007.0, EndSeen.WITH_CONTAINER)
    assert [one for one in records if isinstance(one, Gap)] == []


def test_a_keeper_that_restarts_beside_its_container_tells_when_it_was_away(tmp_path: pathlib.Path) -> None:
    """An upgrade of the keeper hid what jobs did meanwhile."""
    host = Host(tmp_path)
    host.watch.follow(ONE)
    for flow in (1, 2):
        host.networks[ONE].begin(flow, ENDS[flow], ALICE)
    assert len(host.told()) == 2
    assert host.told() == []
    host.now_s += 30.0
    host.networks[ONE].forget(2)
    host.networks[ONE].begin(3, ENDS[3], BOB)
    host.networks[ONE].events()
    host.watch = host.keeper()
    host.watch.follow(ONE)
    records = host.told()
    assert begun(records) == [(3, BOB)]
    assert [(one.flow, one.how) for one in records if isinstance(one, FlowEnded)] == [(2, EndSeen.BY_LOOK)]
    assert len([one for one in records if isinstance(one, Gap)]) == 1


def test_a_keeper_that_restarts_while_nothing_is_lent_has_missed_nothing(tmp_path: pathlib.Path) -> None:
    """A gap of a week, in which there was no container, made every answer incomplete."""
    host = Host(tmp_path)
    host.watch.follow(ONE)
    host.watch.follow(None)
    host.watch = host.keeper()
    host.watch.follow(TWO)
    assert host.told() == []


def test_while_the_kernel_cannot_be_heard_it_is_tried_again_and_the_gap_is_told(tmp_path: pathlib.Path) -> None:
    """The container's namespace was gone for a moment, and the keeper died of it."""
    host = Host(tmp_path)
    host.is_deaf = True
    host.watch.follow(ONE)
    assert host.told() == []
    host.is_deaf = False
    host.networks[ONE].begin(1, ENDS[0], ALICE)
    records = host.told() + host.told()
    assert begun(records) == [(1, ALICE)]
    (gap,) = [one for one in records if isinstance(one, Gap)]
    assert (gap.from_s, gap.to_s, gap.why) == (1000.0, 1020.0, "no such process")
