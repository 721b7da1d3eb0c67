"""Guests' connections as they are recorded: a container, a gateway with the real rules and NAT, and the internet."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shepherd.model.trace import EndSeen
from tests.gateway.crossing import CLOSED, ECHO, FAR, GATE, INSIDE, NAT, OTHER, ROUNDS, Crossing, Story

pytestmark = [pytest.mark.real, pytest.mark.limit(120)]
TCP, UDP = 6, 17
BOTH = """
import socket, sys
lines = [socket.socket() for _ in sys.argv[3:]]
for line, address in zip(lines, sys.argv[3:]):
    line.bind((address, 5555))
    line.connect((sys.argv[1], int(sys.argv[2])))
    line.send(b"x")
    line.recv(9)
"""


@pytest.fixture
def crossing(tmp_path: Path) -> Iterator[Crossing]:
    """Fresh for each test: the kernel forgets nothing in between."""
    made = Crossing(tmp_path)
    try:
        made.build()
        yield made
    finally:
        made.remove()


def test_a_connection_is_recorded_with_all_three_ends_and_its_bytes(crossing: Crossing) -> None:
    """"Your address attacked us from port 41822": nobody knew which of the hosts behind it that was."""
    crossing.recording()
    before_s = time.time()
    port, came = crossing.job("tcp", size=20_000)
    assert came == "echo"
    story = crossing.eventually(lambda story: story.ended(port), "a connection with its end")
    (begun,) = story.from_port(port)
    ended = story.end_of(begun)
    assert (begun.protocol, begun.address, begun.far_address, begun.far_port) == (TCP, INSIDE, FAR, ECHO)
    assert (begun.nat_address, begun.uid) == (NAT, -1)
    assert begun.nat_port > 0
    assert ended is not None
    assert before_s <= begun.at_s <= ended.at_s <= time.time()
    assert ended.how is EndSeen.SEEN
    assert 20_000 < ended.sent_bytes < 30_000
    assert 20_000 < ended.received_bytes < 30_000
    assert min(ended.sent_packets, ended.received_packets) > 2
    assert story.gaps == []


def test_two_hosts_with_the_same_port_are_told_apart_by_the_port_outside(crossing: Crossing) -> None:
    """Two jobs had the same port, on two hosts; outside both were one address."""
    crossing.sh(crossing.inside, f"ip rule add from {OTHER} lookup main")
    crossing.recording()
    crossing.must(crossing.inside, "/usr/bin/python3", "-c", BOTH, FAR, str(ECHO), INSIDE, OTHER)
    story = crossing.eventually(lambda story: len(story.from_port(5555)) == 2, "both connections")
    assert {begun.address for begun in story.from_port(5555)} == {INSIDE, OTHER}
    assert len({begun.nat_port for begun in story.from_port(5555)}) == 2


def test_what_is_refused_by_the_far_end_and_what_goes_to_the_gateway_is_recorded_too(crossing: Crossing) -> None:
    """A scan of closed ports is what a complaint is about; and a job knocks at the flock pool."""
    crossing.recording()
    refused, came = crossing.job("tcp", port=CLOSED)
    assert came == "Connection refused"
    pool, _ = crossing.job("tcp", address=GATE, port=9619)
    udp, answer = crossing.job("udp")
    assert answer == "answer"
    story = crossing.eventually(lambda s: s.ended(refused) and s.ended(pool) and s.from_port(udp), "all three")
    assert [(one.far_port, one.nat_address) for one in story.from_port(pool)] == [(9619, INSIDE)]
    assert [one.protocol for one in story.from_port(udp)] == [UDP]


def test_a_port_that_is_used_again_at_once_gives_connections_that_do_not_mix(crossing: Crossing) -> None:
    """After a close the kernel remembers the connection for two minutes; a job that used the port again was it."""
    crossing.recording()
    for number in range(1, 6):
        assert crossing.job("tcp", own_port=7000, size=number * 10_000)[1] == "echo"
    assert crossing.job("tcp", own_port=7001, port=CLOSED)[1] == "Connection refused"
    assert crossing.job("tcp", own_port=7001)[1] == "echo"
    story = crossing.eventually(
        lambda s: s.ended(7000) and len(s.from_port(7000)) == 5 and len(s.from_port(7001)) >= 2, "six connections"
    )
    ends = [story.end_of(begun) for begun in story.from_port(7000)]
    assert [round(ended.sent_bytes, -4) for ended in ends if ended] == [10_000, 20_000, 30_000, 40_000, 50_000]


def test_a_logger_that_is_killed_tells_the_gap_and_misses_no_end_and_no_long_connection(crossing: Crossing) -> None:
    """The logger died; what went on meanwhile was never recorded, and what was over never ended."""
    logger = crossing.recording()
    long, its_port = crossing.held()
    ending, ended_port = crossing.held()
    closed_before, _ = crossing.job("tcp")
    crossing.eventually(lambda s: s.from_port(its_port) and s.from_port(ended_port) and s.ended(closed_before), "three")
    logger.send_signal(signal.SIGKILL)
    logger.wait()
    died_s = time.time()
    crossing.let_go(ending)
    meanwhile, missed_port = crossing.held()
    short_port, _ = crossing.job("tcp")
    crossing.recording()
    story = crossing.eventually(
        lambda s: s.ended(ended_port) and s.from_port(missed_port) and s.ended(short_port), "what was missed"
    )
    (gap,) = story.gaps
    assert gap.from_s <= died_s <= gap.to_s
    assert gap.what == "flows"
    assert [len(story.from_port(port)) for port in (its_port, ended_port, missed_port, closed_before)] == [1, 1, 1, 1]
    end = story.end_of(story.from_port(ended_port)[0])
    assert end is not None
    assert end.how is EndSeen.BY_LOOK
    crossing.let_go(long)
    crossing.let_go(meanwhile)
    story = crossing.eventually(lambda s: s.ended(its_port) and s.ended(missed_port), "ends after the restart")
    assert len(story.begun) == len({(one.flow, one.at_s) for one in story.begun})


def test_a_buffer_that_is_too_small_is_told_and_afterwards_nothing_is_missing(crossing: Crossing) -> None:
    """The kernel dropped events in silence, and connections of an attack were not on record."""
    logger = crossing.recording("--buffer-kib", "16")
    held = [crossing.held() for _ in range(3)]
    crossing.eventually(lambda s: all(s.from_port(port) for _, port in held), "what is open")
    logger.send_signal(signal.SIGSTOP)
    crossing.let_go(held[0][0])
    port, sent = crossing.job("spray", port=20_000, count=500)
    assert sent == "500"
    short = [crossing.job("tcp")[0] for _ in range(3)]
    logger.send_signal(signal.SIGCONT)
    story = crossing.eventually(
        lambda s: len(s.from_port(port)) == 500 and s.ended(held[0][1]) and all(map(s.ended, short)), "all of it"
    )
    assert sum(gap.count or 0 for gap in story.gaps) > 400
    assert not any(story.end_of(story.from_port(one)[0]) for _, one in held[1:])


def test_thirty_thousand_connections_at_once_are_recorded_without_loss(crossing: Crossing) -> None:
    """One job's scan drowned the record of everybody else's."""
    crossing.sh(crossing.gate, "sysctl -qw net.netfilter.nf_conntrack_udp_timeout=2")
    crossing.recording()
    port, sent = crossing.job("spray", port=1000, count=30_000)
    until_s = time.monotonic() + 60
    while crossing.spooled() < int(sent):
        assert time.monotonic() < until_s, f"{crossing.spooled()} records of a burst"
        time.sleep(0.5)
    story = Story(crossing.records())
    assert len({begun.far_port for begun in story.from_port(port)}) == int(sent) == 30_000
    assert story.gaps == []


def test_every_one_of_two_thousand_short_connections_has_its_end(crossing: Crossing) -> None:
    """Short ones were over before anybody looked."""
    crossing.recording()
    crossing.must(crossing.inside, "/usr/bin/python3", "-c", ROUNDS, FAR, str(ECHO), "2000")

    def whole(story: Story) -> bool:
        return len(story.begun) == len(story.ends) == 2000

    story = crossing.eventually(whole, "beginnings and ends")
    assert all(end.sent_bytes > 200 and end.how is EndSeen.SEEN for end in story.ends)
    assert {(end.flow, end.begun_s) for end in story.ends} == {(one.flow, one.at_s) for one in story.begun}
    assert story.gaps == []


def test_the_gateway_restarts_its_flow_log_and_the_rules_do_not_wait(crossing: Crossing) -> None:
    """The logger's death took the firewall's program along."""
    program = crossing.start(crossing.gate, *crossing.shepherd("run"))
    crossing.eventually(lambda _: (crossing.spool / "open").exists(), "the flow log has begun")
    crossing.job("tcp")
    first = recorder_of(program.pid)
    os.kill(first, signal.SIGKILL)
    story = crossing.eventually(lambda s: s.gaps, "the gap of the restart")
    assert story.gaps[0].why == "connections were not recorded: the recorder was not running"
    assert recorder_of(program.pid) != first
    port, _ = crossing.job("tcp")
    crossing.eventually(lambda s: s.ended(port), "recorded again")
    crossing.must(crossing.gate, "nft", "flush", "ruleset")
    until_s = time.monotonic() + 30
    while "flock_out" not in crossing.must(crossing.gate, "nft", "list", "ruleset"):
        assert time.monotonic() < until_s, "the rules are not mended"
        time.sleep(0.1)
    recorder = recorder_of(program.pid)
    program.kill()
    program.wait()
    until_s = time.monotonic() + 10
    while Path(f"/proc/{recorder}").exists():
        assert time.monotonic() < until_s, "the flow log outlives the gateway's program"
        time.sleep(0.1)


def test_a_gateway_that_is_stopped_writes_first_what_it_knows(crossing: Crossing) -> None:
    """systemd stops all processes of a unit at once: what the flow log had just heard was lost."""
    program = crossing.start(crossing.gate, *crossing.shepherd("run"))
    crossing.eventually(lambda _: (crossing.spool / "open").exists(), "the flow log has begun")
    port, _ = crossing.job("tcp")
    recorder = recorder_of(program.pid)
    os.kill(recorder, signal.SIGTERM)
    program.terminate()
    assert program.wait(20) == 0
    assert not Path(f"/proc/{recorder}").exists()
    story = Story(crossing.records())
    assert story.ended(port)
    assert story.gaps == []


def recorder_of(program: int) -> int:
    """The flow log that a gateway's program started."""
    children = Path(f"/proc/{program}/task/{program}/children")
    found = [
        int(child)
        for task in children.parents[1].glob("*/children")
        for child in task.read_text().split()
        if b"record" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    ]
    return found[0]
