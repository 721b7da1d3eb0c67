"""The ledger killed at every system call, on a full disk, and with a file that may not grow."""

import contextlib
import pathlib
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from shepherd.errors import LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
from tests.edges.ledgers import DAY_S, MARCH_1, faults, ledger_in, note, rows, switch, switched, texts

BATCHES = {"b": ["b1", "b2"], "c": ["c1", "c2"], "d": ["d1"]}
ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(name="template")
def ledger_of_one_batch(tmp_path: pathlib.Path) -> pathlib.Path:
    place = tmp_path / "template"
    ledger = ledger_in(place)
    ledger.append([note("a1"), switched(switch("p220"))])
    ledger.publish_present({"schema": 1})
    ledger.close()
    return place


@pytest.mark.large("ledger-crash", sample=2)
@pytest.mark.parametrize("first", range(1, 9))
def test_killed_at_any_system_call_nothing_promised_is_lost_and_no_batch_is_halved(first, template, tmp_path):
    """kill -9, the OOM killer or a power button between an order and its record: the record must stand."""
    place = tmp_path / "crashes"
    argv = [sys.executable, "-m", "tests.edges.ledger_crasher", str(template), str(place), str(first), "8"]
    last = int(subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout)
    survivors = {check_survivor(place / str(step)) for step in range(first, last, 8)}
    assert last > 200
    assert survivors == {"", "b", "bc", "bcd"}


def check_survivor(place: pathlib.Path) -> str:
    """The next daemon finds the record whole and can go on. Answers what the killed one was promised."""
    promises = place / "promised"
    promised = promises.read_text() if promises.exists() else ""
    ledger = ledger_in(place)
    switches = set(ledger.switches())
    kept = texts(place)[1:]
    wholes: list[list[object]] = [[text for name in "bcd"[:count] for text in BATCHES[name]] for count in range(4)]
    assert kept in wholes, place
    assert wholes.index(kept) >= len(promised), place
    assert switches == ({"p220", "p221"} if kept else {"p220"}), place
    ledger.append([note("after", MARCH_1 + DAY_S + 60)])
    ledger.publish_present({"schema": 1})
    assert ledger.last("gap") is None, place
    ledger.close()
    assert texts(place)[1:] == [*kept, "after"], place
    assert faults(place) == [], place
    return promised


@contextlib.contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def writes_until_refused(ledger, limit: int) -> list[str]:
    """Append into tightness; what was promised."""
    promised: list[str] = []
    with contextlib.suppress(LedgerUnavailable), no_file_grows_beyond(limit):
        for number in range(12):
            ledger.append([note(f"{number}", MARCH_1 + number * DAY_S / 6), note(f"{number}+")])
            promised += [f"{number}", f"{number}+"]
            ledger.publish_present({"schema": 1, "n": number})
    return promised


@pytest.mark.parametrize("limit", [*range(0, 140_000, 3571), 2_000_000])
def test_when_no_file_can_grow_any_further_the_record_stays_whole_and_goes_on_later(limit, template):
    """A full disk must stop lending, not spoil the record, and must mend by itself when space returns."""
    ledger = ledger_in(template)
    promised = writes_until_refused(ledger, limit)
    assert (len(promised) == 24) is (limit == 2_000_000)
    gap = Entry(at_s=MARCH_1 + 5 * DAY_S, kind=EntryKind.GAP, cause="ledger", body={"text": "gap"})
    ledger.append([gap])
    assert set(ledger.switches()) == {"p220"}
    ledger.close()
    kept = texts(template)[1:]
    assert kept[: len(promised)] == promised
    assert kept[-1] == "gap"
    assert len(kept) % 2 == 1, "a batch was halved"
    assert faults(template) == []


def test_a_daemon_that_starts_on_a_full_disk_still_knows_its_switches(template):
    """Reclaims go on when nothing can be recorded, also for a daemon that starts just then."""
    with no_file_grows_beyond(0):
        ledger = ledger_in(template)
        assert set(ledger.switches()) == {"p220"}
        with pytest.raises(LedgerUnavailable):
            ledger.append([note("x")])
        assert set(ledger.switches()) == {"p220"}
        with pytest.raises(LedgerUnavailable):
            ledger.publish_present({"schema": 1})
    ledger.append([note("x")])
    ledger.close()
    assert texts(template) == ["a1", "x"]


FULL = """
import os, pathlib, sys
from shepherd.errors import LedgerUnavailable
from tests.edges.ledgers import faults, ledger_in, note, texts
place = pathlib.Path(sys.argv[1])
(place / "ballast").write_bytes(b"x" * 400_000)
ledger = ledger_in(place / "ledger")
promised = []
try:
    for number in range(10_000):
        ledger.append([note(f"{number} " + "x" * 500)])
        promised.append(number)
except LedgerUnavailable as exc:
    print("refused:", exc)
for _ in range(3):
    try:
        ledger.append([note("no")])
    except LedgerUnavailable:
        print("still refused")
(place / "ballast").unlink()
ledger.append([note("gap")])
ledger.close()
kept = texts(place / "ledger")
print("kept all:", len(kept) == len(promised) + 1 and kept[-1] == "gap", "faults:", faults(place / "ledger"))
"""


@pytest.mark.real
def test_on_a_full_file_system_it_refuses_and_recovers_when_space_returns(tmp_path):
    """The real errors of a real full disk: ENOSPC comes at other places than a file's own limit."""
    script = 'mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" -c "$3" "$1"'
    argv = ["unshare", "-m", "sh", "-c", script, "sh", str(tmp_path), sys.executable, FULL]
    done = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True, timeout=100)
    lines = done.stdout.splitlines()
    assert "free space" in lines[0]
    assert lines[1:] == ["still refused"] * 3 + ["kept all: True faults: []"]


def test_a_copy_taken_while_the_daemon_writes_can_be_continued(template, tmp_path):
    """A backup of the directory, restored after a disk broke, must be a ledger again."""
    ledger = ledger_in(template)
    ledger.append([note("one")])
    shutil.copytree(template, tmp_path / "restored")
    ledger.append([note("two")])
    ledger.close()
    again = ledger_in(tmp_path / "restored")
    again.append([note("three")])
    again.close()
    assert texts(tmp_path / "restored") == ["a1", "one", "three"]
    assert [row.seq for row in rows(tmp_path / "restored")] == [1, 2, 3, 4]
