"""How long a connection may be silent, and how many there may be."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from shepherd.views.web import serve
from shepherd.views.web.serve import Patient

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
WITHIN_S = 20.0


async def endless(_scope: Scope, receive: Receive, send: Send) -> None:
    """An app that begins to answer, and goes on until the client is gone."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[int]:
    """Its port."""
    config, state = uvicorn.Config(endless, ws="none", log_config=None), ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Patient(config, state, {}), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def ends(port: int, said: bytes) -> bytes:
    """What there was to read until it was hung up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    got = b""
    with contextlib.suppress(ConnectionResetError):
        got = await asyncio.wait_for(reader.read(), WITHIN_S)
    writer.close()
    return got


@pytest.mark.parametrize("said", [b"", b"G", HEAD])
def test_who_asks_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    """A student's script held a thousand connections without a word, and the dashboard could open no file any more."""
    monkeypatch.setattr(serve, "IDLE_S", 0.2)

    async def silent() -> bytes:
        async with listening() as port:
            return await ends(port, said)

    assert asyncio.run(silent()) == b""


def test_who_is_being_answered_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages lost their stream each quarter of a minute."""
    monkeypatch.setattr(serve, "IDLE_S", 0.05)

    async def asked() -> None:
        async with listening() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD + b"\r\n")
            await asyncio.wait_for(reader.readuntil(b"begun"), WITHIN_S)
            rest = asyncio.ensure_future(reader.read())
            await ends(port, b"")
            await ends(port, b"")
            assert not rest.done()
            writer.close()
            await asyncio.gather(rest, return_exceptions=True)

    asyncio.run(asked())


def test_one_too_many_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit was of requests, and connections asked for none."""
    monkeypatch.setattr(serve, "CONNECTIONS", 1)
    monkeypatch.setattr(serve, "IDLE_S", 1000.0)

    async def crowd() -> bytes:
        async with listening() as port:
            _, first = await asyncio.open_connection("127.0.0.1", port)
            first.write(b"G")
            found = await ends(port, b"")
            first.close()
            return found

    assert asyncio.run(crowd()) == b""
