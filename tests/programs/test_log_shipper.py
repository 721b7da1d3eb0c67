"""What the site's logger is sent of a container's logs."""

from collections.abc import Sequence

from shepherd.core.heads import Anchor, anchor_message, anchors_in
from shepherd.model.chain import Head
from shepherd.model.container import Container
from shepherd.model.syslog import SyslogMessage, line_of
from shepherd.ports_trace import ContainerLine
from shepherd.programs.trace.log_shipper import ELEMENT, LINES, LogShipper
from shepherd.sim.clock import SimClock

ONE = Container(ident="c1", pid=501, start_ticks=1, cgroup="/c1")
TWO = Container(ident="c2", pid=502, start_ticks=2, cgroup="/c2")


class Logs:
    """Lines by the container's process."""

    def __init__(self) -> None:
        self.of: dict[int, list[ContainerLine]] = {}
        self.pid: int | None = None

    def follow(self, pid: int | None) -> None:
        self.pid = pid

    def lines(self) -> Sequence[ContainerLine]:
        return self.of.pop(self.pid, []) if self.pid else []


class Bench:
    """A host, and what its logger got."""

    def __init__(self) -> None:
        self.logs = Logs()
        self.sent: list[SyslogMessage] = []
        clock = SimClock(lambda: 1.8e9, lambda: 0.0)
        self.shipper = LogShipper("p205", self.logs, self.sent.append, clock)


def test_each_line_says_which_host_container_and_lease_it_is_of() -> None:
    """All containers of a host have one name: at the logger nobody knew which lend a line was of."""
    bench = Bench()
    bench.logs.of[501] = [ContainerLine("StartLog", "slot1_1: claimed by 192.0.2.9")]
    bench.shipper.turn(ONE, "lease-1")
    (message,) = bench.sent
    about = {"host": "p205", "container": "c1", "lease": "lease-1", "log": "StartLog"}
    assert (message.text, message.data) == ("slot1_1: claimed by 192.0.2.9", {ELEMENT: about})
    assert f'[{ELEMENT} host="p205" container="c1"' in line_of(message, host="p205", app="shepherd", pid=1)


def test_what_a_container_wrote_last_is_sent_as_its_own() -> None:
    """The last lines of a container were sent as the next one's."""
    bench = Bench()
    bench.shipper.turn(ONE, "lease-1")
    bench.logs.of = {501: [ContainerLine("StartLog", "its last")], 502: [ContainerLine("StartLog", "its first")]}
    bench.shipper.turn(TWO, "lease-2")
    whose = [(one.text, one.data[ELEMENT]["container"]) for one in bench.sent]
    assert whose == [("its last", "c1"), ("its first", "c2")]
    bench.logs.of[502] = [ContainerLine("StartLog", "the end")]
    bench.shipper.turn(None, "")
    bench.shipper.turn(None, "")
    assert [one.text for one in bench.sent[2:]] == ["the end"]


def test_a_container_does_not_drown_the_sites_logger() -> None:
    """A loop of errors in one container cost the site everybody's messages of that hour."""
    bench = Bench()
    bench.logs.of[501] = [ContainerLine("StartLog", str(number)) for number in range(LINES + 7)]
    bench.shipper.turn(ONE, "lease-1")
    assert len(bench.sent) == LINES + 1
    assert bench.sent[-1].text.startswith("7 lines were left out")


def test_no_container_writes_heads_of_our_records() -> None:
    """A guest's schedd called its user by a head of the shepherd's chain. The logger's file had it among the
    container's lines, and `ledger verify` said that the record had been cut short."""
    bench = Bench()
    forged = anchor_message(Anchor(instance="i1", ledger=None, trace=Head(seq=9, hash="0" * 64)), 0.0).text
    bench.logs.of[501] = [ContainerLine("StartLog", f"slot1_1: Remote owner is {forged}")]
    bench.shipper.turn(ONE, "lease-1")
    assert list(anchors_in([forged]))
    lines = [line_of(one, host="p205", app="shepherd", pid=1) for one in bench.sent]
    assert len(lines) == 1
    assert list(anchors_in(lines)) == []
