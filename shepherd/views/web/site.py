"""The site: which address shows what, and what becomes of everything that goes wrong."""

import asyncio
import contextlib
import hashlib
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from shepherd.errors import BadInput, Unavailable
from shepherd.model.one_line import one_line
from shepherd.model.web_settings import WebSettings
from shepherd.ports import Log
from shepherd.views.web import asked
from shepherd.views.web.board import Board
from shepherd.views.web.gate import Gate
from shepherd.views.web.live import Ended, Pulse, Seen, Show
from shepherd.views.web.page import Ask, Page, Part
from shepherd.views.web.paint import HERE, Painted, Painter
from shepherd.views.web.routes import ROUTES, Shown

STATIC_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
FOR_EVER = "public, max-age=31536000, immutable"
AT_ONCE, SLOW_AT_ONCE = 4, 1
"""Pages that are made at one time; the others wait."""
WAIT_S = 20.0
HEALTH, HEALTH_S = "/health", 5.0
"""Where a monitoring asks, and how long it waits at most."""


Answer = Callable[[Request], Awaitable[Response]]


class File(NamedTuple):
    """A shipped file."""

    version: str
    body: bytes
    kind: str


def shipped_files() -> Mapping[str, File]:
    """All that pages need besides themselves, by name."""
    bodies = {path.name: (path.read_bytes(), STATIC_TYPES[path.suffix]) for path in (HERE / "static").iterdir()}
    return {name: File(hashlib.sha256(body).hexdigest()[:12], body, kind) for name, (body, kind) in bodies.items()}


class Site:
    """Answers requests from a board."""

    def __init__(self, board: Board, settings: WebSettings, log: Log, secret: str = "") -> None:
        """`secret`: what `settings.proxy_secret` has in it."""
        self._board, self._log = board, log
        self._files = shipped_files()
        self._painter = Painter({name: file.version for name, file in self._files.items()})
        self._pulse = Pulse(board, settings.streams)
        self._turns = {False: asyncio.Semaphore(AT_ONCE), True: asyncio.Semaphore(SLOW_AT_ONCE)}
        """By whether a page is slow."""
        self.app: ASGIApp = Gate(self._starlette(), settings, secret)

    def _starlette(self) -> Starlette:
        routes = [
            Route("/static/{version}/{name}", self._file, methods=["GET"]),
            Route(HEALTH, self._health, methods=["GET"]),
        ]
        for shown in ROUTES:
            routes.append(Route(shown.path, self._page_of(shown), methods=["GET"]))
            routes.append(Route("/live" + shown.path, self._live_of(shown), methods=["GET"]))
        return Starlette(routes=routes, exception_handlers={HTTPException: self._no_such}, lifespan=self._life)

    @contextlib.asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        async with self._pulse.beating():
            yield

    async def _health(self, _request: Request) -> Response:
        """For a monitoring, which shall not wait for a turn: whether pages can show what the daemon writes. Whether
        that is alive is another question, and alarms elsewhere."""
        try:
            current = await asyncio.wait_for(asyncio.to_thread(self._board.current), HEALTH_S)
        except Exception as exc:  # noqa: BLE001 - whatever is wrong, it is not well
            why = "the ledger is not read in time" if isinstance(exc, TimeoutError) else f"a defect: {exc!r}"
            return plain(503, why)
        if current.trouble:
            return plain(503, current.trouble)
        return plain(200, "ok; the daemon is not heard" if current.is_silent else "ok")

    async def _file(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None or file.version != request.path_params["version"]:
            raise HTTPException(404)
        return Response(file.body, media_type=file.kind, headers={"Cache-Control": FOR_EVER})

    def _page_of(self, shown: Shown) -> Answer:
        async def answer(request: Request) -> Response:
            try:
                _, painted = await self._shown(shown, request)
            except Exception as exc:  # noqa: BLE001 - the last place: nobody may see a traceback
                painted = self._sorry(request, exc)
            return response(painted, request)

        return answer

    def _live_of(self, shown: Shown) -> Answer:
        async def answer(request: Request) -> Response:
            if self._pulse.is_full:
                return Response(status_code=503, headers={"Retry-After": "60"})
            try:
                version, painted = await self._shown(shown, request)
            except Exception as exc:  # noqa: BLE001 - as above
                self._sorry(request, exc)
                return Response(status_code=204)  # a browser does not ask again
            before = self._before(shown, request)
            seen = Seen(version, painted) if before is painted else Seen(-1, before) if before else None
            events = self._pulse.stream(self._show_of(shown, request), seen)
            quiet = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(events, media_type="text/event-stream", headers=quiet)

        return answer

    def _show_of(self, shown: Shown, request: Request) -> Show:
        async def show() -> tuple[int, Painted]:
            try:
                return await self._shown(shown, request)
            except Exception as exc:
                self._sorry(request, exc)
                raise Ended from exc

        return show

    def _before(self, shown: Shown, request: Request) -> Painted | None:
        """What the page that asks says it shows, if that is still known."""
        told = request.headers.get("last-event-id") or request.query_params.get("since", "")
        if not (told.isascii() and told.isdecimal() and len(told) < 18):
            return None
        return self._painter.kept(self._key(shown, request, int(told)))

    def _key(self, shown: Shown, request: Request, version: int) -> tuple[object, ...]:
        query = tuple(sorted(given_by(request)))
        return (shown.path, tuple(sorted(request.path_params.items())), query, self._may(request), version)

    def _may(self, request: Request) -> bool:
        user = request.scope.get("user", "")
        return bool(user) and self._board.may_see_persons(user)

    async def _shown(self, shown: Shown, request: Request) -> tuple[int, Painted]:
        """The page as it is now. Raises BadInput, Unavailable."""
        turns = self._turns[shown.is_slow]
        try:
            await asyncio.wait_for(turns.acquire(), WAIT_S)
        except TimeoutError as exc:
            raise Unavailable("too much is asked for at once; try again in a moment") from exc
        try:
            return await asyncio.to_thread(self._made, shown, request)
        finally:
            turns.release()

    def _made(self, shown: Shown, request: Request) -> tuple[int, Painted]:
        current = self._board.current()
        key = self._key(shown, request, current.version)
        if kept := self._painter.kept(key):
            return current.version, kept
        page = shown.make(self._ask(shown, request))
        live = self._live_address(request, current.version) if page.is_live else ""
        return current.version, self._painter.painted(key, page, live)

    def _ask(self, shown: Shown, request: Request) -> Ask:
        may = self._may(request)
        return Ask(
            board=self._board,
            current=self._board.current(),
            may=may,
            names=frozenset() if may else self._board.names(),
            query=asked.only(given_by(request), *shown.takes),
            path=request.path_params,
        )

    def _live_address(self, request: Request, version: int) -> str:
        url = request.url.include_query_params(since=version)
        return f"/live{url.path.removeprefix('/live')}?{url.query}"

    def _sorry(self, request: Request, exc: Exception) -> Painted:
        """A page that says what is wrong and what is right; of a defect the log alone has the traceback."""
        match exc:
            case BadInput():
                return self._apology(404, "Not here", str(exc))
            case Unavailable():
                return self._apology(503, "Not now", str(exc))
        self._log("defect", path=request.url.path, traceback="".join(traceback.format_exception(exc)))
        why = "This is a defect; the log of shepherd-web has the details. Please report it."
        return self._apology(500, "Something went wrong here", why)

    def _apology(self, status: int, title: str, why: str) -> Painted:
        part = Part(id="sorry", template="sorry", values={"title": title, "why": why})
        return self._painter.paint(Page(title=title, place="", parts=(part,), is_live=False, status=status))

    async def _no_such(self, request: Request, exc: Exception) -> Response:
        status = exc.status_code if isinstance(exc, HTTPException) else 404
        return response(self._apology(status, "Not here", "There is no such page."), request)


def plain(status: int, words: str) -> Response:
    """One line for a program."""
    return PlainTextResponse(f"{one_line(words)}\n", status, {"Cache-Control": "no-store"})


def given_by(request: Request) -> list[tuple[str, str]]:
    """The parameters of the page; those of its stream besides are our own."""
    is_stream = request.url.path.startswith("/live/")
    return [one for one in request.query_params.multi_items() if not (is_stream and one[0] == "since")]


def response(painted: Painted, request: Request) -> Response:
    """The page, or that the browser has it already."""
    headers = {"ETag": painted.etag}
    if painted.status == 200 and painted.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = painted.body
    if painted.packed and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = painted.packed, "gzip"
    return Response(body, painted.status, headers, "text/html")
