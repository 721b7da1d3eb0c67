"""Who may ask the dashboard, and how; and what each answer carries."""

import grp
import os
import pwd

import pytest

from tests.cli.sites import Site
from tests.web.asgi import Answer, asked
from tests.web.conftest import web_of

ELSEWHERE = ("10.9.8.7", 4711)
PROXY = "10.1.0.5"
ME = pwd.getpwuid(os.geteuid()).pw_name
MY_GROUP = grp.getgrgid(os.getgid()).gr_name
PAGES = ("/", "/hosts", "/host/p203", "/decisions", "/history", "/harvest", "/times", "/incidents", "/sources")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:9690", "localhost:1", "LOCALHOST", "[::1]:9690", "flock.example.org:443"]
)
def test_the_sites_own_names_are_answered(site: Site, host: str) -> None:
    """The proxy's name was refused in capitals."""
    assert asked(web_of(site, hosts=("flock.example.org",)).app, "/", host=host).status == 200


@pytest.mark.parametrize(
    "host", [None, "", "evil.example.com", "127.0.0.1.evil.example.com", "localhost:x", "[::1", " "]
)
def test_under_a_foreign_name_nothing_is_told(site: Site, host: str | None) -> None:
    """A page on the internet had its name point at 127.0.0.1, and an administrator's browser read the pool to it."""
    answer = asked(web_of(site).app, "/hosts", host=host)
    assert answer.status == 421
    assert "p201" not in answer.text


def test_two_names_at_once_are_none(site: Site) -> None:
    """The proxy looked at the first, we at the second."""
    assert asked(web_of(site).app, "/", headers=[("host", "localhost")]).status == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW", "get"])
@pytest.mark.parametrize("path", ["/", "/host/p201", "/live/", "/static/x/site.css", "/nothing"])
def test_nothing_but_reading_is_understood(site: Site, method: str, path: str) -> None:
    """A form on another page could have ordered something, had there been anything to order."""
    answer = asked(web_of(site).app, path, method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", [*PAGES, "/nothing", "/host/p999", "/harvest?days=3", "/decision/1"])
def test_every_answer_is_armed(site: Site, path: str) -> None:
    """One page of errors without a policy was enough to run a script on."""
    headers = asked(web_of(site).app, path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "private, no-cache"
    assert not any(name.startswith("access-control") for name in headers)
    assert "x-remote-user" in headers["vary"].lower()


def test_beyond_this_machine_only_the_proxy_may_ask(site: Site) -> None:
    """Somebody went past the proxy, and was not asked who they were."""
    app = web_of(site, listen="10.1.0.4:9690", proxies=(PROXY,)).app
    assert asked(app, "/", peer=ELSEWHERE).status == 403
    assert asked(app, "/", peer=None).status == 403
    assert asked(app, "/", peer=(PROXY, 1)).status == 200
    assert asked(app, "/", peer=(f"::ffff:{PROXY}", 1)).status == 200


def seen(site: Site, *, peer: str = PROXY, user: str = ME, **settings: object) -> Answer:
    """What somebody sees whom a proxy names, where the group of this process has the role."""
    given = {"listen": "10.1.0.4:9690", "proxies": (PROXY,), **settings}
    secret = str(given.pop("secret", ""))
    said = str(given.pop("said", ""))
    app = web_of(site, {"personal": (MY_GROUP,)}, secret, **given).app
    headers = [("x-remote-user", user), *([("x-shepherd-proxy", said)] if said else [])]
    return asked(app, "/host/p203", peer=(peer, 1), headers=headers)


def test_names_are_shown_to_whom_the_proxy_names_and_the_role_allows(site: Site) -> None:
    """The security officer had to ask root who had banned the host."""
    assert "a reason (admin)" in seen(site).text


@pytest.mark.parametrize(
    "change", [{"peer": "127.0.0.1"}, {"user": "nobody"}, {"user": "no such user"}, {"user": ""}, {"user": "x" * 999}]
)
def test_to_everybody_else_nobody_is_named(site: Site, change: dict[str, str]) -> None:
    """The header was believed whoever had sent it."""
    text = seen(site, **change).text
    assert "admin" not in text
    assert "[hidden]" in text


def test_root_is_nobody_over_the_network(site: Site) -> None:
    """A proxy that passed on what it was told made anybody root."""
    app = web_of(site, {"personal": ()}, "", listen="10.1.0.4:9690", proxies=(PROXY,)).app
    answer = asked(app, "/host/p203", peer=(PROXY, 1), headers=[("x-remote-user", "root")])
    assert "admin" not in answer.text


def test_two_users_at_once_are_none(site: Site) -> None:
    """The proxy appended its header to the one that the browser had sent."""
    app = web_of(site, {"personal": (MY_GROUP,)}, "", listen="10.1.0.4:9690", proxies=(PROXY,)).app
    headers = [("x-remote-user", ME), ("x-remote-user", "guest")]
    assert "admin" not in asked(app, "/host/p203", peer=(PROXY, 1), headers=headers).text


@pytest.mark.parametrize(
    ("secret", "said", "is_believed"), [("s3", "s3", True), ("s3", "s4", False), ("s3", "", False), ("", "", False)]
)
def test_a_proxy_on_this_machine_proves_itself(site: Site, secret: str, said: str, *, is_believed: bool) -> None:
    """Everybody with an account on the central manager could speak as the proxy there."""
    answer = seen(site, peer="127.0.0.1", proxies=("127.0.0.1",), proxy_secret="/x", secret=secret, said=said)
    assert ("a reason (admin)" in answer.text) is is_believed


def test_an_endless_address_is_refused(site: Site) -> None:
    """A megabyte of parameters was parsed before it was refused."""
    assert asked(web_of(site).app, "/hosts?name=" + "x" * 5000).status == 414


def test_a_page_that_has_not_changed_is_not_sent_again(site: Site) -> None:
    """Thirty tabs that reload each minute were the whole traffic of the machine."""
    app = web_of(site).app
    first = asked(app, "/hosts", headers=[("accept-encoding", "gzip")])
    assert first.headers["content-encoding"] == "gzip"
    again = asked(app, "/hosts", headers=[("if-none-match", first.headers["etag"])])
    assert (again.status, again.body) == (304, b"")


def test_a_shipped_file_is_known_by_what_is_in_it(site: Site) -> None:
    """After an upgrade browsers went on with last year's script."""
    app = web_of(site).app
    page = asked(app, "/").text
    for name in ("site.css", "site.js", "icon.svg"):
        address = next(part for part in page.split('"') if part.endswith(f"/{name}"))
        answer = asked(app, address)
        assert (answer.status, "immutable" in answer.headers["cache-control"]) == (200, True)
        assert asked(app, f"/static/old/{name}").status == 404
