"""What a container's startd wrote about jobs, read and joined: whole, in pieces, and in any stranger's words."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.trace.jobs import Jobs, Place
from shepherd.core.trace.lines import line, record_of
from shepherd.core.trace.remembered import Remembered, from_json, to_json
from shepherd.core.trace.startd_files import BLOCK_MOST, ads, events, histories, words
from shepherd.errors import TraceRefused
from shepherd.model.trace import EndSeen, JobBegun, JobEnded, StayBegun, TraceRecord
from shepherd.sim.recording import Saying, started

T0 = 1_790_000_000.0
PLACE = Place(source="p205", host="p205", container="c" * 64, since_s=T0 - 100, first_uid=3001, slots=256)


class Startd:
    """Writes the three files."""

    def __init__(self) -> None:
        self.events = self.ads = self.history = b""

    def begins(self, saying: Saying, at_s: float, *, ok: bool = True) -> None:
        self.ads += saying.ad(at_s).encode()
        self.events += saying.event(at_s, ok=ok).encode()

    def ends(self, saying: Saying, at_s: float, exit_code: int | None = 0, *, ran_s: float | None = None) -> None:
        self.history += saying.history(at_s, exit_code, ran_s=ran_s).encode()


class Reader:
    """Reads them as the keeper does."""

    def __init__(self) -> None:
        self.jobs = Jobs(place=PLACE)
        self.told: list[TraceRecord] = []
        self.at = [0, 0, 0]

    def read(self, startd: Startd, now_s: float, *, is_all: bool = False, is_current: bool = True) -> None:
        begun = events(startd.events[self.at[0] :])
        said = ads(startd.ads[self.at[1] :], is_all=is_all)
        over = histories(startd.history[self.at[2] :])
        assert (begun.strange, said.strange, over.strange) == (0, 0, 0)
        self.at = [self.at[0] + begun.consumed, self.at[1] + said.consumed, self.at[2] + over.consumed]
        self.told += self.jobs.learn(begun.found, said.found, over.found, now_s)
        if is_current:
            self.told += self.jobs.settle(now_s)

    @property
    def begun(self) -> list[JobBegun]:
        return [record for record in self.told if isinstance(record, JobBegun)]

    @property
    def ended(self) -> list[JobEnded]:
        return [record for record in self.told if isinstance(record, JobEnded)]


def test_a_job_of_a_second_is_told_with_all_that_is_known_of_it():
    """Between two looks at slot ads a job came, attacked somebody, and was gone."""
    startd, reader, job = Startd(), Reader(), Saying(number=17, slot=3, starter=4711)
    startd.begins(job, T0 + 0.25)
    startd.ends(job, T0 + 1.3, exit_code=4)
    reader.read(startd, T0 + 5)
    (begun,), (ended,) = reader.begun, reader.ended
    assert (begun.slot, begun.uid, begun.at_s, begun.container) == ("slot1_3", 3003, T0 + 0.25, PLACE.container)
    assert (begun.job, begun.schedd) == ("schedd@campus#17.0#1700000000", "schedd@campus")
    assert (begun.user, begun.owner, begun.peer) == ("alice@campus", "alice", "203.0.113.9")
    assert (ended.slot, ended.begun, ended.exit_code, ended.how) == ("slot1_3", begun.begun, 4, EndSeen.SEEN)
    assert abs(ended.at_s - (T0 + 1.3)) <= 1.0


def test_an_activation_that_was_refused_is_no_job():
    """A job that never ran was blamed; and its ad was taken for the next one's."""
    startd, reader = Startd(), Reader()
    startd.begins(Saying(number=1, slot=1, starter=0), T0, ok=False)
    startd.begins(Saying(number=2, slot=1, starter=5), T0 + 1)
    reader.read(startd, T0 + 9)
    assert [begun.job for begun in reader.begun] == ["schedd@campus#2.0#1700000000"]


def test_the_ad_is_waited_for_and_the_activation_told_without_it_at_last():
    """The event was read, its ad was written a moment later."""
    startd, reader, job = Startd(), Reader(), Saying(number=1, slot=1, starter=5)
    startd.events += job.event(T0).encode()
    reader.read(startd, T0 + 1)
    assert reader.begun == []
    startd.ads += job.ad(T0).encode()
    reader.read(startd, T0 + 2)
    assert reader.begun[0].owner == "alice"
    startd.events += Saying(number=2, slot=2, starter=6).event(T0 + 3).encode()
    reader.read(startd, T0 + 9)
    assert (reader.begun[1].job, reader.begun[1].user, reader.begun[1].owner) == ("2.0", "alice@campus", "")


def test_what_runs_when_the_container_ends_ends_with_it():
    """A container is killed: nothing tells the ends of its jobs, and nothing of them lives on."""
    startd, reader = Startd(), Reader()
    startd.begins(Saying(number=1, slot=1, starter=5), T0)
    startd.begins(Saying(number=2, slot=2, starter=6), T0 + 1)
    startd.ends(Saying(number=1, slot=1, starter=5), T0 + 2)
    reader.read(startd, T0 + 3, is_all=True)
    reader.told += reader.jobs.finish(T0 + 4, EndSeen.WITH_CONTAINER, "the container ended")
    assert [(ended.slot, ended.how) for ended in reader.ended] == [
        ("slot1_1", EndSeen.SEEN), ("slot1_2", EndSeen.WITH_CONTAINER),
    ]  # fmt: skip
    assert reader.ended[1].at_s == T0 + 4


def test_a_job_whose_end_nobody_told_ends_when_its_slot_has_another_one():
    """A startd was killed and came back; the job before it was said to run for days."""
    startd, reader = Startd(), Reader()
    startd.begins(Saying(number=1, slot=1, starter=5), T0)
    reader.read(startd, T0 + 1)
    startd.begins(Saying(number=2, slot=1, starter=9), T0 + 20)
    reader.read(startd, T0 + 21)
    assert reader.ended == []
    reader.read(startd, T0 + 40)
    assert [(ended.begun, ended.at_s, ended.how) for ended in reader.ended] == [
        (reader.begun[0].begun, T0 + 20, EndSeen.BY_LOOK)
    ]


def test_an_end_is_that_of_its_own_start():
    """A job was evicted and back within the second; the end of its first run was taken for that of the second."""
    startd, reader = Startd(), Reader()
    first, second = Saying(number=1, slot=1, starter=5), Saying(number=1, slot=2, starter=6)
    startd.begins(first, T0)
    startd.begins(second, T0 + 5.9)
    startd.ends(first, T0 + 5.5)
    startd.ends(first, T0 + 5.5)
    reader.read(startd, T0 + 10)
    startd.ends(second, T0 + 90)
    reader.read(startd, T0 + 100)
    assert [(ended.slot, ended.at_s) for ended in reader.ended] == [("slot1_1", T0 + 6), ("slot1_2", T0 + 91)]


def test_a_schedd_cannot_end_one_job_by_another_of_the_same_name():
    """A schedd started one job in two slots. When the older one was over the newer one was on record as ended, and
    what it sent from then on was nobody's."""
    startd, reader = Startd(), Reader()
    older, newer = Saying(number=1, slot=1, starter=5), Saying(number=1, slot=2, starter=5)
    startd.begins(older, T0)
    startd.begins(newer, T0 + 20)
    startd.ends(older, T0 + 30, ran_s=30)
    reader.read(startd, T0 + 40)
    assert [(ended.slot, ended.at_s) for ended in reader.ended] == [("slot1_1", T0 + 31)]
    startd.ends(newer, T0 + 50, ran_s=30)
    reader.read(startd, T0 + 60)
    assert [(ended.slot, ended.at_s) for ended in reader.ended[1:]] == [("slot1_2", T0 + 51)]


def test_jobs_of_one_name_and_one_second_end_when_all_of_them_have():
    """Started in one second they could not be told apart by that either."""
    startd, reader = Startd(), Reader()
    twins = [Saying(number=1, slot=slot, starter=5) for slot in (1, 2)]
    for twin in twins:
        startd.begins(twin, T0)
    startd.ends(twins[0], T0 + 30, ran_s=30)
    reader.read(startd, T0 + 40)
    assert reader.ended == []
    startd.ends(twins[1], T0 + 50, ran_s=50)
    reader.read(startd, T0 + 60)
    assert {(ended.slot, ended.at_s) for ended in reader.ended} == {("slot1_1", T0 + 51), ("slot1_2", T0 + 51)}


def test_a_startd_that_comes_back_says_that_nothing_of_the_one_before_it_lives():
    """A startd was killed with two jobs; one came back to another slot, and its end was taken for that of the first."""
    startd, reader = Startd(), Reader()
    startd.begins(Saying(number=1, slot=1, starter=5), T0)
    startd.begins(Saying(number=2, slot=2, starter=6), T0)
    startd.events += started(T0 + 30).encode()
    startd.begins(Saying(number=1, slot=3, starter=7), T0 + 40)
    startd.ends(Saying(number=1, slot=3, starter=7), T0 + 50)
    reader.read(startd, T0 + 60)
    assert [(ended.slot, ended.how, ended.at_s) for ended in reader.ended] == [
        ("slot1_3", EndSeen.SEEN, T0 + 51),
        ("slot1_1", EndSeen.BY_LOOK, T0 + 30),
        ("slot1_2", EndSeen.BY_LOOK, T0 + 30),
    ]


@pytest.mark.parametrize("is_gone", [True, False])
def test_an_end_that_nobody_told_says_what_it_is_known_by(is_gone: bool):
    """A startd was killed, and its jobs were on record as followed by others in their slots; there were none. When the
    container ended soon after, they were said to have ended with that, at a time when it was there."""
    startd, reader = Startd(), Reader()
    startd.begins(Saying(number=1, slot=1, starter=5), T0)
    startd.begins(Saying(number=2, slot=2, starter=6), T0)
    startd.begins(Saying(number=3, slot=2, starter=7), T0 + 20)
    startd.events += started(T0 + 30).encode()
    reader.read(startd, T0 + 31)
    remembered = from_json(to_json(Remembered(jobs=reader.jobs))).jobs
    assert remembered is not None
    reader.jobs = remembered
    if is_gone:
        reader.told += reader.jobs.finish(T0 + 35, EndSeen.WITH_CONTAINER, "the container ended")
    else:
        reader.read(startd, T0 + 60)
    assert {(ended.begun.partition("/")[2], ended.at_s, ended.how, ended.why) for ended in reader.ended} == {
        ("5", T0 + 30, EndSeen.BY_LOOK, "its end was not told; its startd began anew"),
        ("6", T0 + 20, EndSeen.BY_LOOK, "its end was not told; its slot had another job"),
        ("7", T0 + 30, EndSeen.BY_LOOK, "its end was not told; its startd began anew"),
    }


def test_one_job_that_runs_twice_ends_twice():
    """A job was evicted and came back to the same container within a minute."""
    startd, reader = Startd(), Reader()
    first, second = Saying(number=1, slot=1, starter=5), Saying(number=1, slot=2, starter=9)
    startd.begins(first, T0)
    startd.ends(first, T0 + 5, exit_code=None)
    startd.begins(second, T0 + 30)
    startd.ends(second, T0 + 60)
    reader.read(startd, T0 + 70)
    assert [(ended.slot, ended.exit_code) for ended in reader.ended] == [("slot1_1", None), ("slot1_2", 0)]
    assert reader.ended[0].at_s <= T0 + 6


spans = st.lists(
    st.tuples(st.integers(1, 3), st.floats(0.01, 5.0), st.floats(0.0, 3.0), st.booleans()), min_size=1, max_size=12
)


@given(spans, st.data())
def test_however_the_files_are_cut_every_job_is_told_once(runs: list[tuple[int, float, float, bool]], data):
    """The keeper reads while the startd writes, restarts in between, and remembers what it has as one line of text."""
    startd, free_s, truth = Startd(), dict.fromkeys(range(1, 4), T0), []
    for number, (slot, length_s, pause_s, _) in enumerate(runs, start=1):
        began_s = free_s[slot] + pause_s
        free_s[slot] = began_s + length_s
        cpus = data.draw(st.integers(0, 3))
        truth.append((Saying(number=number, slot=slot, starter=100 + number, cpus=cpus), began_s, free_s[slot]))
    for saying, began_s, _ in sorted(truth, key=lambda one: one[1]):
        startd.begins(saying, began_s)
    for saying, _, ended_s in sorted(truth, key=lambda one: one[2]):
        startd.ends(saying, ended_s)
    reader, seen, now_s = Reader(), Startd(), max(free_s.values()) + 1
    for _ in range(data.draw(st.integers(0, 6))):
        seen.ads = startd.ads[: data.draw(st.integers(len(seen.ads), len(startd.ads)))]
        most = seen.ads.count(b"Return from")
        cut = data.draw(st.integers(len(seen.events), len(startd.events)))
        if startd.events[:cut].count(b"\n...\n") > most:
            cut = len(seen.events)
        seen.events = startd.events[:cut]
        reader.read(seen, now_s, is_current=False)
        text = to_json(Remembered(jobs=reader.jobs))
        again = from_json(text).jobs
        assert again is not None
        reader.jobs = again
    reader.read(startd, now_s, is_all=True)
    found = {(begun.slot, begun.begun.partition("/")[2]): begun for begun in reader.begun}
    assert len(found) == len(reader.begun) == len(reader.ended) == len(truth)
    for saying, began_s, ended_s in truth:
        begun = found[(f"slot1_{saying.slot}", str(saying.starter))]
        ended = next(one for one in reader.ended if one.begun == begun.begun and one.slot == begun.slot)
        assert (begun.job, begun.cpus) == (saying.ident, saying.cpus)
        assert abs(begun.at_s - began_s) < 0.01
        assert abs(ended.at_s - ended_s) <= 1.01


@given(st.binary(max_size=400), st.binary(max_size=60), st.booleans())
def test_nothing_that_lies_there_can_stop_the_keeper(noise: bytes, more: bytes, is_all: bool):
    """The container's root is a stranger to the host, and writes what it likes."""
    startd = Startd()
    startd.begins(Saying(number=1, slot=1, starter=5), T0)
    startd.ends(Saying(number=1, slot=1, starter=5), T0 + 1)
    for data in (noise, noise + startd.events + more, noise + startd.ads + more, startd.history + noise):
        for read in (events(data), ads(data, is_all=is_all), histories(data)):
            assert 0 <= read.consumed <= len(data)
            assert read.strange >= 0


def test_a_slot_has_the_cores_that_its_startd_gave_it_whatever_is_asked_for():
    """A schedd claimed eight cores, then said that its job needs one, and its guest was billed for one."""
    startd, reader = Startd(), Reader()
    for number, written in enumerate(("8", "0.5", "-3", '"8"', "undefined"), start=1):
        job = Saying(number=number, slot=number, starter=number, cpus=7)
        startd.ads += job.ad(T0).replace("\tProcId = 0\n", "\tProcId = 0\n\tCpus = 99\n\tRequestCpus = 1\n").encode()
        startd.ads = startd.ads.replace(b"Cpus = 7", b"Cpus = " + written.encode())
        startd.events += job.event(T0).encode()
    other = Saying(number=9, slot=9, starter=9, cpus=0)
    startd.ads += other.ad(T0).encode() + f"{T0:.0f} slot1_8: MACHINE_CLASSAD:\n\tCpus = 5\n".encode()
    startd.events += other.event(T0).encode()
    reader.read(startd, T0 + 1, is_all=True)
    assert [begun.cpus for begun in reader.begun] == [8, 0, 0, 0, 0, 0]


@given(st.text(max_size=300))
def test_no_strangers_word_makes_a_record_that_nobody_can_read(text: str):
    """A user named by four hundred emoji was left out of the trace, because the line was too long."""
    said = dataclasses.replace(Saying(number=1, slot=1, starter=5), user=text)
    startd, reader = Startd(), Reader()
    startd.begins(said, T0)
    begun, found = events(startd.events), ads(startd.ads, is_all=True)
    reader.told += reader.jobs.learn(begun.found, found.found, (), T0 + 9)
    assert all(record_of(line(record)) == record for record in reader.told)
    assert len(words(text)) <= 400


def test_a_thing_without_an_end_is_left_out_and_counted():
    """One file of a gigabyte without a line's end was read over and over."""
    for parse in (events, histories, lambda data: ads(data, is_all=False)):
        read = parse(b"x" * (BLOCK_MOST + 1))
        assert (read.consumed, read.strange) == (BLOCK_MOST + 1, 1)


def test_times_outside_of_the_containers_life_are_brought_into_it():
    """A startd with a broken clock moved its jobs into somebody else's lend."""
    startd, reader = Startd(), Reader()
    startd.begins(Saying(number=1, slot=1, starter=5), T0 - 5000)
    startd.begins(Saying(number=2, slot=2, starter=6), T0 + 5000)
    reader.read(startd, T0 + 10, is_all=True)
    assert [begun.at_s for begun in reader.begun] == [PLACE.since_s - 600, T0 + 10]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"v": 2}', '{"v": 1, "nonce": 3}', "[" * 5000])
def test_a_damaged_memory_is_refused(text: str):
    """Half a file after a power cut must not be taken for an empty host."""
    with pytest.raises(TraceRefused):
        from_json(text)


def test_what_is_remembered_is_what_was_known():
    """A keeper's restart in the middle of a lend."""
    startd, reader = Startd(), Reader()
    for number in range(1, 4):
        startd.begins(Saying(number=number, slot=number, starter=number), T0)
    startd.ads += Saying(number=9, slot=9, starter=9).ad(T0).encode()
    startd.ends(Saying(number=8, slot=8, starter=8), T0)
    reader.read(startd, T0 + 1, is_all=True)
    stay = StayBegun(source="p205", host="p205", at_s=T0, herd="flock", lease="l", container="c")
    known = Remembered(nonce="n", looked_s=3.5, stay=stay, jobs=reader.jobs, offsets={"EventLog": 7}, full_s=2.0)
    assert from_json(to_json(known)) == known
    assert len(reader.jobs.runs) == 3


def test_what_runs_goes_by_its_claims_user_and_its_jobs():
    """A schedd claimed a slot for one user and brought another's job; a ban of the first did not find it."""
    startd, reader = Startd(), Reader()
    job = Saying(number=1, slot=2, starter=5, user="ann@campus")
    startd.ads += job.ad(T0).encode()
    startd.events += dataclasses.replace(job, user="eve@campus").event(T0).encode()
    reader.read(startd, T0 + 1)
    assert {(uid, seen.user) for uid, seen in reader.jobs.running()} == {(3002, "ann@campus"), (3002, "eve@campus")}
    kept = Remembered(jobs=reader.jobs)
    assert from_json(to_json(kept)).jobs == reader.jobs
    startd.ends(job, T0 + 5)
    reader.read(startd, T0 + 6)
    assert reader.jobs.running() == ()
