"""What the pages say is what is on record, escaped, and they say so when there is nothing."""

import dataclasses
import pathlib
import sqlite3

import pytest

from shepherd.model.entry import Entry, EntryKind
from shepherd.model.harvest import Lend, Took
from shepherd.views.web.board import Reckoned
from tests.cli.sites import Site
from tests.web.asgi import asked
from tests.web.conftest import web_of
from tests.web.sites import Recorded, later
from tests.web.test_shelf import day, share

NASTY = "<script>alert('p')</script>\"'&\u202e\x1b[31m"


def text_of(site: Site, path: str) -> str:
    answer = asked(web_of(site).app, path)
    assert answer.status == 200, answer.text
    return answer.text


def test_the_first_page_says_what_is(site: Site) -> None:
    """Somebody had to count cells to know how many hosts were lent."""
    text = text_of(site, "/")
    assert "The shepherd is not running." in text
    for words in ("Lent to guests", "Idle local jobs", "home startds", "nobody moves"):
        assert words in text


def test_a_hosts_story_is_told_with_its_lends(site: Site) -> None:
    """"Why was it not lent?" was asked by mail, and answered a day later."""
    text = text_of(site, "/host/p201")
    for words in ("lend ordered", "lent: its flocking startd is there", "Its flocking startd is f201", "Last lends"):
        assert words in text


def test_a_host_is_found_by_its_flocking_name(site: Site) -> None:
    """A guest's administrator wrote of f201, and the dashboard knew of no such host."""
    assert "Its flocking startd is f201" in text_of(site, "/host/f201")
    assert "/host/p201" in text_of(site, "/hosts?name=f201")
    assert "/host/p202" not in text_of(site, "/hosts?name=f201")


def test_a_host_is_told_of_at_another_time(site: Site, recorded: Recorded) -> None:
    """A mail says "yesterday at four"; the page showed now."""
    heading = text_of(site, "/host/p201").partition("As of the look at")[2][:60]
    orders = [one for one in recorded.entries if one.kind is EntryKind.ORDER and one.host == "p201"]
    assert len(orders) > 1
    first_s = orders[0].at_s - recorded.entries[-1].at_s
    now_s = asked_now(site)
    past = text_of(site, f"/host/p201?at={now_s + first_s - 5:.0f}")
    assert past.partition("As of the look at")[2][:60] != heading
    assert "None on that day." in past


def asked_now(site: Site) -> float:
    """When the records end."""
    [day] = sorted(site.ledger_place.glob("????-??-??.sqlite"))[-1:]
    with sqlite3.connect(day) as connection:
        return float(connection.execute("SELECT max(at_s) FROM record").fetchone()[0])


def test_a_decision_is_told_with_its_orders_and_what_came_of_them(site: Site) -> None:
    """The list says that two were lent; which, and did they come?"""
    listed = text_of(site, "/decisions")
    numbers = [part.partition('"')[0] for part in listed.split('href="/decision/')[1:]]
    stories = [text_of(site, f"/decision/{number}") for number in numbers[:40]]
    told = "".join(stories)
    assert "lent after" in told
    assert "This version would decide otherwise" not in told


def test_older_decisions_are_on_the_next_page(site: Site) -> None:
    """The list ended where it was needed."""
    first = text_of(site, "/decisions")
    older = first.partition('href="/decisions?before=')[2].partition('"')[0]
    second = text_of(site, f"/decisions?before={older}")
    assert f'href="/decision/{older}"' in first
    assert f'href="/decision/{older}"' not in second
    assert int(second.partition('href="/decision/')[2].partition('"')[0]) < int(older)


def test_strangers_words_are_text(recorded: Recorded, tmp_path: pathlib.Path) -> None:
    """A submit file's name was a script in the administrator's browser."""
    hosts = [{"host": NASTY, "flock_name": NASTY, "state": "held", "why": NASTY, "since_s": None}]
    readings = [{"source": NASTY, "at_s": 1.0, "problem": NASTY, "period_s": 10.0}]
    site = recorded.written(
        tmp_path, sentence=NASTY, hosts=hosts, readings=readings, problems=[NASTY], unmanaged=[NASTY]
    )
    for path in ("/", "/hosts", "/sources"):
        text = text_of(site, path)
        assert "<script>alert" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text.replace("%E2%80%AE", "")


def test_bans_name_nobody_to_nobody(recorded: Recorded, tmp_path: pathlib.Path) -> None:
    """A user was on the screen in the corridor as a miner, and had been none."""
    ban = {"kind": "user", "value": "mallory@campus.example", "at_s": 1.0, "until_s": None, "who": "carla",
           "why": "mining, see ticket of eve", "domain": "", "addresses": ["203.0.113.7"]}  # fmt: skip
    text = text_of(recorded.written(tmp_path, bans=[ban]), "/")
    assert "1 ban in force" in text
    for word in ("mallory", "carla", "eve", "203.0.113.7"):
        assert word not in text


@pytest.mark.parametrize("path", ["/", "/hosts", "/sources"])
def test_a_ledger_that_is_not_there_yet_is_said_to_be_so(tmp_path: pathlib.Path, path: str) -> None:
    """On the first day the dashboard was a page of errors."""
    assert "has not looked around yet" in text_of(Site(tmp_path), path)


@pytest.mark.parametrize("path", ["/decisions", "/harvest", "/times", "/incidents", "/history"])
def test_without_a_record_the_views_of_days_say_so(tmp_path: pathlib.Path, path: str) -> None:
    """The same."""
    answer = asked(web_of(Site(tmp_path)).app, path)
    assert answer.status in {200, 404}
    assert "record" in answer.text or "reckoned" in answer.text


def test_a_damaged_view_is_named_and_the_last_one_goes_on(recorded: Recorded, tmp_path: pathlib.Path) -> None:
    """When the disk was damaged the dashboard was, too."""
    site = recorded.written(tmp_path)
    web = web_of(site)
    assert asked(web.app, "/").status == 200
    for path in site.ledger_place.glob("present.sqlite*"):
        path.write_bytes(b"not a database, for long enough to be looked at" * 100)
    web._board._looked_s = float("-inf")  # type: ignore[attr-defined]
    text = asked(web.app, "/").text
    assert "Nothing new can be read." in text
    assert "Lent to guests" in text


def test_what_the_daemon_writes_is_shown_at_the_next_look(recorded: Recorded, tmp_path: pathlib.Path) -> None:
    """The page was of the hour at which it had been opened first."""
    site = recorded.written(tmp_path)
    board = web_of(site)._board
    before = board.current()
    ledger = site.ledger()
    ledger.publish_present({**recorded.present, "sentence": "something else"})
    try:
        board._looked_s = float("-inf")  # type: ignore[attr-defined]
        now = board.current()
    finally:
        ledger.close()
    assert now.version > before.version
    assert now.present is not None
    assert now.present.sentence == "something else"


def test_the_newest_day_is_followed_and_not_read_again(recorded: Recorded, tmp_path: pathlib.Path) -> None:
    """Each click on a host read the whole day."""
    site = recorded.written(tmp_path)
    board = web_of(site)._board
    story = board.host("p203", None)
    assert story is not None
    tail = board._tail  # type: ignore[attr-defined]
    seq = tail._seq
    newest = recorded.entries[-1].at_s
    now_s = asked_now(site)
    more = [one for one in recorded.entries if one.kind in {EntryKind.SNAPSHOT, EntryKind.VERDICT}][-2:]
    ledger = site.ledger()
    ledger.append([dataclasses.replace(one, at_s=now_s + 1) for one in later(more, now_s - newest)])
    ledger.close()
    again = board.host("p203", None)
    assert again is not None
    assert again.at_s > story.at_s
    assert tail._seq > seq


def test_who_ordered_something_long_ago_is_hidden_too(recorded: Recorded, tmp_path: pathlib.Path) -> None:
    """Names of today were taken out; last month's stood in last month's sentences."""
    site = recorded.written(tmp_path)
    now_s = asked_now(site)
    ledger = site.ledger()
    intent = Entry(at_s=now_s + 1, kind=EntryKind.INTENT, cause="x", body={"kind": "flockoff", "who": "zacharias"})
    said = {"sentence": "flocking is off: rest (zacharias)", "orders": [], "refusals": []}
    ledger.append([intent, Entry(at_s=now_s + 2, kind=EntryKind.VERDICT, cause="x", body=said)])
    ledger.close()
    text = text_of(site, "/decisions")
    assert "flocking is off: rest ([hidden])" in text
    assert "zacharias" not in text


def test_what_guests_were_given_is_told_by_guest(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The director asked who had had the cores; the sum was there, the names were not."""
    web = web_of(site)
    given = day(0.0, 86400.0, guests=(share("campus", 1234.5), share("", 6.0)), lent_used_core_h=1240.5)
    known = Reckoned(harvest=given, done=3, of=7)
    monkeypatch.setattr(web._board, "reckoned", lambda _days: known)
    text = asked(web.app, "/harvest?days=7").text
    for words in ("campus", "1\u202f234", "no guest&#39;s, or not known whose", "3 of 7 days are reckoned"):
        assert words in text
    assert text.index("campus") < text.index("not known whose")


@pytest.mark.parametrize("path", ["/", "/times?days=1"])
def test_reclaims_that_never_came_are_told_beside_the_times(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Five hosts were ordered home and two never came; the dashboard said three reclaims, all within three seconds."""
    web = web_of(site)
    out = Lend(host="p9", lease="p9.1.x", cpus=4, granted_at_s=10.0, why="idle")
    called = dataclasses.replace(out, called_at_s=100.0)
    home, lapsed = dataclasses.replace(called, home_at_s=103.0), dataclasses.replace(called, lapsed_at_s=900.0)
    given = day(0.0, 86400.0, lends=(out, called, home, home, home, lapsed), reclaim_times=Took(count=3, p50_s=3.0))
    monkeypatch.setattr(web._board, "reckoned", lambda _days: Reckoned(harvest=given, done=1, of=1))
    text = asked(web.app, path).text
    assert "Reclaims: 5 ordered \u00b7 3 home \u00b7 1 lapsed \u00b7 1 not yet" in text
