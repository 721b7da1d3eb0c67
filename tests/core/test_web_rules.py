"""Settings of the dashboard that are well-formed and still wrong."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.settings.web import MOST_STREAMS, place_of, web_problems
from shepherd.model.web_settings import WebSettings
from shepherd.views.web.serve import CONNECTIONS

PROXIED = {"proxies": ("10.1.0.5",)}
FAULTS = [
    ({"listen": "9690"}, "web.listen"),
    ({"listen": "localhost:9690"}, "web.listen"),
    ({"listen": "127.0.0.1"}, "web.listen"),
    ({"listen": "127.0.0.1:0"}, "web.listen"),
    ({"listen": "127.0.0.1:99999"}, "web.listen"),
    ({"listen": "::1:x"}, "web.listen"),
    ({"listen": "0.0.0.0:9690"}, "web.listen"),
    ({"listen": "10.1.0.4:9690"}, "web.listen"),
    ({"listen": "[::]:9690"}, "web.listen"),
    ({"proxies": ("127.0.0.1",)}, "web.proxy_secret"),
    ({"proxies": ("::1",)}, "web.proxy_secret"),
    ({"proxies": ("proxy.example.org",)}, "web.proxies"),
    ({"proxies": ("10.1.0.0/24",)}, "web.proxies"),
    ({"proxies": ("10.1.0.5", "10.1.0.5")}, "web.proxies"),
    ({"proxy_secret": "secret"}, "web.proxy_secret"),
    ({"hosts": ("flock.example.org:443",)}, "web.hosts"),
    ({"hosts": ("*",)}, "web.hosts"),
    ({"hosts": ("a", "A")}, "web.hosts"),
    ({"user_header": ""}, "web.user_header"),
    ({"user_header": "X Remote User"}, "web.user_header"),
    ({"user_header": "Cookie"}, "web.user_header"),
    ({"user_header": "host"}, "web.user_header"),
    ({"user_header": "X-Shepherd-Proxy"}, "web.user_header"),
    ({"streams": 0}, "web.streams"),
    ({"streams": 801}, "web.streams"),
]


@pytest.mark.parametrize(("change", "key"), FAULTS)
def test_a_wrong_setting_is_named(change: dict[str, object], key: str) -> None:
    """The dashboard listened to the whole institute, and nobody was asked who they were."""
    problems = list(web_problems(dataclasses.replace(WebSettings(), **change)))  # type: ignore[arg-type]
    assert key in {problem.key for problem in problems}
    assert all(problem.remedy for problem in problems)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"listen": "[::1]:9690"},
        {"listen": "10.1.0.4:9690", **PROXIED},
        {"listen": "0.0.0.0:9690", **PROXIED},
        {"proxies": ("127.0.0.1", "::1"), "proxy_secret": "/etc/shepherd/secrets/web-proxy"},
        {"hosts": ("flock.example.org",), "user_header": "Remote-User"},
    ],
)
def test_sound_settings_pass(change: dict[str, object]) -> None:
    """A rule that refuses what the documentation says is switched off."""
    assert list(web_problems(dataclasses.replace(WebSettings(), **change))) == []  # type: ignore[arg-type]


def test_pages_are_answered_when_every_stream_is_taken() -> None:
    """Two thousand streams were allowed, of which half were refused with all pages besides."""
    assert MOST_STREAMS + 100 < CONNECTIONS
    assert list(web_problems(WebSettings(streams=MOST_STREAMS))) == []


@given(st.text(max_size=60))
def test_any_text_is_a_place_or_none(text: str) -> None:
    """A typing error in an address was a traceback."""
    place = place_of(text)
    assert place is None or 0 < place[1] < 65536


def test_an_endless_port_is_none() -> None:
    """Python refuses to read a number of five thousand digits, by an exception of its own."""
    assert place_of("127.0.0.1:" + "9" * 5000) is None
