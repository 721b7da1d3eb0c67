"""`shepherd ledger verify` and `export` on real files."""

import json
import pathlib

import pytest

from shepherd.cli.main import main
from tests.cli.sites import Site
from tests.edges.ledgers import DAY_S, MARCH_1, note, switch, switched


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


def test_a_record_that_is_not_the_one_noted_down_is_a_fault(site, capsys):
    """Exit code 1, so that cron notices."""
    assert main(site.words("ledger", "verify", "--expect", f"3:{'0' * 64}")) == 1
    out = capsys.readouterr().out
    assert "FAULT 2026-03-02, record 3: is not the record that was there" in out
    assert out.endswith("the chain is broken\n")


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
