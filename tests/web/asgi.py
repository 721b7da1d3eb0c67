"""Requests as a server hands them on, without a server: also such as no client would send."""

import asyncio
import gzip
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message

LOOPBACK = ("127.0.0.1", 40000)


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()


def asked(
    app: ASGIApp,
    target: str,
    *,
    method: str = "GET",
    host: str | None = "127.0.0.1:9690",
    peer: tuple[str, int] | None = LOOPBACK,
    headers: Sequence[tuple[str, str]] = (),
) -> Answer:
    """One request, answered to its end."""
    return asyncio.run(answered(app, scope_of(target, method, host, peer, headers)))


def plain(target: str) -> dict[str, Any]:
    """A request as most are."""
    return scope_of(target, "GET", "localhost", LOOPBACK, ())


def scope_of(
    target: str, method: str, host: str | None, peer: tuple[str, int] | None, headers: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """As uvicorn makes it."""
    path, _, query = target.partition("?")
    named = [("host", host)] if host is not None else []
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in (*named, *headers)],
        "client": peer,
        "server": ("127.0.0.1", 9690),
    }


async def answered(app: ASGIApp, scope: dict[str, Any]) -> Answer:
    """One request of those that share a loop."""
    got: list[Message] = []
    over = asyncio.Event()

    async def receive() -> Message:
        if got:
            await over.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        got.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            over.set()

    await asyncio.wait_for(app(scope, receive, send), 30)
    [start] = [one for one in got if one["type"] == "http.response.start"]
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    body = b"".join(one.get("body", b"") for one in got if one["type"] == "http.response.body")
    return Answer(start["status"], headers, body)
