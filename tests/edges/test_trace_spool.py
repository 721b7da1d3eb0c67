"""A source's spool: nothing that was promised is lost or doubled, whatever happens to its writer, disk and clock."""

import os
import pathlib
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.errors import CommandFailed
from tests.edges.trace_spools import gaps, leases, sealed, spool_in, stay, told

ROOT = pathlib.Path(__file__).parents[2]


def numbers(place: pathlib.Path) -> list[int]:
    return [segment.number for segment in sealed(place)]


def test_numbers_go_on_over_restarts_and_after_all_was_dropped(tmp_path):
    """A keeper that began at 1 again was taken for one whose records are all stored."""
    spool = spool_in(tmp_path)
    assert spool.newest == 0
    for number in range(3):
        spool.append([stay(number)])
        spool.seal()
    first = numbers(tmp_path)[0]
    assert numbers(tmp_path) == [first, first + 1, first + 2]
    spool.drop(first + 2)
    assert numbers(tmp_path) == []
    assert spool_in(tmp_path).newest == first + 2
    again = spool_in(tmp_path)
    again.append([stay(3)])
    again.seal()
    assert numbers(tmp_path) == [first + 3]
    assert leases(told(sealed(tmp_path))) == [3]


def test_an_empty_segment_is_never_sealed(tmp_path):
    """A quiet host must not make a file every five seconds."""
    spool = spool_in(tmp_path)
    spool.seal()
    spool.append([])
    spool.seal()
    assert numbers(tmp_path) == []
    assert spool.newest == 0


def test_a_host_that_lost_its_disk_does_not_use_numbers_again(tmp_path):
    """A reinstalled host's first segments were acknowledged, and dropped, as its old ones."""
    old, new = spool_in(tmp_path / "old", now_s=1000.0), spool_in(tmp_path / "new", now_s=2000.0)
    for spool in (old, new):
        spool.append([stay(1)])
        spool.seal()
    new.drop(old.newest)
    assert new.newest > old.newest
    assert leases(told(sealed(tmp_path / "new"))) == [1]


def test_under_a_clock_that_was_behind_a_new_spool_goes_on_above_what_is_stored(tmp_path):
    """A host with an empty clock battery was reinstalled: the shepherd waited for a number that would never come."""
    spool = spool_in(tmp_path, now_s=5.0)
    for number in (1, 2):
        spool.append([stay(number)])
        spool.seal()
    spool.append([stay(3)])
    spool.drop(400)
    spool.seal()
    assert numbers(tmp_path) == [401, 402, 403]
    assert leases(told(sealed(tmp_path))) == [1, 2, 3]
    assert "began anew" in gaps(told(sealed(tmp_path)))[0].why
    assert spool_in(tmp_path).newest == 403


def test_a_full_spool_drops_its_oldest_and_says_so(tmp_path):
    """A shepherd away for a month must neither fill a host's disk nor leave a quiet hole."""
    spool = spool_in(tmp_path, spool_bytes=4000, segment_bytes=500)
    for number in range(200):
        spool.append([stay(number, 1000.0 + number)])
    spool.seal()
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    records = told(sealed(tmp_path))
    kept = leases(records)
    assert size < 5000
    assert kept == list(range(kept[0], 200))
    assert kept[0] > 100
    assert gaps(records)
    assert all(gap.from_s <= gap.to_s and gap.count for gap in gaps(records))


def test_a_second_after_kill_everything_promised_is_there(tmp_path):
    """kill -9 between two records."""
    script = (
        "import os, sys, pathlib\n"
        "from tests.edges.trace_spools import spool_in, stay\n"
        "spool = spool_in(pathlib.Path(sys.argv[1]))\n"
        "[spool.append([stay(n)]) for n in range(5)]\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False, timeout=60)
    spool = spool_in(tmp_path)
    spool.seal()
    assert told(sealed(tmp_path)) == [stay(n) for n in range(5)]


def test_a_writer_killed_at_any_byte_of_a_record_loses_that_one_only_and_says_so(tmp_path):
    """A power cut leaves half a line; the line after it was glued to it, and both were refused."""
    whole = tmp_path / "whole"
    spool = spool_in(whole)
    spool.append([stay(1)])
    before = (whole / "open").stat().st_size
    spool.append([stay(2)])
    data = (whole / "open").read_bytes()
    for cut in range(before, len(data) + 1):
        place = tmp_path / str(cut)
        place.mkdir()
        (place / "open").write_bytes(data[:cut])
        after = spool_in(place, now_s=1010.0)
        after.append([stay(3)])
        after.seal()
        records = told(sealed(place))
        assert leases(records) == ([1, 2, 3] if cut == len(data) else [1, 3])
        assert bool(gaps(records)) is (before < cut < len(data))
        assert all(gap.to_s == 1010.0 and gap.count == 1 for gap in gaps(records))


def test_killed_at_any_system_call_nothing_promised_is_lost_or_doubled(tmp_path):
    """The keeper is killed while it seals: the segment was there, and its records once more in the next one."""
    argv = [sys.executable, "-m", "tests.edges.trace_spool_crasher", str(tmp_path)]
    last = int(subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True, timeout=200).stdout)
    assert last > 50
    survivors = {check_survivor(tmp_path / str(step)) for step in range(1, last)}
    assert survivors == {0, 1, 2, 3, 4}


def check_survivor(place: pathlib.Path) -> int:
    """The next writer has all that was promised, once. How much that was."""
    promises = place / "promised"
    promised = len(promises.read_text()) if promises.exists() else 0
    before = place / "stored"
    stored = [int(number) for number in before.read_text().split()] if before.exists() else []
    spool = spool_in(place / "spool")
    spool.append([stay(9)])
    spool.seal()
    kept = leases(told([one for one in sealed(place / "spool") if one.number not in stored]))
    begun = list(range(promised + 1))
    expected = [one for one in begun if one or not stored]
    assert kept[-1] == 9, place
    assert kept[:-1] in (expected[:promised] if not stored else expected[: promised - 1], expected), (place, kept)
    found = numbers(place / "spool")
    assert found == list(range(found[0], found[-1] + 1)), place
    return promised


@pytest.mark.parametrize(
    "damage", [b"", b"\n", b"[]\n", b"\x00" * 100, b'["Open",1,2]\n', b'["Open",1,-1,5]\n', b"[" * 9000]
)
def test_a_damaged_open_segment_is_set_aside_and_told(tmp_path, damage):
    """A file system that lost a block must not end what is recorded from then on."""
    spool = spool_in(tmp_path)
    spool.append([stay(1)])
    spool.seal()
    (tmp_path / "open").write_bytes(damage)
    again = spool_in(tmp_path)
    again.append([stay(2)])
    again.seal()
    assert leases(told(sealed(tmp_path))) == [1, 2]
    assert "damaged" in gaps(told(sealed(tmp_path)))[0].why
    assert (tmp_path / "damaged").read_bytes() == damage


def test_what_lies_there_instead_of_files_is_no_trap(tmp_path):
    """Links, pipes and directories, laid by whoever got that far."""
    os.mkfifo(tmp_path / "open")
    (tmp_path / "draft").mkdir()
    (tmp_path / "segment.99").symlink_to("/dev/zero")
    (tmp_path / "segment.x").touch()
    spool = spool_in(tmp_path)
    spool.append([stay(1)])
    spool.seal()
    (tmp_path / "segment.99").unlink()
    (tmp_path / "segment.x").unlink()
    assert leases(told(sealed(tmp_path))) == [1]


def test_on_a_full_disk_it_says_so_and_goes_on_when_there_is_room(tmp_path, monkeypatch):
    """Half a record at the end of what fits, and the rest of it in front of the next."""
    spool = spool_in(tmp_path)
    spool.append([stay(1)])
    real = os.write

    def nearly_full(descriptor, data):
        if len(data) > 20:
            return real(descriptor, data[:20])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", nearly_full)
        with pytest.raises(CommandFailed, match="No space left"):
            spool.append([stay(2)])
    spool.append([stay(3)])
    spool.seal()
    assert told(sealed(tmp_path)) == [stay(1), stay(3)]


def test_a_record_that_no_line_can_hold_is_told_and_spoils_nothing(tmp_path):
    """A schedd's name with a line feed in it made a whole segment unreadable."""
    spool = spool_in(tmp_path)
    spool.append([stay(1), stay(2, herd="flo\nck"), stay(3, at_s=float("nan"))])
    spool.seal()
    records = told(sealed(tmp_path))
    assert leases(records) == [1]
    assert [gap.count for gap in gaps(records)] == [1, 1]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["append", "seal", "restart", "store"]), max_size=40), st.data())
def test_whatever_the_order_each_record_is_in_one_segment(tmp_path_factory, acts, data):
    """Restarts, seals and acknowledgements in any order; the numbers never break."""
    place = tmp_path_factory.mktemp("spool")
    spool, count, stored = spool_in(place), 0, []
    for act in [*acts, "seal", "store"]:
        match act:
            case "append":
                spool.append([stay(count), stay(count + 1)])
                count += 2
            case "seal":
                spool.seal()
            case "restart":
                spool.close()
                spool = spool_in(place, now_s=data.draw(st.floats(0, 5000)))
            case "store":
                stored += sealed(place)
                spool.drop(spool.newest)
    assert leases(told(stored)) == list(range(count))
    found = [segment.number for segment in stored]
    assert found == [int(found[0]) + step for step in range(len(found))] if found else count == 0
