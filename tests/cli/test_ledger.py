"""`shepherd ledger verify` and `export` on real files."""

import json
import pathlib
import shutil

import pytest

from shepherd.cli.main import main
from shepherd.core.heads import Anchor, anchor_message
from shepherd.edges.ledger_retention import Keeping
from shepherd.model.chain import Head
from shepherd.model.syslog import line_of
from tests.cli.documents import fits
from tests.cli.sites import Site
from tests.edges.ledgers import DAY_S, MARCH_1, note, switch, switched
from tests.edges.trace_stores import Clock, flow, job, segment, store_in


@pytest.fixture(name="site")
def a_site_with_two_days(tmp_path: pathlib.Path) -> Site:
    site = Site(tmp_path)
    ledger = site.ledger()
    ledger.append([note("one"), switched(switch("p220"))])
    ledger.append([note("two", MARCH_1 + DAY_S)])
    ledger.publish_present({"schema": 1})
    ledger.close()
    return site


def test_a_whole_record_is_said_with_its_head(site, capsys):
    """The head is what a security officer writes down."""
    assert main(site.words("ledger", "verify")) == 0
    records, head, verdict = capsys.readouterr().out.splitlines()
    assert records == "3 records from 1 on, in 2 partitions"
    assert verdict == "the chain is whole"
    assert main(site.words("ledger", "verify", "--expect", head.removeprefix("head "))) == 0


def test_the_verdict_for_machines(site, capsys):
    """A cron job searched for the word whole, and found it in a path."""
    assert main(site.words("ledger", "verify", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    fits("ledger", told)
    assert (told["ledger"]["whole"], told["ledger"]["records"], told["trace"]) == (True, 3, None)
    assert main(site.words("ledger", "verify", "--json", "--expect", f"3:{'0' * 64}")) == 1
    told = json.loads(capsys.readouterr().out)
    fits("ledger", told)
    assert not told["ledger"]["whole"]
    assert told["ledger"]["faults"]


def test_a_record_that_is_not_the_one_noted_down_is_a_fault(site, capsys):
    """Exit code 1, so that cron notices."""
    assert main(site.words("ledger", "verify", "--expect", f"3:{'0' * 64}")) == 1
    out = capsys.readouterr().out
    assert "FAULT 2026-03-02, record 3: is not the record that was there" in out
    assert out.endswith("the chain is broken\n")


def test_days_that_retention_removed_are_said_and_are_no_fault(site, capsys):
    """After a year each verification found heads in the logger's file that were on no day any more."""
    assert main(site.words("ledger", "verify", "--expect", f"1:{'0' * 64}")) == 1
    ledger = site.ledger()
    ledger.retire(MARCH_1 + 12 * DAY_S, Keeping(keep_days=10))
    ledger.close()
    capsys.readouterr()
    assert main(site.words("ledger", "verify", "--expect", f"1:{'0' * 64}")) == 0
    unchecked, removed, *_ = capsys.readouterr().out.splitlines()
    assert unchecked == "not checked: 1 noted heads of days that retention has removed"
    assert removed == "days up to 2026-03-01 were removed as too old (ledger.keep_days)"


@pytest.mark.parametrize(("day", "rest"), [("2026-03-01", 1), ("2026-03-02", 2)])
def test_a_damaged_day_is_a_fault_and_the_rest_is_still_used(site, capsys, day, rest):
    """The one file that cannot be opened must not hide the others."""
    (site.ledger_place / f"{day}.sqlite").write_bytes(b"\1" * 8192)
    assert main(site.words("ledger", "verify")) == 1
    out = capsys.readouterr().out
    assert f"FAULT {day}" in out
    assert f"{rest} records from" in out
    assert main(site.words("ledger", "export")) == 1
    done = capsys.readouterr()
    assert len(done.out.splitlines()) == rest
    assert f"{day}.sqlite is unavailable" in done.err


def test_the_record_is_verified_while_the_daemon_writes(site, capsys):
    """Nobody stops the shepherd to ask whether it is honest."""
    ledger = site.ledger()
    ledger.append([note("three", MARCH_1 + DAY_S)])
    code = main(site.words("ledger", "verify"))
    ledger.close()
    assert code == 0
    assert "4 records" in capsys.readouterr().out


def exported(site: Site, capsys, *words: str) -> list[dict[str, object]]:
    assert main(site.words("ledger", "export", *words)) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_records_are_exported_as_json_lines(site, capsys):
    """"Who did that from your address in March" is answered with a pipe."""
    records = exported(site, capsys)
    assert [record["seq"] for record in records] == [1, 2, 3]
    assert records[0]["body"] == {"text": "one"}
    assert [record["seq"] for record in exported(site, capsys, "--host", "p220")] == [2]
    assert [record["seq"] for record in exported(site, capsys, "--kind", "observed")] == [1, 3]
    assert [record["seq"] for record in exported(site, capsys, "--cause", "p220-1")] == [2]
    assert [record["seq"] for record in exported(site, capsys, "--since", "2026-03-02")] == [3]
    assert [record["seq"] for record in exported(site, capsys, "--until", "2026-03-01")] == [1, 2]


@pytest.mark.parametrize(
    "words", [["verify", "--expect", "head"], ["export", "--since", "March"], ["export", "--kind", "x"], []]
)
def test_bad_input_is_refused(site, words):
    """Exit code 2 and a word about the right form."""
    with pytest.raises(SystemExit) as ended:
        main(site.words("ledger", *words))
    assert ended.value.code == 2


def test_a_site_without_a_ledger_is_told_so(tmp_path, capsys):
    """An empty answer would look like an empty record."""
    assert main(Site(tmp_path).words("ledger", "verify")) == 2
    assert "there is no ledger in" in capsys.readouterr().err


def logged(site: Site, *anchors: Anchor) -> pathlib.Path:
    """A file as the site's logger writes it, with other things in it."""
    told = [line_of(anchor_message(anchor, MARCH_1), host="cm", app="shepherd", pid=1) for anchor in anchors]
    path = site.state / "messages"
    path.write_text("\n".join(["kernel: something else", *told, "sshd: more"]) + "\n")
    return path


def traced(site: Site, days: int = 3) -> list[Head]:
    """A trace store beside the ledger; its heads."""
    clock, heads = Clock(), []
    store = store_in(site.state / "trace", clock)
    for day in range(days):
        clock.now = MARCH_1 + day * DAY_S
        store.add(segment([job(clock.now, 1), flow(clock.now, day)], day + 1))
        heads.append(store.head())
    store.close()
    return heads


def anchors_of(site: Site, heads: list[Head]) -> list[Anchor]:
    (site.state / "instance").write_text("me")
    ledger = site.ledger()
    now = ledger.head()
    ledger.close()
    return [Anchor(instance="me", ledger=now, trace=head) for head in heads]


def test_heads_from_the_loggers_file_are_found_on_both_chains(site, capsys):
    """Everything is as it was told elsewhere: exit code 0, and how much was checked."""
    anchors = anchors_of(site, traced(site))
    path = logged(site, *anchors, Anchor(instance="other", ledger=None, trace=None))
    assert main(site.words("ledger", "verify", "--heads", str(path))) == 0
    out = capsys.readouterr().out
    assert "the chain is whole" in out
    assert "the trace store is whole" in out
    assert "3 noted heads found on it" in out
    assert "3 noted heads of this shepherd in" in out
    assert "not checked: 1 noted heads of another shepherd, other" in out


@pytest.mark.parametrize("what", ["trace day", "trace", "ledger"])
def test_what_was_taken_away_since_the_logger_was_told_is_a_fault(what, site, capsys):
    """Whoever owns the machine removes the newest day; the logger is another machine."""
    path = logged(site, *anchors_of(site, traced(site)))
    match what:
        case "trace day":
            (site.state / "trace/2026-03-03.sqlite").unlink()
        case "trace":
            shutil.rmtree(site.state / "trace")
        case "ledger":
            (site.ledger_place / "2026-03-02.sqlite").unlink()
    assert main(site.words("ledger", "verify", "--heads", str(path))) == 1
    assert "FAULT" in capsys.readouterr().out


def test_a_loggers_file_without_our_heads_proves_nothing(site, capsys):
    """The wrong file was given to cron, and all was well for a year."""
    anchors_of(site, traced(site))
    assert main(site.words("ledger", "verify", "--heads", str(logged(site)))) == 1
    assert "0 noted heads of this shepherd" in capsys.readouterr().out
    assert main(site.words("ledger", "verify", "--heads", str(site.state / "nothing"))) == 2


def test_the_trace_stores_rows_are_exported_with_persons_encrypted(site, capsys):
    """What is given to others has the chain in it, and nobody's name."""
    traced(site)
    assert main(site.words("ledger", "export", "--trace", "--since", "2026-03-02")) == 0
    rows = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert {row["day"] for row in rows} == {"2026-03-02", "2026-03-03"}
    assert {"block", "flow", "job", "opening"} <= {row["table"] for row in rows}
    assert not any("alice" in str(row) for row in rows)
