"""`shepherd replay`, `explain host` and `explain cycle`, on the ledger of an eventful day."""

import dataclasses
import datetime
import json
import pathlib
import time

import pytest

from shepherd.cli.main import main
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.settings import PolicyKind
from tests.cli.documents import fits
from tests.cli.sites import Site, body
from tests.edges.ledgers import MARCH_1, note, switch, switched
from tests.sim.recorded_day import eventful_day, site_of
from tests.sim.test_roster import DARK, dark_site


@pytest.fixture(name="entries", scope="module")
def the_records_of_a_day() -> list[Entry]:
    pool = site_of(PolicyKind.DEMAND)
    eventful_day(pool)
    return list(pool.ledger.entries)


@pytest.fixture(name="site")
def a_site_with_them(tmp_path: pathlib.Path, entries: list[Entry]) -> Site:
    site = Site(tmp_path)
    ledger = site.ledger()
    ledger.append(entries)
    ledger.close()
    return site


def day_of(entries: list[Entry]) -> str:
    return datetime.datetime.fromtimestamp(entries[0].at_s, datetime.UTC).date().isoformat()


def said(site: Site, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is printed when all is well."""
    assert main(site.words(*words)) == 0
    return capsys.readouterr().out


def refused(site: Site, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is complained about; nothing else is printed."""
    assert main(site.words(*words)) == 2
    found = capsys.readouterr()
    assert found.out == ""
    return found.err


def orders(entries: list[Entry], herd: str) -> list[Entry]:
    return [one for one in entries if one.kind is EntryKind.ORDER and one.body["herd"] == herd]


def test_a_day_is_replayed_as_it_was_and_with_another_reserve(site, entries, capsys):
    """"What if the reserve had been larger?" was answered by trying it on the users."""
    out = said(site, capsys, "replay", day_of(entries), "--set", "policy.reserve=0.8")
    lines = out.splitlines()
    decided = sum(one.kind is EntryKind.VERDICT for one in entries)
    assert f"Decisions made again from their records: {decided} of {decided} order the same" in lines
    [heads] = [line for line in lines if "settings of then" in line]
    assert heads.split("  ")[-1] == "policy.reserve=0.8"
    [lent] = [line.split() for line in lines if line.startswith("hosts lent ")]
    assert int(lent[2]) > int(lent[4]) > 0


def test_a_replay_for_machines_has_every_move(site, entries, capsys):
    """A page that is to draw the two days beside each other needs more than sums."""
    told = json.loads(said(site, capsys, "replay", day_of(entries), "--set", "policy.kind=threshold", "--json"))
    fits("replay", told)
    names = [one["name"] for one in told["outcomes"]]
    assert (told["schema"], told["days"], names) == (
        1, [day_of(entries)], ["recorded", "settings of then", "policy.kind=threshold"]
    )  # fmt: skip
    was = told["outcomes"][0]
    assert [move["herd"] for move in was["moves"]].count("flock") == was["lends"] == len(orders(entries, "flock"))
    assert told["decisions"] == told["decisions_same"] > 0


def test_moves_are_listed_on_demand(site, entries, capsys):
    """Of a sum that surprises one wants to know the hosts."""
    out = said(site, capsys, "replay", day_of(entries), "--moves")
    first = orders(entries, "flock")[0]
    assert any(f"{first.host} -> flock: {first.body['why']}" in line for line in out.splitlines())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("policy.reserv=0.1", "policy.reserv: is not a setting; did you mean policy.reserve?"),
        ("policy.reserve=3", "policy.reserve: is 3"),
        ("policy.reserve=much", 'policy.reserve: the string "much" is not a finite number'),
        ("policy.cooling_s=1", "policy.cooling_s: has no effect in a replay"),
        ("timers.lease_s=60", "timers.lease_s: has no effect in a replay"),
        ("home.name='x'", "home.name: is no setting that a replay can change"),
        ("reserve=0.1", "reserve: is no setting that a replay can change"),
        ("policy.reserve", "write KEY=VALUE"),
    ],
)
def test_a_change_that_cannot_be_shown_is_refused(site, entries, capsys, change, complaint):
    """A typing error was replayed as no change, and the old setting stayed for another year."""
    assert complaint in refused(site, capsys, "replay", day_of(entries), "--set", change)


def test_a_day_that_is_not_there_is_named_with_those_that_are(site, entries, capsys):
    """The day was given in local time."""
    day = day_of(entries)
    complaint = refused(site, capsys, "replay", "1999-12-31", day)
    assert f"no record of 1999-12-31: there are days from {day} to {day}" in complaint


def test_a_day_from_before_looks_were_recorded_is_said_to_be_one(tmp_path, capsys):
    """An empty table looked like a day without demand."""
    site = Site(tmp_path)
    ledger = site.ledger()
    ledger.append([note("old"), switched(switch("p220"))])
    ledger.close()
    assert "no look is on record of 2026-03-01" in refused(site, capsys, "replay", "2026-03-01")
    assert "no look is on record of that time" in refused(site, capsys, "explain", "host", "p220")
    assert "no decision is on record" in refused(site, capsys, "explain", "cycle")


def test_a_host_is_explained_with_its_lends(site, entries, capsys):
    """"Why was p201 away at ten?" took a morning with `grep`."""
    lend, reclaim = orders(entries, "flock")[0], orders(entries, "local")[0]
    host = reclaim.host
    out = said(site, capsys, "explain", "host", host, "--at", str(reclaim.at_s + 60))
    lines = out.splitlines()
    assert lines[0].startswith(f"{host} at ")
    assert any(f"reclaim ordered: {reclaim.body['why']}" in line for line in lines)
    assert any(f"lend ordered: {lend.body['why']}" in line for line in lines)
    assert any(line.endswith(" home") for line in lines)
    assert any("lent: its flocking startd is there" in line for line in lines)


def test_a_host_that_is_banned_says_so(site, entries, capsys):
    """"Why is it not lent?" has one answer, and it is not in the last decision's sentence."""
    out = said(site, capsys, "explain", "host", "p203", "--at", str(entries[-1].at_s))
    assert "  It could not be lent: the host is banned: a reason (admin)." in out.splitlines()
    told = json.loads(said(site, capsys, "explain", "host", "p203", "--at", str(entries[-1].at_s), "--json"))
    fits("explain-host", told)
    assert (told["schema"], told["state"], told["blocked"]) == (1, "local", "the host is banned: a reason (admin)")


def test_one_asks_why_without_knowing_the_words(site, entries, capsys):
    """Somebody at night typed `explain p201`, was told of four sub-commands, and went to read the log."""
    at_s = str(entries[-1].at_s)
    for short, long in (
        (("p203", "--at", at_s), ("host", "p203", "--at", at_s)), (("f203",), ("host", "p203")), ((), ("cycle",)),
        (("--json",), ("cycle", "--json")), (("--at", at_s), ("cycle", at_s)),
        (("--at", at_s, "--json", "f203"), ("host", "p203", "--json", "--at", at_s)),
    ):  # fmt: skip
        assert said(site, capsys, "explain", *short) == said(site, capsys, "explain", *long)
    assert "only one of them" in refused(site, capsys, "explain", "cycle", at_s, "--at", at_s)
    assert "nothing was known of nobody" in refused(site, capsys, "explain", "nobody")


def test_a_dead_daemon_is_said_before_what_it_last_saw(site, entries, capsys):
    """Somebody read at night why the host was local, and that was of the evening: nobody had looked since."""
    dead = "The shepherd is not running (no view of it can be read)."
    assert said(site, capsys, "explain", "p203").startswith(dead)
    assert said(site, capsys, "explain").startswith(dead)
    newest = json.loads(said(site, capsys, "explain", "p203", "--json"))
    assert (newest["running"], newest["last_sign_of_life_s"]) == (False, None)
    at_s = str(entries[-1].at_s)
    assert dead not in said(site, capsys, "explain", "p203", "--at", at_s), "who asks of then knows that it is past"
    ledger = site.ledger()
    ledger.publish_present(body())
    assert said(site, capsys, "explain", "p203").startswith("p203 at ")
    ledger.publish_present(body(at_s=time.time() - 3600))
    assert "runs, but is silent (last sign of life 60 min ago)" in said(site, capsys, "explain", "p203").splitlines()[0]
    told = json.loads(said(site, capsys, "explain", "cycle", "--json"))
    ledger.close()
    fits("explain-cycle", told)
    assert (told["running"], told["last_sign_of_life_s"] > 3599) == (True, True)
    assert "not running (last sign of life 60 min ago)" in said(site, capsys, "explain", "cycle").splitlines()[0]


def test_a_lend_is_explained_by_its_name(site, entries, capsys):
    """Of a lend from March only the name in a letter was known."""
    order = orders(entries, "flock")[0]
    out = said(site, capsys, "explain", "lend", order.cause)
    assert out.splitlines()[0] == f"Lend {order.cause}:"
    assert f"lend ordered: {order.body['why']}" in out
    told = json.loads(said(site, capsys, "explain", "lend", order.cause, "--json"))
    fits("explain-lend", told)
    assert (told["lease"], "home" in [event["what"] for event in told["events"]]) == (order.cause, True)
    assert "no lend 'p9.1.x' is on record" in refused(site, capsys, "explain", "lend", "p9.1.x")


def test_a_decision_is_explained_with_what_came_of_it(site, entries, capsys):
    """The order was on one page of the log, its reason on another, its end on a third."""
    reclaim = orders(entries, "local")[0]
    out = said(site, capsys, "explain", "cycle", str(reclaim.at_s + 1))
    lines = out.splitlines()
    assert lines[0].startswith(("Look ", "Cycle "))
    assert any(line.startswith("Reclaimed: ") for line in lines)
    came_of = next(line for line in lines if line.startswith(f"  {reclaim.host}: {reclaim.body['why']}: home after "))
    assert 0 < float(came_of.split()[-2]) < 60
    assert any("idle, " in line and line.startswith("Local jobs: ") for line in lines)
    assert any(line.startswith("Policy: kind = demand") or "quiet_s = 30" in line for line in lines)
    assert "otherwise" not in out


def test_a_decision_is_found_by_its_number(site, entries, capsys):
    """Explanations name each other by numbers of records, as the ledger's own export does."""
    numbers = [seq for seq, one in enumerate(entries, 1) if one.kind is EntryKind.VERDICT]
    told = json.loads(said(site, capsys, "explain", "cycle", str(numbers[3]), "--json"))
    fits("explain-cycle", told)
    assert told["said"]["seq"] == numbers[3]
    assert told["said"]["sentence"] == entries[numbers[3] - 1].body["sentence"]
    newest = json.loads(said(site, capsys, "explain", "cycle", "--json"))
    assert newest["said"]["seq"] == numbers[-1]
    assert f"record {numbers[3] - 1} is no decision" in refused(site, capsys, "explain", "cycle", str(numbers[3] - 1))
    assert "there is no record 99999" in refused(site, capsys, "explain", "cycle", "99999")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("explain", "host", "nobody"), "nothing was known of nobody then"),
        (("explain", "host", "p201", "--at", "gestern"), "'gestern' is no time"),
        (("explain", "host", "p201", "--at", "1999-01-01 00:00:00"), "no record of 1999-01-01 or before"),
        (("explain", "cycle", "soon"), "'soon' is no time"),
    ],
)
def test_a_question_that_has_no_answer_is_refused(site, capsys, words, complaint):
    """A traceback for a typing error."""
    assert complaint in refused(site, capsys, *words)


def test_a_host_that_went_dark_is_not_unknown(tmp_path, capsys):
    """`explain` of the host that `-s` called unknown said that there was no such host."""
    pool = dark_site()
    site = Site(tmp_path)
    ledger = site.ledger()
    ledger.append(pool.ledger.entries)
    ledger.close()
    complaint = refused(site, capsys, "explain", DARK)
    assert f"{DARK} was not heard then, but until 20" in complaint
    until = complaint.split("until ")[1].split(";")[0]
    assert said(site, capsys, "explain", DARK, "--at", until)


def test_a_lend_that_began_the_day_before_is_told_from_its_order(tmp_path, entries, capsys):
    """At five past midnight nobody knew why the hosts were lent."""
    begin_s = orders(entries, "flock")[0].at_s
    shift_s = MARCH_1 + 86400 - begin_s - 100
    site = Site(tmp_path)
    ledger = site.ledger()
    for entry in entries:
        ledger.append([dataclasses.replace(entry, at_s=entry.at_s + shift_s)])
    ledger.close()
    assert len(sorted(site.ledger_place.glob("2026-03-0*.sqlite"))) == 2
    host = orders(entries, "flock")[0].host
    out = said(site, capsys, "explain", "host", host, "--at", "2026-03-02 00:00:30")
    assert any("lend ordered" in line and "2026-03-01 23:58:20" in line for line in out.splitlines())


def test_a_damaged_day_is_a_message(site, entries, capsys):
    """Half a day was replayed as a quiet one."""
    day = day_of(entries)
    (site.ledger_place / f"{day}.sqlite").write_bytes(b"\1" * 8192)
    for words in (("replay", day), ("explain", "cycle"), ("explain", "host", "p201")):
        assert main(site.words(*words)) == 1
        found = capsys.readouterr()
        assert found.out == ""
        assert f"{day}.sqlite is unavailable" in found.err


def two_days(place: pathlib.Path, entries: list[Entry]) -> tuple[Site, list[str]]:
    """The same twice, and their names."""
    site, days = Site(place), []
    ledger = site.ledger()
    for later_s in (0, 86400):
        day = [dataclasses.replace(entry, at_s=entry.at_s + later_s) for entry in entries]
        ledger.append(day)
        days.append(day_of(day))
    ledger.close()
    return site, days


def test_the_day_before_a_damaged_one_does_not_stand_in_for_it(tmp_path, entries, capsys):
    """The newest day's file was damaged, and `explain` told of yesterday as if it were now."""
    site, days = two_days(tmp_path, entries)
    (site.ledger_place / f"{days[1]}.sqlite").write_bytes(b"\1" * 8192)
    for words in (("replay", days[1]), ("explain", "cycle"), ("explain", "host", "p201")):
        assert main(site.words(*words)) == 1
        assert f"{days[1]}.sqlite is unavailable" in capsys.readouterr().err
    out = said(site, capsys, "explain", "host", "p201", "--at", f"{days[0]} 23:00:00")
    assert out.startswith(f"p201 at {days[0]}")


def test_an_older_damaged_day_is_named_and_left_out(tmp_path, entries, capsys):
    """A lend had begun on a day whose file was lost, and its story began with its end, without a word."""
    site, days = two_days(tmp_path, entries)
    (site.ledger_place / f"{days[0]}.sqlite").write_bytes(b"\1" * 8192)
    assert main(site.words("explain", "cycle")) == 0
    found = capsys.readouterr()
    assert found.err.startswith(f"shepherd: {days[0]} is left out: ")
    assert days[1] in found.out
