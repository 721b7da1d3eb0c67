"""The wall in front of every page: who may ask, how, and what every answer carries."""

import hmac
import ipaddress
from collections.abc import Iterable, Mapping, MutableMapping
from typing import NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shepherd.model.web_settings import WebSettings

METHODS = ("GET", "HEAD")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
PROXY_HEADER = "x-shepherd-proxy"
TARGET_BYTES = 2048
"""Of path and parameters together."""
USER_CHARACTERS = 128
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
}


class Refusal(NamedTuple):
    """Why a request is not looked at any further."""

    status: int
    why: str


class Gate:
    """Lets a request through with `scope["user"]` set: the Unix user whom a proxy named, or empty."""

    def __init__(self, app: ASGIApp, settings: WebSettings, secret: str) -> None:
        """`secret`: what proxies must say, if `settings.proxy_secret` names a file."""
        self._app, self._settings, self._secret = app, settings, secret.encode()
        self._names = LOOPBACK_NAMES | {name.casefold() for name in settings.hosts}
        self._proxies = frozenset(map(ipaddress.ip_address, settings.proxies))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def armed(message: Message) -> None:
            if message["type"] == "http.response.start":
                arm(message, self._settings)
            await send(message)

        headers = Headers(scope=scope)
        if refusal := self._refusal(scope, headers):
            more = {"Allow": ", ".join(METHODS)} if refusal.status == 405 else {}
            answer = PlainTextResponse(f"{refusal.why}\n", refusal.status, {"Cache-Control": "no-store", **more})
            await answer(scope, receive, armed)
            return
        scope["user"] = self._user(scope, headers)
        await self._app(scope, receive, armed)

    def _refusal(self, scope: Scope, headers: Headers) -> Refusal | None:
        names = headers.getlist("host")
        if len(names) != 1 or host_of(names[0]) not in self._names:
            return Refusal(421, "This is not the name of this site; administrators name it in [web] hosts.")
        if not self._may_ask(scope):
            return Refusal(403, "Only the proxies that [web] names may ask.")
        if scope["method"] not in METHODS:
            return Refusal(405, "Nothing can be changed here: only GET and HEAD are answered.")
        if len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"]) > TARGET_BYTES:
            return Refusal(414, "That address is too long.")
        return None

    def _may_ask(self, scope: Scope) -> bool:
        """Beyond this machine only proxies."""
        peer = peer_of(scope)
        return peer is not None and (peer.is_loopback or peer in self._proxies)

    def _user(self, scope: Scope, headers: Headers) -> str:
        """Whom a proxy names, once; else nobody."""
        named = headers.getlist(self._settings.user_header)
        if peer_of(scope) not in self._proxies or len(named) != 1 or not self._knows_the_secret(headers):
            return ""
        user = named[0]
        return user if len(user) <= USER_CHARACTERS and user.isascii() and user.isprintable() else ""

    def _knows_the_secret(self, headers: Headers) -> bool:
        if not self._settings.proxy_secret:
            return True
        told = headers.getlist(PROXY_HEADER)
        return bool(self._secret) and len(told) == 1 and hmac.compare_digest(told[0].encode(), self._secret)


def arm(message: MutableMapping[str, object], settings: WebSettings) -> None:
    """Put on what every answer carries."""
    headers = MutableHeaders(raw=list(_raw(message)))
    for name, value in SECURITY.items():
        headers[name] = value
    headers.setdefault("Cache-Control", "private, no-cache")
    headers["Vary"] = f"Accept-Encoding, {settings.user_header}"
    message["headers"] = headers.raw


def _raw(message: Mapping[str, object]) -> Iterable[tuple[bytes, bytes]]:
    found = message.get("headers", ())
    return found if isinstance(found, Iterable) else ()


def peer_of(scope: Scope) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Who is at the other end, by the kernel's word; IPv4 in its own form."""
    try:
        address = ipaddress.ip_address((scope.get("client") or ("",))[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def host_of(header: str) -> str:
    """A Host header without its port, in small letters."""
    name, colon, port = header.rpartition(":")
    return (name if colon and (port.isdecimal() or not port) else header).casefold()
