"""The record of who ran what as the daemon has it: its store, its logger, and a check against what that logger got."""

import pathlib
import socket

import pytest

from shepherd.cli.ledger_trace import verified_trace
from shepherd.core.heads import anchors_in
from shepherd.edges.clock import SystemClock
from shepherd.programs.trace_wiring import Tracing, trace_place
from tests.core.sound_settings import daemon
from tests.edges.ledgers import ledger_in, note
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
        lambda event, **_: logged.append(event), "me",
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
        settings_in(tmp_path, receiver, logger=""), ledger, lambda work: work(), clock, lambda _event, **_: None, "me"
    )
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
