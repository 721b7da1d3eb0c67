"""Keeping pages up to date: one look at the record a second while somebody looks, then what each page must replace."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import NamedTuple

from shepherd.errors import ShepherdError
from shepherd.views.web.board import Board
from shepherd.views.web.paint import Painted, changes

BEAT_S = 1.0
"""Between two looks."""
ALIVE_S = 20.0
"""An event that says nothing, so that proxies keep the connection, and both ends find out when it is dead."""
RETRY_MS = 3000

Show = Callable[[], Awaitable[tuple[int, Painted]]]
"""A page as it is now, and of which version. Raises Ended, and nothing else."""


class Ended(ShepherdError):
    """There is no such page any more, or not now: a browser asks again by itself."""


class Seen(NamedTuple):
    """What a browser shows."""

    version: int
    painted: Painted


def alive(version: int, now_s: float) -> bytes:
    """Nothing of the page is another, and what time it is here. Comments would keep a connection, too, but no script
    hears them."""
    return f"id: {version}\nevent: alive\ndata: {now_s:.0f}\n\n".encode()


class Pulse:
    """Tells those who wait that there is another version."""

    def __init__(self, board: Board, streams: int) -> None:
        """`streams`: how many may wait at one time."""
        self._board, self._most = board, streams
        self._streams = 0
        self._changed = asyncio.Condition()
        self._version = -1
        self._ends = False

    @contextlib.asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Look, as long as the site is served."""
        task = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            self._ends = True
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            async with self._changed:
                self._changed.notify_all()

    @property
    def is_full(self) -> bool:
        """Nobody else can be told."""
        return self._streams >= self._most

    async def stream(self, show: Show, seen: Seen | None) -> AsyncGenerator[bytes, None]:
        """Server-sent events for one page, from what it shows on."""
        self._streams += 1
        try:
            yield f"retry: {RETRY_MS}\nevent: alive\ndata: {self._board.now_s():.0f}\n\n".encode()
            while not self._ends:
                try:
                    version, now = await show()
                except Ended:
                    return
                if told := changes(seen.painted if seen else None, now):
                    yield f"id: {version}\nevent: change\ndata: {told}\n\n".encode()
                elif seen and seen.version != version:
                    yield alive(version, self._board.now_s())
                seen = Seen(version, now)
                while not await self._another_than(version):
                    yield alive(version, self._board.now_s())
        finally:
            self._streams -= 1

    async def _another_than(self, version: int) -> bool:
        """Whether there is one within `ALIVE_S`."""
        async with self._changed:
            waited = self._changed.wait_for(lambda: self._ends or self._version > version)
            try:
                await asyncio.wait_for(waited, ALIVE_S)
            except TimeoutError:
                return False
        return True

    async def _beat(self) -> None:
        while True:
            if self._streams:
                with contextlib.suppress(Exception):  # whoever asks for a page is told, and the log with them
                    await self._look()
            await asyncio.sleep(BEAT_S)

    async def _look(self) -> None:
        current = await asyncio.to_thread(self._board.current)
        if current.version != self._version:
            self._version = current.version
            async with self._changed:
                self._changed.notify_all()
