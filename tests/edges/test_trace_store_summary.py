"""What a day that is over is summed up in: days are passed over by it, and no answer is another than without it."""

import json
import os
import pathlib
import tempfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.edges.trace_store import summary
from shepherd.edges.trace_store.asked import Asked
from shepherd.edges.trace_store.keys import WholeKeys, read_keys, whole_keys
from shepherd.edges.trace_store.read import StoreReader
from shepherd.edges.trace_store.read_rows import DayRows
from shepherd.model.chain import canonical
from shepherd.model.trace import TraceRecord
from shepherd.model.trace_rows import FlowsSought, JobsSought, SeenSought, Span, StaysSought
from tests.edges.trace_stores import DAY_S, MARCH_1, Clock, flow, flow_over, job, job_over, segment, stay, store_in
from tests.edges.trace_tampering import faults, opened

T = MARCH_1 + 3600
DAYS = 6


@pytest.fixture(name="place")
def a_store_of_some_days(tmp_path: pathlib.Path) -> pathlib.Path:
    """Each day has a container, a user, a far end and a NAT port of its own; the last is not over."""
    clock = Clock(T)
    store = store_in(tmp_path, clock)
    for day in range(DAYS):
        now = clock.now = T + day * DAY_S
        ran, one = job(now, day, f"user{day}@x"), flow(now, day, far=f"198.51.100.{day}")
        over: list[TraceRecord] = [flow_over(one, now + 5), job_over(ran, now + 5)]
        store.add(segment([stay(now, lease=f"p220-{day}", address=f"10.20.0.{day}"), ran, one, *over], day + 1))
        store.upkeep()
    store.close()
    return tmp_path


@pytest.fixture(name="touched")
def days_that_are_opened(monkeypatch) -> list[str]:
    """Names of days in the order in which they are opened."""
    days, rows = list[str](), Asked.rows

    def noted(self: Asked, path: pathlib.Path) -> DayRows:
        days.append(path.stem)
        return rows(self, path)

    monkeypatch.setattr(Asked, "rows", noted)
    return days


def summaries(place: pathlib.Path) -> list[pathlib.Path]:
    return sorted(place.glob("*.summary"))


def test_every_day_that_is_over_is_summed_up_once(place):
    """Each minute all days were read anew."""
    assert [path.stem for path in summaries(place)] == [f"2026-03-0{day}" for day in range(1, DAYS)]
    before = [path.stat().st_mtime_ns for path in summaries(place)]
    store = store_in(place, Clock(T + DAYS * DAY_S))
    store.upkeep(may_retire=False)
    assert [path.stat().st_mtime_ns for path in summaries(place)] == before


@pytest.mark.parametrize(
    "ask",
    [
        lambda reader: reader.flows(FlowsSought(far_addresses=["198.51.100.2"])),
        lambda reader: reader.flows(FlowsSought(nat_ports=[30002])),
        lambda reader: reader.stays(StaysSought(containers=["c-p220-2"])),
        lambda reader: reader.stays(StaysSought(addresses=["10.20.0.2"])),
        lambda reader: reader.jobs(JobsSought(users=["user2@x"])),
        lambda reader: reader.jobs(JobsSought(jobs=[f"ce.campus.example#2.0#{T + 2 * DAY_S:.0f}"])),
    ],
)
def test_a_question_without_a_time_opens_the_days_that_may_know(ask, place, touched):
    """A letter without a date read half a year."""
    [row] = ask(StoreReader(place, reveal=True)).rows
    assert row.begun.at_s == T + 2 * DAY_S
    opened_days = set(touched)
    assert {"2026-03-03"} < opened_days
    assert len(opened_days) < DAYS


def test_a_question_for_a_time_opens_the_days_of_that_time(place, touched):
    """A letter with a date opened half a year to learn which days it was of."""
    then = Span(from_s=T + DAY_S, to_s=T + DAY_S + 1)
    assert len(StoreReader(place, reveal=True).flows(FlowsSought(span=then)).rows) == 1
    assert set(touched) == {"2026-03-02", "2026-03-06"}


def test_what_was_removed_or_damaged_is_missed_by_nobody_and_made_anew(place):
    """Whoever removed a file of hints, or broke it, had taken the days themselves out of the answers."""
    whole = StoreReader(place, reveal=True).flows(FlowsSought(far_addresses=["198.51.100.1", "198.51.100.3"])).rows
    made = {path: path.read_bytes() for path in summaries(place)}
    first, second, third, fourth, fifth = made
    first.unlink()
    second.write_bytes(made[second][:40])
    third.write_bytes(b"\0" * len(made[third]))
    fourth.write_bytes(made[fourth].replace(b"[", b"{"))
    fifth.write_bytes(made[first])
    for only_bits in (False, True):
        found = StoreReader(place, reveal=True).flows(FlowsSought(far_addresses=["198.51.100.1", "198.51.100.3"]))
        assert (found.rows, list(found.unasked), len(whole)) == (whole, [], 2)
        if not only_bits:
            store = store_in(place, Clock(T + DAYS * DAY_S))
            for _ in range(DAYS):
                store.upkeep(may_retire=False)
            store.close()
            assert {path: path.read_bytes() for path in summaries(place)} == made
            for path, content in made.items():  # the first line is whole, the bits are not
                at = content.index(b"\n") + 1
                path.write_bytes(content[:at] + b"\0" * (len(content) - at))


def test_a_day_that_was_changed_or_copied_is_asked_itself(place, touched):
    """A day that came back from a backup had other records than its summary."""
    path = place / "2026-03-02.sqlite"
    copy = place / "copy"
    copy.write_bytes(path.read_bytes())
    copy.replace(path)
    StoreReader(place, reveal=True).flows(FlowsSought(far_addresses=["198.51.100.4"]))
    assert "2026-03-02" in touched


def test_a_summary_that_hides_a_day_is_found(place):
    """Who had broken in left the records alone, and changed what says which days have them."""
    assert faults(place) == []
    path = place / "2026-03-02.sqlite"
    with tempfile.TemporaryDirectory() as other:
        store = store_in(pathlib.Path(other), Clock(T))
        store.note([flow(T, 1, far="192.0.2.1")])
        store.close()
        forged = summary.summed_up(pathlib.Path(other) / "2026-03-01.sqlite", summary.mark_of(path), None)
    summary.summary_path(path).write_bytes(forged)
    assert StoreReader(place, reveal=True).flows(FlowsSought(far_addresses=["198.51.100.1"])).rows == []
    [fault] = faults(place)
    assert "2026-03-02" in fault
    assert "its summary" in fault


def test_nobody_is_told_of_in_a_summary_and_who_may_read_the_day_may_read_it(place):
    """Users stood in a file that everybody could read; officers could not read the hints, and waited."""
    for path in summaries(place):
        content = path.read_bytes()
        assert b"user" not in content
        assert b"p220" not in content
        assert path.stat().st_mode == path.with_suffix(".sqlite").stat().st_mode


def test_keys_of_a_day_that_is_summed_up_find_whom_they_found(place):
    """Of a thousand users' keys all were read for one user; then only the lines that had his name in another's."""
    text = b"".join(
        canonical(line).encode("ascii") + b"\n"
        for line in (
            ["day", "2026-03-01", "ab" * 32],
            *(["subject", f"{n:016x}", f"{n:064x}", user] for n, user in enumerate(["a", "b", 'x","a', "é", "a"], 1)),
        )
    )
    (place / "keys/2026-03-01.keys").write_bytes(text)
    whole = whole_keys(place, "2026-03-01")
    assert whole is not None
    slow, quick = read_keys(place, "2026-03-01"), read_keys(place, "2026-03-01", whole)
    assert slow is not None
    assert isinstance(quick, WholeKeys)
    assert quick.job_key == slow.job_key
    for names in (["a"], ["b", "é"], ['x","a'], ["nobody"], ["a", "a", "b"], []):
        assert sorted(quick.users(names)) == sorted(slow.users(names))
    assert [quick.key(subject) for subject in range(8)] == [slow.key(subject) for subject in range(8)]


def test_keys_that_were_damaged_later_are_not_taken_for_whole(place):
    """A broken line hid a user's jobs, and nothing said that a day's keys were damaged."""
    path = place / "keys/2026-03-02.keys"
    content = path.read_bytes()
    assert whole_keys(place, "2026-03-02") == zlib.crc32(content)
    path.write_bytes(content.replace(b'"user1@x"', b'user1@x"'))
    assert whole_keys(place, "2026-03-02") is None
    found = StoreReader(place, reveal=True).jobs(JobsSought(users=["user1@x"]))
    assert found.rows == []
    assert "its keys are damaged" in found.unasked[0]
    assert [len(found.unasked), found.unasked[0][:10]] == [1, "2026-03-02"]


def test_a_summary_goes_with_its_day(place):
    """Half a year later it could still be tried whether somebody had been there."""
    store = store_in(place, Clock(T + 200 * DAY_S))
    store.upkeep()
    store.close()
    assert summaries(place) == []


def test_a_disk_that_is_full_hinders_nothing(place, monkeypatch):
    """The daemon's upkeep failed for a file of hints, and no day was retired any more."""
    for path in summaries(place):
        path.unlink()

    def full(path: pathlib.Path) -> None:
        raise OSError(28, "No space left on device", os.fspath(path))

    monkeypatch.setattr("shepherd.edges.trace_store.writer.write_summary", full)
    store = store_in(place, Clock(T + DAYS * DAY_S))
    store.upkeep(may_retire=False)
    store.add(segment([flow(T + DAYS * DAY_S, 99)], 99))
    assert len(StoreReader(place, reveal=True).flows(FlowsSought()).rows) == DAYS + 1


values = st.integers(0, 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=100, deadline=None)
@given(st.lists(values, max_size=60), st.lists(values, max_size=5))
def test_what_is_there_is_never_said_not_to_be(there, others):
    """One value in a thousand was hidden by an error in the bits of another."""
    bits = summary.bits_set(there)
    assert all(summary.is_set(bits, value) for value in there)
    assert there or not any(summary.is_set(bits, value) for value in others)


def test_few_that_are_not_there_seem_to_be():
    """Every day had to be opened after all."""
    bits = summary.bits_set([f"198.51.{number // 250}.{number % 250}" for number in range(5000)])
    wrong = sum(summary.is_set(bits, f"203.0.{number // 250}.{number % 250}") for number in range(5000))
    assert wrong < 5000 / 40


def test_of_too_many_values_nothing_is_told(place, monkeypatch):
    """A pool of a hundred million connections a day filled the memory at midnight."""
    monkeypatch.setattr(summary, "MOST_VALUES", 0)
    monkeypatch.setattr(summary, "MOST_PORTS", 0)
    path = place / "2026-03-02.sqlite"
    summary.write_summary(path)
    found = summary.read_summary(path, summary.mark_of(path))
    assert found is not None
    assert found.may_have("far_address", [1])
    assert json.loads(summary.summary_path(path).read_bytes().split(b" ", 1)[1])[5] == {}


def test_a_day_that_is_still_written_or_was_left_so_is_asked_itself(place):
    """Records that were in the log beside a day's file were in no answer."""
    path = place / "2026-03-02.sqlite"
    with opened(path) as connection:
        connection.execute("UPDATE flow SET far_port = 444")
        log = path.with_name(path.name + "-wal")
        assert log.exists()
        assert not summary.is_unsummed(path)
        assert not summary.differs(path)
    found = StoreReader(place, reveal=True).flows(FlowsSought(far_ports=[444])).rows
    assert len(found) == 1


def test_kinds_that_a_day_does_not_have_are_not_looked_for(place, touched):
    """Whether there had been a gap in half a year took as long as reading it."""
    assert StoreReader(place, reveal=True).gaps(SeenSought()).rows == []
    assert set(touched) == {"2026-03-06"}
