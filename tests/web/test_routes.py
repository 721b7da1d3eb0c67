"""Whatever is asked for: a page or a clear refusal, never a traceback, and nothing on the disk is another."""

import hashlib
import string
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.views.web.routes import ROUTES
from shepherd.views.web.site import Site as WebSite
from tests.cli.sites import Site
from tests.web.asgi import Answer, asked

HOSTILE = [
    "<script>alert(1)</script>", "'\"><img src=x>", "{{7*7}}", "../../etc/passwd", "%00", "\u202egnp", "NaN", "-1",
]  # fmt: skip
NAMES = sorted({name for route in ROUTES for name in route.takes} | {"since", "x", "DAYS", ""})
VALUES = st.one_of(
    st.sampled_from([*HOSTILE, "1", "7", "30", "flock", "p2", "1795449951", "9" * 30, ""]),
    st.text(max_size=40),
    st.integers().map(str),
    st.floats().map(str),
)
SEGMENTS = st.one_of(st.sampled_from(["p201", "p999", "f201", "1", "3", "600", *HOSTILE]), st.text(max_size=30), VALUES)
NEVER = ("Traceback", ".py", "Error(", "<script>alert", "<img src=x", "jinja2")
SANE = {200, 304, 404, 414, 421, 503}


def test_every_route_is_a_page(web: WebSite) -> None:
    """A view that nobody had opened for a year was broken for a year."""
    for route in ROUTES:
        answer = asked(web.app, route.path.format(name="p201", record=first_decision(web)))
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), route.path
        assert "<main" in answer.text


def first_decision(web: WebSite) -> str:
    return asked(web.app, "/decisions").text.partition('href="/decision/')[2].partition('"')[0]


def faults(answer: Answer) -> list[str]:
    """What no answer may have."""
    found = [bad for bad in NEVER if bad in answer.text]
    return found if answer.status in SANE else [*found, str(answer.status)]


@settings(max_examples=150)
@given(
    route=st.sampled_from(ROUTES),
    segment=SEGMENTS,
    query=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4),
)
def test_any_parameter_gives_a_page_or_a_clear_refusal(web: WebSite, route, segment, query) -> None:
    """A letter where a number was expected showed the program's own paths to whoever had typed it."""
    path = route.path.replace("{name}", quote(segment, safe="")).replace("{record}", quote(segment, safe=""))
    assert faults(asked(web.app, path + ("?" + urlencode(query, errors="replace") if query else ""))) == []


@settings(max_examples=150)
@given(target=st.text(st.characters(codec="utf-8"), max_size=60), raw=st.text(string.printable, max_size=40))
def test_any_address_at_all_is_answered(web: WebSite, target: str, raw: str) -> None:
    """A scanner's request was the end of the process."""
    assert faults(asked(web.app, "/" + quote(target, safe="/?&=%"))) == []
    assert faults(asked(web.app, "/hosts?" + quote(raw, safe="=&;+%"))) == []


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/harvest?days=3", "there are 1, 7, 30"),
        ("/harvest?days=1&amp;days=7".replace("&amp;", "&"), "days is given more than once"),
        ("/harvest?day=1", "it takes days"),
        ("/sources?x=1", "it takes none"),
        ("/hosts?state=asleep", "there are local, arming"),
        ("/hosts?name=" + "x" * 65, "at most 64 characters"),
        ("/host/p201?at=yesterday", "give epoch seconds"),
        ("/host/p999", "nothing is known of a host"),
        ("/host/%3Cb%3E", "is no host&#39;s name"),
        ("/decision/0", "is no record&#39;s number"),
        ("/decision/99999999", "there is no record 99999999"),
        ("/decision/1", "is no decision"),
        ("/nothing", "There is no such page"),
    ],
)
def test_a_refusal_says_what_is_right(web: WebSite, address: str, words: str) -> None:
    """"Bad request" it said, to somebody who did not know what a good one was."""
    answer = asked(web.app, address)
    assert answer.status == 404
    assert words in answer.text


def test_reading_changes_nothing_on_the_disk(web: WebSite, site: Site) -> None:
    """A reader that made the files of the log beside the ledger left them as root, and the daemon could not write."""
    before = digests(site)
    for route in ROUTES:
        assert asked(web.app, route.path.format(name="p201", record="1")).status in SANE
    assert digests(site) == before


def digests(site: Site) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(site.state.rglob("*"))
        if path.is_file()
    }
