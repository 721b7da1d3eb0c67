"""nginx and Apache before the real dashboard, by the page's own blocks: who is let in, and what gets through."""

import concurrent.futures
import dataclasses
import grp
import html
import os
import pathlib
import pwd
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from shepherd.lab.bench_web import CHROMIUM
from tests.cli.sites import Site
from tests.docs import pages
from tests.web.proxied import APACHE, NAME, NGINX, PAGE, Kind, Proxied, events, proxied
from tests.web.serving import serving
from tests.web.sites import Recorded, moved

pytestmark = [pytest.mark.real, pytest.mark.limit(60)]

KINDS = [pytest.param(kind, id=kind.block) for kind in (NGINX, APACHE)]
OFFICER, VISITOR = pwd.getpwuid(os.geteuid()).pw_name, "nobody"
"""The group of this process has the role."""
USERS = {OFFICER: "correct horse", VISITOR: "battery staple"}
STORY = "/host/p203"
REASON = "a reason (admin)"
PORT = 9690
SOON_S = 5.0


@dataclasses.dataclass(frozen=True)
class Place:
    """A proxy with the dashboard behind it."""

    proxy: Proxied
    site: Site
    secret: str


def secret_in(path: pathlib.Path) -> str:
    """Made as the page says."""
    [command] = [text for _, text in pages.blocks(PAGE, "sh") if "urandom" in text]
    subprocess.run(["sh", "-ec", command.replace(named_secret(), str(path))], check=True, timeout=10)
    assert path.stat().st_mode & 0o777 == 0o600
    return path.read_text().strip()


def named_secret() -> str:
    [named] = re.findall(r'^proxy_secret = "(.+)"$', settings_of_the_page(), re.MULTILINE)
    return str(named)


def settings_of_the_page() -> str:
    [(_, text)] = pages.blocks(PAGE, "toml")
    return text


@contextmanager
def place_of(kind: Kind, recorded: Recorded, home: pathlib.Path) -> Iterator[Place]:
    site = recorded.written(home)
    secret = secret_in(site.state / "web-proxy")
    text = settings_of_the_page().replace(named_secret(), str(site.state / "web-proxy"))
    text = text.replace('"security"', f'"{grp.getgrgid(os.getgid()).gr_name}"')
    site.settings.write_text(f"{site.settings.read_text()}\n{text}")
    with proxied(kind, home / "proxy", secret, USERS) as proxy, serving(site, PORT, proxy.network):
        yield Place(proxy, site, secret)


@pytest.fixture(name="place", scope="module", params=KINDS)
def a_place(request: pytest.FixtureRequest, recorded: Recorded, tmp_path_factory: pytest.TempPathFactory):
    with place_of(request.param, recorded, tmp_path_factory.mktemp("proxied")) as made:
        yield made


@pytest.mark.parametrize("target", ["/", STORY, "/live/hosts", "/static/x/site.css", "/nothing"])
def test_without_a_password_nothing_is_told(place: Place, target: str) -> None:
    """The stream of a page was let through, since it stood under an address of its own."""
    for more in ({}, {"user": OFFICER, "password": "wrong"}, {"headers": [("X-Remote-User", OFFICER)]}):
        answer = place.proxy.asked(target, **more)
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert "p203" not in answer.text


def test_persons_are_shown_to_the_role_alone(place: Place) -> None:
    """Everybody who could sign in saw who had banned whom."""
    officers, visitors = (place.proxy.asked(STORY, user) for user in USERS)
    assert (officers.status, visitors.status) == (200, 200)
    assert REASON in officers.text
    assert "admin" not in visitors.text
    assert "[hidden]" in visitors.text


def test_what_arms_the_pages_gets_through(place: Place) -> None:
    """The proxy's own headers stood in the place of ours."""
    headers = place.proxy.asked("/", VISITOR).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "private, no-cache"
    assert headers["content-encoding"] == "gzip"


def claims(secret: str) -> list[list[tuple[str, str]]]:
    """What a browser says to be somebody else; it even knows the secret."""
    proof = ("X-Shepherd-Proxy", secret)
    return [
        [("X-Remote-User", OFFICER)],
        [("X-Remote-User", OFFICER), proof],
        [("x-remote-user", OFFICER), ("X-REMOTE-USER", OFFICER), proof],
        [("X_Remote_User", OFFICER), proof],
        [("X-Remote-User", OFFICER), proof, ("Connection", "close, X-Remote-User, X-Shepherd-Proxy")],
        [("X-Remote-User", f"{VISITOR}, {OFFICER}"), proof],
    ]


def test_nobody_is_somebody_else_by_saying_so(place: Place) -> None:
    """A student sent the officer's name along, and the proxy passed it on."""
    for headers in claims(place.secret):
        answer = place.proxy.asked(STORY, VISITOR, headers=headers)
        assert answer.status == 200
        assert "admin" not in answer.text, headers


def test_what_a_browser_sends_takes_nothing_away(place: Place) -> None:
    """The officer's browser had an extension that sent a header of that name; two of them were nobody."""
    headers = [("X-Remote-User", VISITOR), ("X-Shepherd-Proxy", "guessed"), ("X-Shepherd-Proxy", "again")]
    assert REASON in place.proxy.asked(STORY, OFFICER, headers=headers).text


def test_past_the_proxy_nobody_is_named(place: Place) -> None:
    """Everybody with an account on the central manager could have spoken as the proxy."""
    for proof, is_named in (("", False), (f"X-Shepherd-Proxy: {place.secret[:-1]}\r\n", False),
                            (f"X-Shepherd-Proxy: {place.secret}\r\n", True)):  # fmt: skip
        head = f"GET {STORY} HTTP/1.1\r\nHost: {NAME}\r\nX-Remote-User: {OFFICER}\r\n{proof}Connection: close\r\n\r\n"
        with place.proxy.connected(PORT) as connection:
            connection.sendall(head.encode())
            got = b"".join(iter(lambda: connection.recv(65536), b""))
        assert got.startswith(b"HTTP/1.1 200 OK\r\n")
        assert (REASON.encode() in got) is is_named


@pytest.mark.parametrize("host", ["evil.example.com", f"{NAME}.evil.example.com"])
def test_under_a_foreign_name_nothing_is_told(place: Place, host: str) -> None:
    """The proxy asked under our own name, whatever it had been asked for."""
    answer = place.proxy.asked("/hosts", OFFICER, host=host)
    assert answer.status == 421
    assert "This is not the name of this site" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_ordered_through_it(place: Place, method: str) -> None:
    """A form elsewhere was sent with the password that the browser remembered."""
    answer = place.proxy.asked("/host/p203", OFFICER, method=method, headers=[("Content-Length", "0")])
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_changes_are_seen_when_they_happen(place: Place, recorded: Recorded) -> None:
    """The proxy kept events until it had four thousand bytes of them: the map was an hour old."""
    page = place.proxy.asked("/hosts", VISITOR).text
    address = html.unescape(page.partition('data-live="')[2].partition('"')[0])
    with place.proxy.opened(address, VISITOR) as stream:
        assert (stream.status, stream.getheader("content-type")) == (200, "text/event-stream; charset=utf-8")
        told = events(stream)
        assert next(told).startswith("retry: ")
        for state in ("unknown", "flock", "held"):
            began_s = time.monotonic()
            turn(place.site, recorded, state)
            seen = next(one for one in told if '"map"' in one)
            assert seen.startswith("id: ")
            assert time.monotonic() - began_s < SOON_S, state


def turn(site: Site, recorded: Recorded, state: str) -> None:
    """The daemon says that all hosts are in this state now."""
    now = moved(recorded.present, time.time() - recorded.entries[-1].at_s)
    ledger = site.ledger()
    ledger.publish_present({**now, "hosts": [{**host, "state": state} for host in now["hosts"]]})
    ledger.close()


def test_a_browser_sees_a_host_turn(place: Place, recorded: Recorded, tmp_path: pathlib.Path) -> None:
    """It asked for the password anew with each event, and showed the map of an hour ago behind the question."""
    there = tmp_path / "chromium"
    there.write_text(f'#!/bin/sh\nexec nsenter --net=/proc/{place.proxy.network}/ns/net -- {CHROMIUM} "$@"\n')
    there.chmod(0o755)
    turn(place.site, recorded, "local")
    complaints: list[str] = []
    args = ["--no-sandbox", f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(there), args=args)
        login: Any = {"username": VISITOR, "password": USERS[VISITOR]}
        page = browser.new_context(http_credentials=login, ignore_https_errors=True).new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"https://{NAME}/hosts")
        page.locator('#map a[aria-label="p203 local"]').wait_for(timeout=SOON_S * 1000)
        page.evaluate("window.opened = true")
        turn(place.site, recorded, "flock")
        page.locator('#map a[aria-label="p203 flock"]').wait_for(timeout=SOON_S * 1000)
        assert page.evaluate("window.opened") is True
        browser.close()
    assert complaints == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_dashboard_is_told_who_asks_once_and_no_password(kind: Kind, tmp_path: pathlib.Path) -> None:
    """Whoever took over the dashboard had the password of everybody who looked at it."""
    secret = "of-the-proxy-alone"
    with proxied(kind, tmp_path, secret, USERS) as proxy, concurrent.futures.ThreadPoolExecutor(1) as pool:
        for headers in ([], *claims("guessed")):
            with proxy.listening(PORT) as behind:
                behind.settimeout(10)
                answer = pool.submit(proxy.asked, "/", VISITOR, headers=headers)
                head = overheard(behind)
                assert answer.result(10).status == 200
            told = [line.partition(": ") for line in head.split("\r\n")[1:]]
            names = [name.lower() for name, _, _ in told]
            assert "authorization" not in names
            assert not any(OFFICER in value for name, _, value in told if name.lower() == "x-remote-user")
            assert names.count("x-shepherd-proxy") <= 1
            if not any(name == "Connection" for name, _ in headers):
                said = {name.lower(): value for name, _, value in told}
                assert (said["x-remote-user"], said["x-shepherd-proxy"], said["host"]) == (VISITOR, secret, NAME)
                assert names.count("x-remote-user") == names.count("x-shepherd-proxy") == 1


def overheard(behind) -> str:
    """The head of one request, which is answered."""
    connection, _ = behind.accept()
    with connection:
        connection.settimeout(10)
        got = b""
        while b"\r\n\r\n" not in got:
            got += connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    return got.partition(b"\r\n\r\n")[0].decode("latin-1")
