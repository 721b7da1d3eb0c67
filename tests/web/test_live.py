"""Keeping up to date: no more goes over the wire than has changed, and nobody waits for what is there."""

import asyncio
import dataclasses
import json
import threading
from typing import Any

import pytest

from shepherd.edges.log import make_log
from shepherd.model.flockoff import Leak
from shepherd.model.host import HostState
from shepherd.model.web_settings import WebSettings
from shepherd.views.present import Present, ShownHost, ShownReading, present_from
from shepherd.views.status import Life
from shepherd.views.web import live
from shepherd.views.web.board import Board, Current, Reckoned
from shepherd.views.web.live import Ended, Pulse, Seen
from shepherd.views.web.page import Cells, Page, Part
from shepherd.views.web.paint import Painted, Painter, changes, number
from shepherd.views.web.site import Site, shipped_files
from tests.cli.sites import body
from tests.web.asgi import answered, asked, plain

VERSIONS = {name: file.version for name, file in shipped_files().items()}


class FakeBoard:
    """Shows what a test says."""

    def __init__(self, hosts: int = 3) -> None:
        self.states = [HostState.LOCAL] * hosts
        self.version = 1
        self.looks = 0

    def now_s(self) -> float:
        return 0.0

    def current(self) -> Current:
        self.looks += 1
        shown: Present = dataclasses.replace(
            present_from(body(at_s=1.8e9, cycle_at_s=1.8e9, readings=[])),
            hosts=tuple(
                ShownHost(host=f"p{n}", flock_name=f"f{n}", state=state, why="", since_s=None)
                for n, state in enumerate(self.states, 201)
            ),
        )
        life = Life(running=True)
        return Current(version=self.version, present=shown, life=life, is_silent=False, trouble="")

    def turn(self, place: int, state: HostState) -> None:
        self.states[place] = state
        self.version += 1

    def may_see_persons(self, user: str) -> bool:
        return bool(user)

    def names(self) -> frozenset[str]:
        return frozenset()

    def host(self, name, at_s):
        return None

    def decisions(self, before, count):
        return []

    def cycle(self, seq):
        raise NotImplementedError

    def reckoned(self, days: int) -> Reckoned:
        return Reckoned(harvest=None, done=0, of=1)


def painted(*parts: Part) -> Painted:
    return Painter(VERSIONS).paint(Page(title="x", place="hosts", parts=parts))


def sorry(name: str, why: str) -> Part:
    return Part(id=name, template="sorry", values={"title": "x", "why": why})


def test_only_parts_that_changed_are_sent() -> None:
    """Each second every page was sent whole."""
    before = painted(sorry("one", "same"), sorry("two", "old"))
    now = painted(sorry("one", "same"), sorry("two", "new"))
    told = json.loads(changes(before, now))
    assert list(told) == ["parts"]
    assert list(told["parts"]) == ["two"]
    assert changes(now, now) == ""


def test_a_part_that_is_new_says_where_it_belongs_and_one_that_went_is_named() -> None:
    """The banner of a flockoff was under the footer."""
    told = json.loads(changes(painted(sorry("one", "a")), painted(sorry("one", "a"), sorry("two", "b"))))
    assert told["frames"] == {"two": ["part p-sorry", "one"]}
    assert json.loads(changes(painted(sorry("one", "a")), painted()))["gone"] == ["one"]


def test_of_a_map_only_the_cells_that_turned_are_sent() -> None:
    """Three thousand hosts were sent because of one."""
    board = FakeBoard(3000)
    site = Site(board, WebSettings(), make_log())
    before = asked(site.app, "/hosts")
    assert before.text.count('" href="/host/') == 3000
    first = asyncio.run(_next_change(board, site))
    assert first["cells"] == {"map": {"7": "F"}}
    assert len(json.dumps(first)) < 2000


async def _next_change(board: FakeBoard, site: Site) -> dict[str, object]:
    """What a browser that shows the present map is told when one host turns."""
    pulse = Pulse(board, 5)
    painter = Painter(VERSIONS)

    async def show() -> tuple[int, Painted]:
        from shepherd.views.web.hosts import hosts_page
        from shepherd.views.web.page import Ask

        current = board.current()
        ask = Ask(board=board, current=current, may=False, names=(), query={}, path={})
        return current.version, painter.paint(hosts_page(ask))

    async with pulse.beating():
        events = pulse.stream(show, Seen(*await show()))
        assert (await anext(events)).startswith(b"retry:")
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.05)
        board.turn(7, HostState.FLOCK)
        told = await asyncio.wait_for(waiting, 10)
        await events.aclose()
    assert told.startswith(b"id: 2\nevent: change\n")
    found: dict[str, object] = json.loads(told.partition(b"data: ")[2])
    return found


def test_another_map_is_sent_whole() -> None:
    """A host was added, and everybody after it had its neighbour's state."""
    old, new = Cells(names=("a",), letters="L"), Cells(names=("a", "b"), letters="LF")
    before = painted(dataclasses.replace(sorry("map", "1"), cells=old))
    now = painted(dataclasses.replace(sorry("map", "2"), cells=new))
    assert list(json.loads(changes(before, now))) == ["parts"]


def test_nobody_looks_at_the_record_while_nobody_looks_at_a_page() -> None:
    """A dashboard that nobody had open read the whole record each second of the year."""
    board = FakeBoard()

    async def beats() -> None:
        async with Pulse(board, 1).beating():
            await asyncio.sleep(0.1)

    asyncio.run(beats())
    assert board.looks == 0


def test_more_streams_than_are_allowed_are_refused() -> None:
    """Two thousand tabs kept two thousand connections, and the page itself was not answered any more."""
    web = Site(FakeBoard(), WebSettings(streams=1), make_log())
    web._pulse._streams = 1
    answer = asked(web.app, "/live/hosts")
    assert (answer.status, answer.headers["retry-after"]) == (503, "60")
    assert asked(web.app, "/hosts").status == 200


def test_a_stream_of_no_page_is_not_asked_for_again() -> None:
    """A browser asked every three seconds for a host that was gone."""
    web = Site(FakeBoard(), WebSettings(), make_log())
    assert asked(web.app, "/live/host/p999").status == 204
    assert asked(web.app, "/live/hosts?state=asleep").status == 204


def test_a_page_takes_no_parameter_of_its_stream() -> None:
    """A link that somebody had copied was another page in every cache."""
    assert asked(Site(FakeBoard(), WebSettings(), make_log()).app, "/hosts?since=1").status == 404


@pytest.mark.parametrize("change", [{"is_silent": True}, {"life": Life(running=False)}])
def test_a_source_that_nobody_asks_is_not_fresh(change: dict[str, Any]) -> None:
    """The shepherd had been dead for a day, and five green marks stood on the wall."""
    board = FakeBoard()
    current = board.current()
    assert current.present is not None
    reading = ShownReading(source="queue", at_s=current.present.at_s, problem=None, period_s=10.0)
    present = dataclasses.replace(current.present, readings=(reading,))
    for changed, mark in (({}, "✓ fresh"), (change, "! not asked any more")):
        shown = dataclasses.replace(current, present=present, **changed)
        board.current = lambda shown=shown: shown  # type: ignore[method-assign,misc]
        assert mark in asked(Site(board, WebSettings(), make_log()).app, "/sources").text


def test_a_leak_stands_above_the_map() -> None:
    """One host's container had reached the storage; the map showed that host as local, like the others."""
    board = FakeBoard()
    current = board.current()
    assert current.present is not None
    leak = Leak(host="p9", at_s=1.8e9, what="leak: <b>storage</b> answers")
    shown = dataclasses.replace(current, present=dataclasses.replace(current.present, leaks=(leak,)))
    board.current = lambda: shown  # type: ignore[method-assign]
    text = asked(Site(board, WebSettings(), make_log()).app, "/hosts").text
    assert "Leak: p9</strong>, <time" in text
    assert "leak: &lt;b&gt;storage&lt;/b&gt; answers" in text


def test_a_blind_shepherd_says_so_above_its_map() -> None:
    """The map on the wall was all green, and nothing had been lent since Friday: the queue was not heard."""
    board = FakeBoard()
    current = board.current()
    assert current.present is not None
    reading = ShownReading(source="queue", at_s=1.8e9, problem="no word from 192.0.2.7", period_s=10.0)
    shown = dataclasses.replace(current, present=dataclasses.replace(current.present, readings=(reading,)))
    board.current = lambda: shown  # type: ignore[method-assign]
    text = asked(Site(board, WebSettings(), make_log()).app, "/hosts").text
    assert "Blind: queue.</strong> Last believed <time" in text
    assert "no word from [hidden]" in text


def test_the_fake_is_a_board() -> None:
    """A fake that lacks a method tests nothing."""
    board: Board = FakeBoard()
    assert board.now_s() == 0.0


def test_numbers_are_short() -> None:
    """12345.678901 core-hours."""
    found = [number(value) for value in (0, 3, 0.123, 12.34, 123.4, 1234567)]
    assert found == ["0", "3", "0.12", "12.3", "123", "1\u202f234\u202f567"]


def test_a_story_that_takes_long_keeps_nobody_else_waiting() -> None:
    """One click on a host of last month, and the map on the wall stood still."""
    board, goes_on = FakeBoard(), threading.Event()
    board.host = lambda _name, _at_s: goes_on.wait(20) and None  # type: ignore[method-assign]
    site = Site(board, WebSettings(), make_log())

    async def both() -> tuple[int, bool]:
        slow = [asyncio.ensure_future(answered(site.app, plain(f"/host/p20{n}"))) for n in (1, 2)]
        await asyncio.sleep(0.2)
        quick = await asyncio.wait_for(answered(site.app, plain("/hosts")), 10)
        waits = not any(one.done() for one in slow)
        goes_on.set()
        await asyncio.gather(*slow)
        return quick.status, waits

    assert asyncio.run(both()) == (200, True)


def test_a_look_that_fails_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """One error of the disk, and no page was ever told anything again, though all said "live"."""
    monkeypatch.setattr(live, "BEAT_S", 0.02)
    board = FakeBoard()
    good, fails, has_failed = board.current, [OSError("the disk"), ZeroDivisionError()], threading.Event()

    def sometimes() -> Current:
        if fails:
            raise fails.pop()
        has_failed.set()
        return good()

    board.current = sometimes  # type: ignore[method-assign]

    async def told() -> bytes:
        pulse = Pulse(board, 5)
        page = painted(sorry("one", "a"))

        async def show() -> tuple[int, Painted]:
            return board.version, page if board.version == 1 else painted(sorry("one", "b"))

        async with pulse.beating():
            events = pulse.stream(show, Seen(1, page))
            await anext(events)
            waiting = asyncio.ensure_future(anext(events))
            assert await asyncio.to_thread(has_failed.wait, 20)
            board.version = 2
            found = await asyncio.wait_for(waiting, 10)
            await events.aclose()
            return found

    assert b'"parts":{"one"' in asyncio.run(asyncio.wait_for(told(), 30))


def test_a_page_that_stays_as_it_is_is_told_that_all_is_well() -> None:
    """A laptop slept over a page of last week: its stream was never written to, and so was kept open for a year."""

    async def told() -> list[bytes]:
        pulse, page, versions = Pulse(FakeBoard(), 5), painted(sorry("one", "a")), iter(range(2, 9))

        async def show() -> tuple[int, Painted]:
            pulse._version = (version := next(versions)) + 1
            return version, page

        events = pulse.stream(show, Seen(1, page))
        found = [await anext(events) for _ in range(3)]
        await events.aclose()
        return found

    found = asyncio.run(asyncio.wait_for(told(), 20))
    assert found[1:] == [f"id: {version}\nevent: alive\ndata: 0\n\n".encode() for version in (2, 3)]


def test_a_stream_whose_page_is_gone_ends(caplog: pytest.LogCaptureFixture) -> None:
    """A host was removed, and the log had a traceback each second for everybody who had looked at it."""

    async def gone() -> tuple[int, Painted]:
        raise Ended

    async def events() -> list[bytes]:
        return [event async for event in Pulse(FakeBoard(), 5).stream(gone, None)]

    assert asyncio.run(events()) == [b"retry: 3000\nevent: alive\ndata: 0\n\n"]
    assert caplog.records == []
