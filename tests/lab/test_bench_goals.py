"""What the bench calls a missed goal: also a measurement that did not measure what it should have."""

import itertools
import json
from types import SimpleNamespace

import pytest

from shepherd.core.switch.state import state_of
from shepherd.lab import bench_decide, bench_demand, bench_one, bench_record, bench_report
from shepherd.lab.bench import missed_goals, slow_status
from shepherd.lab.bench_hosts import flock_name, host_names, lent_names, lent_records
from shepherd.model.host import HostPair, HostState
from shepherd.model.observation import FlockStartd, HostFacts
from shepherd.model.settings import TimerSettings

LOOK = {
    "hosts": 100, "slots": 1000, "shape": "dynamic", "ratio": 1.7, "peak_mib": 90.0, "problems": [],
    "hosts_seen": 100, "states": {"local": 75, "flock": 25}, "observe_and_decide_s": 0.1,
}  # fmt: skip
SHAPES = {"shapes_s": 0.4, "shapes_schedd_cpu_s": 0.4, "shapes_jobs": 50_000}
QUEUE = {"jobs": 50_000, "many_idle_jobs": 50_000, "many_cpu_s": 0.1, "few_cpu_s": 0.1, **SHAPES}


def test_a_sound_run_misses_nothing():
    """A bench that always complains is read by nobody."""
    assert missed_goals([LOOK], QUEUE) == []


@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({}, 0), ({"status_s": 0.2}, 2), ({"terminal_s": 0.2}, 2),
        ({"status_s": 0.31, "floor_s": 0.1, "bare_s": 0.03}, 1),
    ],
)
def test_a_slow_status_is_a_missed_goal(changed, missed):
    """One import too many, and everybody waits for it at every call."""
    usual = {"bare_s": 0.012, "floor_s": 0.04, "status_s": 0.1, "terminal_s": 0.11}
    assert len(slow_status({**usual, **changed})) == missed


@pytest.mark.parametrize("seen", [None, 0, 49_999])
def test_a_queue_that_never_filled_is_a_missed_goal(seen):
    """The schedd refused the jobs; the look beside an empty queue was as quick as ever, and all was green."""
    assert any("50000 waiting jobs" in goal for goal in missed_goals([LOOK], {**QUEUE, "many_idle_jobs": seen}))


@pytest.mark.parametrize(("seen", "missed"), [(None, 1), (10, 1), (50_000, 0)])
def test_what_the_measurement_of_the_queue_tells_is_what_the_goals_judge(monkeypatch, seen, missed):
    """It gave up after two minutes without a word, under other names than the judge read."""
    clock = itertools.count(0.0, 50.0)
    idle_jobs = itertools.chain([0], itertools.repeat(seen))
    monkeypatch.setattr(bench_one, "submit", lambda _text: None)
    monkeypatch.setattr(bench_one, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _s: None))
    monkeypatch.setattr(bench_one, "_shapes", lambda: SHAPES)
    look = {"observe_and_decide_s": 0.1, "cpu_s": 0.1, "peak_mib": 90.0}
    monkeypatch.setattr(bench_one, "run_bench", lambda *_words: {**look, "idle_jobs": next(idle_jobs)})
    assert len(missed_goals([LOOK], bench_one._queue(100))) == missed


@pytest.mark.parametrize(
    ("change", "words"),
    [({"shapes_jobs": 0}, "told what 0 ask for"), ({"shapes_schedd_cpu_s": 1.3}, "costs the schedd 1.3 s")],
)
def test_a_question_that_is_dear_to_the_schedd_or_tells_nothing_is_a_missed_goal(change, words):
    """The schedd is where the users submit: whoever looks at it must not be felt."""
    (goal,) = missed_goals([LOOK], {**QUEUE, **change})
    assert words in goal


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hosts_seen": 75}, "75 hosts were seen, 100 are there"),
        ({"states": {"local": 75, "unknown": 25}}, "their states are"),
        ({"states": {"local": 99, "flock": 1}}, "their states are"),
        ({"ratio": 2.1}, "times the floor"),
        ({"peak_mib": 301.0}, "MiB at the peak"),
        ({"problems": ["home collector: silent"]}, "home collector: silent"),
    ],
)
def test_a_look_at_another_pool_than_the_one_filled_in_is_a_missed_goal(change, words):
    """A quarter of the hosts was judged as unknown, in no time, because the shepherd had no record of them."""
    (goal,) = missed_goals([{**LOOK, **change}], QUEUE)
    assert words in goal


def test_one_host_in_four_is_lent_and_judged_so():
    """Records under other names or leases than the keepers' would make every lent host an unknown one."""
    records = lent_records(100, "sha256:" + "0" * 64)
    assert list(records) == list(lent_names(100)) == list(host_names(100))[::4]
    name, record = next(iter(records.items()))
    now = record.granted_at_s + 4000
    flock = FlockStartd(claimed_slots=0, started_at_s=now - 100, heard_at_s=now)
    pair = HostPair(host=name, flock_name=flock_name(name))
    facts = HostFacts(pair=pair, regular=None, master=None, flock=flock, keeper=None)
    assert state_of(facts, record, now, TimerSettings())[0] is HostState.FLOCK


DECISIONS = (
    {"hosts": 1_000, "decide_s": 0.008, "ratio": 9.0, "moved": 9},
    {"hosts": 10_000, "decide_s": 0.08, "ratio": 9.0, "moved": 90},
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, []),
        ({"decide_s": 0.119}, ["goal 0.1"]),
        ({"ratio": 21.0}, ["21.0 times its floor"]),
        ({"decide_s": 0.13}, ["goal 0.1", "16 times as long"]),
        ({"moved": 0}, ["not the burst"]),
    ],
)
def test_a_slow_decision_or_one_about_nothing_is_a_missed_goal(change, words):
    """A look waits for the decision; one that grew with the square of the pool stopped the daemon at a large site."""
    small, large = DECISIONS
    goals = bench_decide.missed([small, {**large, **change}])
    assert len(goals) == len(words)
    assert all(word in goal for word, goal in zip(words, goals, strict=True))


def test_the_decision_that_is_measured_is_about_a_burst_on_a_pool_in_all_states(capsys, monkeypatch):
    """A bench whose hosts were all unknown decided in no time."""
    monkeypatch.setattr("sys.argv", ["bench_decide", "200", "50"])
    bench_decide.main()
    found = json.loads(capsys.readouterr().out)
    assert found["moved"] == 50
    assert found["decide_s"] > found["floor_s"] > 0


RECORD = {"hosts": 3000, "day_mb": 30.0, "minute_bytes": 15_000, "snapshot_s": 0.05}


@pytest.mark.parametrize(
    ("change", "count"), [({}, 0), ({"day_mb": 41.0}, 1), ({"snapshot_s": 0.2}, 1), ({"minute_bytes": 0}, 1)]
)
def test_a_day_that_is_too_large_or_in_which_nothing_happened_is_a_missed_goal(change, count):
    """The record grew by a number that every ad renews, and nobody had measured it since."""
    assert len(bench_record.missed({**RECORD, **change})) == count


def test_the_measured_day_has_changes_and_reasons(monkeypatch, capsys):
    """A day of hosts that all do the same for ever is small in any form."""
    monkeypatch.setattr("sys.argv", ["bench_record", "300"])
    bench_record.main()
    found = json.loads(capsys.readouterr().out)
    assert found["whole_bytes"] > 10 * found["minute_bytes"] > 1000
    assert found["verdict_bytes"] > 225 * 5
    assert bench_record.missed(found) == []


DEMAND = {
    "hosts": 1000, "jobs": 5000, "shapes": 20, "ratio": 1.4, "plain_collector_cpu_s": 0.1, "plain_told_jobs": 0,
    "asking_collector_cpu_s": 0.1, "asking_schedd_cpu_s": 0.04, "asking_told_jobs": 5000,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, []),
        ({"ratio": 2.1}, ["2.10 times"]),
        ({"asking_told_jobs": 4999}, ["told 4999"]),
        ({"plain_told_jobs": 5000}, ["no floor"]),
        ({"plain_collector_cpu_s": 0.0}, ["not measured"]),
        ({"asking_schedd_cpu_s": 0.0}, ["not measured"]),
    ],
)
def test_a_dear_question_to_the_schedd_or_one_that_was_not_asked_is_a_missed_goal(change, words):
    """The default policy was said to cost nothing, by a run in which nobody was asked."""
    goals = bench_demand.missed({**DEMAND, **change})
    assert len(goals) == len(words)
    assert all(word in goal for word, goal in zip(words, goals, strict=True))


def test_what_the_daemons_use_by_themselves_is_no_cost_of_a_look(monkeypatch):
    """A collector that takes updates all day was said to spend that on the shepherd."""
    clock, daemons = [0.0], {"collector": 0.0, "schedd": 0.0}

    def passes(seconds: float) -> None:
        clock[0] += seconds
        daemons["collector"] += 0.01 * seconds

    def run(_module: str, rounds: str, _hosts: str, kind: str) -> dict[str, int]:
        looks = int(rounds) + 2
        passes(looks * 1.0)
        daemons["collector"] += looks * 0.1
        daemons["schedd"] += looks * (0.05 if kind == bench_demand.ASKING else 0.0)
        return {"looks": looks, "told_jobs": bench_demand.JOBS if kind == bench_demand.ASKING else 0}

    monkeypatch.setattr(bench_demand, "submit", lambda _text: None)
    monkeypatch.setattr(bench_demand, "run_bench", run)
    monkeypatch.setattr(bench_demand, "collector_pid", lambda: "collector")
    monkeypatch.setattr(bench_demand, "schedd_pid", lambda: "schedd")
    monkeypatch.setattr(bench_demand, "with_children_s", lambda pid: daemons[pid])
    monkeypatch.setattr(bench_demand, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=passes))
    found = {"hosts": 1000, **bench_demand.loads(1000)}
    assert found["plain_collector_cpu_s"] == pytest.approx(0.1)
    assert found["asking_schedd_cpu_s"] == pytest.approx(0.05)
    assert found["ratio"] == pytest.approx(1.5)
    assert bench_demand.missed(found) == []
    assert "1.50 times as much" in bench_demand.said(found)


REPORT = {"hosts": 3000, "month_s": 50.0, "guest_core_h": 900.0}


@pytest.mark.parametrize(("change", "count"), [({}, 0), ({"month_s": 500.0}, 1), ({"guest_core_h": 0.0}, 1)])
def test_a_slow_report_and_one_of_nothing_are_missed_goals(change, count):
    """A month in which nobody had anything was folded in no time."""
    assert len(bench_report.missed({**REPORT, **change})) == count


def test_the_month_that_is_measured_has_lends_and_jobs_of_guests(capsys, monkeypatch):
    """What was measured was a month without guests, and the goal was met."""
    monkeypatch.setattr("sys.argv", ["bench_report", "60", "1"])
    bench_report.main()
    found = json.loads(capsys.readouterr().out)
    assert (found["known_h"], found["jobs"]) == (pytest.approx(24.0, abs=0.1), 60 / 4 * 4 * 12)
    assert found["lends"] > 1000
    assert found["guest_core_h"] > 0
