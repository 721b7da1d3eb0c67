"""Measuring from outside: the arithmetic, the reading of kernel messages, and a real double run seen."""

import os
import signal
import struct

import pytest

from shepherd.lab.eventually import eventually
from shepherd.lab.herd_log import HerdLog, Look, Place, Side
from shepherd.lab.procevents import Kind, ProcEvent, parse
from shepherd.lab.site import Site
from shepherd.lab.spans import Span, gaps, meeting, total_s, union
from shepherd.lab.watch import Watch, place_of
from tests.lab import by_hand


def span(start_s: float, end_s: float) -> Span:
    return Span(start_s=start_s, end_s=end_s)


def test_touching_spans_are_one() -> None:
    """Two startds a microsecond apart must not count as an hour without one."""
    assert union([span(3, 4), span(0, 1), span(1, 2)]) == [span(0, 2), span(3, 4)]


def test_meeting_counts_shared_time_once() -> None:
    """Two guests' processes at once are still one double run, not two."""
    assert meeting([span(0, 10)], [span(5, 7), span(6, 12)]) == [span(5, 10)]
    assert total_s(meeting([span(0, 1)], [span(1, 2)])) == 0


def test_gaps_begin_and_end_with_the_whole() -> None:
    """A host that never had a startd is the longest gap, not none."""
    assert gaps([], span(0, 5)) == [span(0, 5)]
    assert gaps([span(1, 2), span(4, 9)], span(0, 5)) == [span(0, 1), span(2, 4)]


def message(number: int, *words: int) -> bytes:
    return bytes(16 + 20) + struct.pack("=IIQ", number, 0, 7) + struct.pack(f"={len(words)}I", *words)


def test_threads_are_not_processes() -> None:
    """The end of one of dockerd's threads read as dockerd's end would make every measurement nonsense."""
    fork = message(1, 10, 10, 12, 12)
    assert parse(fork) == ProcEvent(kind=Kind.FORK, pid=12, at_ns=7, parent=10)
    with pytest.raises(ValueError, match="thread"):
        parse(message(1, 10, 10, 13, 12))
    with pytest.raises(ValueError, match="thread"):
        parse(message(0x80000000, 13, 12, 0, 0))


def told(*looks: tuple[int, Look]) -> HerdLog:
    seen = dict(looks)
    return HerdLog(look=seen.get)


CONTAINER = Place(host="p201", container="c")


def test_the_waiting_first_process_is_no_guest_but_its_children_are() -> None:
    """PID 1 waits beside the regular startd by design; counting it would hide real double runs in noise."""
    first = Look(place=Place(host="p201", container="c", first=True), program="python3")
    log = told((5, first))
    log.take(ProcEvent(kind=Kind.EXEC, pid=5, at_ns=10))
    assert log.guests("p201") == []
    log.take(ProcEvent(kind=Kind.FORK, pid=6, parent=5, at_ns=2 * 10**9))
    log.take(ProcEvent(kind=Kind.EXIT, pid=6, at_ns=3 * 10**9))
    (guest,) = log.guests("p201")
    assert guest.span(4 * 10**9) == span(2.0, 3.0)


def test_a_process_seen_beside_a_startd_has_a_name() -> None:
    """45 ms of a double run were measured once, and nobody could say what had run."""
    master = Look(place=CONTAINER, program="condor_master")
    log = told((6, master))
    log.take(ProcEvent(kind=Kind.EXEC, pid=6, at_ns=1))
    log.take(ProcEvent(kind=Kind.FORK, pid=7, parent=6, at_ns=2))
    assert [(one.pid, one.program, one.start_ns) for one in log.guests("p201")] == [
        (6, "condor_master", 1),
        (7, "condor_master", 2),
    ]


def test_runcs_helpers_are_no_guests_though_they_are_in_the_control_group() -> None:
    """On a busy machine they were seen late, in the container's control group, and read as a double run of 66 ms."""
    assert place_of("p201", "c", "Name:\trunc\nNSpid:\t4711\t12\n") == Place(host="p201")
    assert place_of("p201", "c", "Name:\tpython3\nNSpid:\t4712\t13\t1\n").first
    assert place_of("p201", "c", "Name:\tsleep\nNSpid:\t4713\t14\t7\n") == CONTAINER


def test_a_startd_is_known_by_what_it_runs_and_where() -> None:
    """The guard turns into the startd by exec: its life as a guard is not a startd's."""
    log = told(
        (8, Look(place=Place(host="p201"), program="condor_startd")),
        (9, Look(place=CONTAINER, program="condor_startd")),
    )
    log.take(ProcEvent(kind=Kind.EXEC, pid=8, at_ns=10**9))
    log.take(ProcEvent(kind=Kind.EXEC, pid=9, at_ns=2 * 10**9))
    log.take(ProcEvent(kind=Kind.EXIT, pid=8, at_ns=3 * 10**9))
    assert [run.span(0) for run in log.runs("p201", Side.REGULAR)] == [span(1.0, 3.0)]
    assert [run.end_ns for run in log.runs("p201", Side.FLOCKING)] == [0]


def seen_since(watch: Watch, since_s: float) -> bool:
    """True once p201's new startd, not its predecessor's lingering ad, was seen."""
    return any(s.machine == "p201" and s.at_s > since_s + 2.0 for s in watch.sightings)


@pytest.mark.real
def test_a_killed_startd_is_seen_to_end_and_to_start_again(site: Site) -> None:
    """The demo's figures come from here: a watch that misses a startd would report a perfect site."""
    host = site.host("p201")
    with Watch(site) as watch:
        eventually(lambda: watch.sightings, 10, what="the collectors are looked at")
        pid = host.pids("^condor_startd", containers=False)[0]
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: len(watch.runs("p201", Side.REGULAR)) == 2, 20, what="the startd was started again")
        second = watch.runs("p201", Side.REGULAR)[1]
        eventually(lambda: seen_since(watch, second.start_ns / 1e9), 20, what="it is seen")
    first, second = watch.runs("p201", Side.REGULAR)
    assert first.pid == pid
    assert 4 <= (second.start_ns - first.end_ns) / 1e9 <= 12, "the master's back-off lies between"
    measured = watch.measured()
    assert measured.double_run_ms == 0
    assert 4 <= measured.longest_without_accepting_startd_s <= 30


@pytest.mark.real
def test_a_guest_process_beside_the_regular_startd_is_found(site: Site) -> None:
    """The measurement that must never be blind: here the double run is made on purpose, with no lock involved."""
    host = site.host("p202")
    with Watch(site) as watch:
        ident = by_hand.start_container(site, host, ("/bin/sh", "-c", "sleep 1; exit 0"))
        by_hand.output(host, ident)
        by_hand.remove_container(host, ident)
        eventually(lambda: watch.measured().double_run_ms > 0, 10, what="the double run was seen")
    measured = watch.measured()
    assert list(measured.double_runs) == ["p202"]
    assert 900 <= measured.double_run_ms <= 3000


@pytest.mark.real
def test_a_lend_and_a_reclaim_by_the_bare_commands_leave_no_double_run(site: Site) -> None:
    """The bare sequence is the floor that the shepherd's own lends are measured against."""
    host = site.host("p202")
    with Watch(site) as watch:
        ident = by_hand.lend(site, host, "watched")
        assert watch.runs("p202", Side.FLOCKING)
        master = host.pids("condor_master", containers=True)[0]
        os.kill(master, signal.SIGQUIT)
        eventually(lambda: "p202" in site.regular_startds(), 30, what="p202 is back")
    by_hand.remove_container(host, ident)
    measured = watch.measured()
    assert measured.double_run_ms == 0
    assert measured.longest_without_accepting_startd_s < 60
