"""The record of who ran what as the daemon has it: its store, its logger, and a check against what that logger got."""

import dataclasses
import pathlib
import socket

import pytest

from shepherd.cli.ledger_trace import verified_trace
from shepherd.core.heads import anchors_in
from shepherd.edges.clock import SystemClock
from shepherd.edges.trace_store.holds import StoreHolds
from shepherd.model.ledger_settings import LedgerSettings
from shepherd.model.trace_rows import FlowsSought, Span
from shepherd.programs.trace.anchor import SETTLED_S
from shepherd.programs.trace_wiring import Tracing, trace_place
from tests.core.sound_settings import daemon
from tests.edges.ledgers import DAY_S, MARCH_1, ledger_in, note, verified
from tests.edges.trace_stores import flow, job, segment


@pytest.fixture(name="receiver")
def a_logger_on_the_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        yield receiver


def settings_in(place: pathlib.Path, receiver: socket.socket, **trace: object):
    logger = f"udp:127.0.0.1:{receiver.getsockname()[1]}"
    return daemon(paths={"state": str(place)}, trace={"logger": logger, "anchor_s": 1e-6, **trace})


def test_what_the_logger_gets_is_on_both_chains(receiver, tmp_path):
    """Each part was tried, and together they told the logger nothing."""
    ledger = ledger_in(tmp_path / "ledger")
    ledger.append([note("one")])
    logged: list[str] = []
    tracing = Tracing(
        settings_in(tmp_path, receiver), ledger, lambda work: work(), SystemClock(),
        lambda event, **_: logged.append(event), "me", keeps_records=lambda: True,
    )  # fmt: skip
    now = SystemClock().wall_s()
    tracing.store.add(segment([flow(now, 1), job(now, 1)]))
    tracing.anchoring.tick()
    tracing.anchoring.tick()
    [anchor] = anchors_in([receiver.recv(65536).decode()])
    assert anchor.instance == "me"
    assert anchor.ledger == ledger.head()
    assert anchor.trace == tracing.store.head()
    assert anchor.trace is not None
    result = verified_trace(tmp_path / "trace", [anchor.trace])
    assert (result.faults, result.anchored) == ((), 1)
    assert tracing.anchoring.problem == ""
    assert logged == []
    tracing.close()
    ledger.close()


def test_a_reload_changes_the_logger_and_the_retention(receiver, tmp_path):
    """The old logger was told for weeks, until the next restart."""
    ledger = ledger_in(tmp_path / "ledger")
    clock = SystemClock()
    tracing = Tracing(
        settings_in(tmp_path, receiver, logger=""), ledger, lambda work: work(), clock, lambda _event, **_: None, "me",
        keeps_records=lambda: True,
    )  # fmt: skip
    tracing.anchoring.tick()
    tracing.adopt(settings_in(tmp_path, receiver, keep_days=7))
    tracing.anchoring.tick()
    tracing.anchoring.tick()
    assert len(list(anchors_in([receiver.recv(65536).decode()]))) == 1
    assert tracing.store.retention.keep_days == 7
    tracing.close()
    ledger.close()


def test_the_store_lies_where_the_settings_say(receiver, tmp_path):
    """Half a year of records went to the root file system."""
    assert trace_place(settings_in(tmp_path, receiver)) == tmp_path / "trace"
    assert trace_place(settings_in(tmp_path, receiver, directory="/srv/trace")) == pathlib.Path("/srv/trace")


class AfterAnHour:
    """A clock that has gone right for long enough."""

    def __init__(self, now_s: float) -> None:
        self.now_s, self.steady = now_s, 0.0

    def wall_s(self) -> float:
        return self.now_s + self.steady

    def steady_s(self) -> float:
        return self.steady


def kept_days(place: pathlib.Path) -> list[str]:
    return sorted(path.stem for path in (place / "ledger").glob("*.sqlite"))


def test_old_days_of_the_ledger_go_unless_nothing_is_recorded_or_an_incident_is_on_hold(receiver, tmp_path):
    """The disk of the central manager filled up within a year; and the days of a letter must stay while it is open."""
    ledger, works, clock = ledger_in(tmp_path / "ledger"), [False], AfterAnHour(MARCH_1 + 20 * DAY_S)
    for day in range(21):
        ledger.append([note(f"{day}", MARCH_1 + day * DAY_S)])
    settings = settings_in(tmp_path, receiver, logger="")
    settings = dataclasses.replace(settings, ledger=LedgerSettings(keep_days=10))
    tracing = Tracing(
        settings, ledger, lambda work: work(), clock, lambda _event, **_: None, "me", keeps_records=lambda: works[0]
    )
    tracing.store.add(segment([flow(MARCH_1 + 5 * DAY_S, 1)]))
    holds, incident = StoreHolds(tmp_path / "trace", wall_s=clock.wall_s), Span(from_s=MARCH_1 + 3 * DAY_S + 60)
    holds.hold("letter-1", why="a letter", by="officer", flows=FlowsSought(span=incident))

    def a_minute_later() -> list[str]:
        clock.steady += SETTLED_S + 60
        tracing.anchoring.tick()
        return kept_days(tmp_path)

    assert len(a_minute_later()) == 21
    works[0] = True
    assert a_minute_later()[0] == "2026-03-04"
    holds.release("letter-1", by="officer")
    assert a_minute_later()[0] == "2026-03-11"
    assert verified(tmp_path / "ledger").faults == ()
    assert tracing.anchoring.problem == ""
    tracing.adopt(dataclasses.replace(settings, ledger=LedgerSettings(keep_days=0)))
    clock.now_s += 900 * DAY_S
    assert a_minute_later()[0] == "2026-03-11"
    tracing.close()
    ledger.close()
