"""What `[web]` must not say."""

import ipaddress
import re
from collections.abc import Iterator

from shepherd.core.settings.forms import Problem, absolute_problems, duplicate_problems, hostname_problem
from shepherd.model.web_settings import WebSettings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PORT = re.compile(r"[0-9]{1,5}")
HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
TAKEN = frozenset({"host", "connection", "cookie", "accept", "x-shepherd-proxy", "content-length", "authorization"})
"""Headers that mean something else, or that browsers send by themselves."""
MOST_STREAMS = 800
"""The program answers a thousand connections at one time; pages themselves need some."""


def web_problems(web: WebSettings) -> Iterator[Problem]:
    """It is reached only in ways in which what it shows stays with those whom it is for."""
    yield from listen_problems(web)
    yield from proxy_problems(web)
    yield from duplicate_problems("web.hosts", web.hosts)
    for name in web.hosts:
        yield from hostname_problem("web.hosts", name)
    if not HEADER.fullmatch(web.user_header) or web.user_header.casefold() in TAKEN:
        yield Problem("web.user_header", f"{web.user_header!r} is no header of a proxy", "write e.g. X-Remote-User")
    if not 1 <= web.streams <= MOST_STREAMS:
        yield Problem("web.streams", f"is {web.streams}", f"1 to {MOST_STREAMS}: each is an open connection")


def listen_problems(web: WebSettings) -> Iterator[Problem]:
    """An address of this machine; without a proxy one that only this machine has."""
    place = place_of(web.listen)
    if place is None:
        yield Problem("web.listen", f"{web.listen!r} is no ADDRESS:PORT", 'write e.g. "127.0.0.1:9690" or "[::1]:9690"')
    elif not place[0].is_loopback and not web.proxies:
        yield Problem(
            "web.listen",
            f"{web.listen} is reached from beyond this machine, and nothing asks who comes",
            "listen at 127.0.0.1, or name the authenticating proxy in web.proxies",
        )


def proxy_problems(web: WebSettings) -> Iterator[Problem]:
    """Proxies are addresses; nobody else on a machine can speak as the one there."""
    yield from duplicate_problems("web.proxies", web.proxies, "address")
    if web.proxy_secret:
        yield from absolute_problems("web.", {"proxy_secret": web.proxy_secret})
    for text in web.proxies:
        address = address_of(text)
        if address is None:
            yield Problem("web.proxies", f"{text!r} is no address", 'write e.g. "127.0.0.1"')
        elif address.is_loopback and not web.proxy_secret:
            yield Problem(
                "web.proxy_secret",
                f"is empty, but {text} is this machine: whoever has an account here could name any user",
                "name a file with a secret that root alone reads, and have the proxy send it (docs/web.md)",
            )


def place_of(listen: str) -> tuple[Address, int] | None:
    """Address and port; None if it is neither."""
    host, _, port = listen.rpartition(":")
    address = address_of(host[1:-1] if host.startswith("[") and host.endswith("]") else host)
    if address is None or not PORT.fullmatch(port) or not 0 < int(port) < 65536:
        return None
    return address, int(port)


def address_of(text: str) -> Address | None:
    """An IP address without a zone; None if it is none."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if getattr(found, "scope_id", None) else found
