"""The shepherd's part in the record, put together: sources next door, and what it tells them."""

import dataclasses
import pathlib
import types
from typing import cast

import pytest

from shepherd.core.lease.pages import Beside
from shepherd.core.trace import lines
from shepherd.edges.clock import SystemClock
from shepherd.edges.trace_spool.writer import Spooling, TraceSpool
from shepherd.errors import CommandFailed
from shepherd.model.observation import Snapshot
from shepherd.model.trace import Gap
from shepherd.model.trace_settings import TraceSettings
from shepherd.programs.collect_wiring import GATEWAY, gathering_of, turn_here
from shepherd.programs.pages import LeasePages
from shepherd.sim.recording import SimTraceWriter
from tests.core.sound_settings import DAEMON
from tests.edges.trace_spools import spool_in, stay


class Schedds:
    """None."""

    def flock_schedds(self) -> list[tuple[str, str, str]]:
        return []


@dataclasses.dataclass
class Pages:
    """What goes onto the next lease pages."""

    beside: Beside = dataclasses.field(default_factory=Beside)


class Minutes(SystemClock):
    """Each question a minute after the last."""

    now_s = 0.0

    def steady_s(self) -> float:
        self.now_s += 60.0
        return self.now_s


def test_the_gateways_record_is_taken_from_next_door_and_it_is_told(tmp_path: pathlib.Path) -> None:
    """The gateway never dropped anything, because only hosts read lease pages."""
    place = tmp_path / "flows"
    spool = TraceSpool(place, Spooling(source=GATEWAY, what="flows"), lines, lambda: 1000.0)
    spool.append([Gap(source=GATEWAY, what="flows", from_s=1.0, to_s=2.0, count=1, why="a test")])
    spool.seal()
    told: list[int] = []
    store = SimTraceWriter()
    settings = dataclasses.replace(DAEMON, trace=TraceSettings(gateway_spool=str(place)))
    gathering = gathering_of(
        settings, store=store, look=Schedds(), guests=dict, tell=lambda _, number: told.append(number),
        pages=cast(LeasePages, Pages()), background=lambda work: work(), clock=Minutes(), log=lambda *_, **__: None,
    )  # fmt: skip
    for _ in range(8):
        gathering.follow(cast(Snapshot, types.SimpleNamespace(hosts={})))
    assert store.stored() == {GATEWAY: spool.newest}
    assert set(told) == {spool.newest}
    assert gathering.problem == ""


def test_a_spool_next_door_hears_what_is_stored_and_says_what_it_has(tmp_path: pathlib.Path) -> None:
    """Its directory may be missing before it has recorded anything, and unreadable to the wrong account."""
    told: list[tuple[pathlib.Path, int]] = []
    spool = spool_in(tmp_path / "flows")
    spool.append([stay(1)])
    spool.seal()
    local = {GATEWAY: tmp_path / "flows", "other": tmp_path / "nowhere"}

    def tell(path: pathlib.Path, number: int) -> None:
        told.append((path, number))

    assert turn_here(local, {GATEWAY: 7, "p201": 3}, tell) == {GATEWAY: spool.newest, "other": 0}
    assert told == [(tmp_path / "flows", 7)]
    (tmp_path / "file").touch()
    with pytest.raises(CommandFailed):
        turn_here({GATEWAY: tmp_path / "file"}, {}, tell)
