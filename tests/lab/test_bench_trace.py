"""The bench of the trace store, small: what it measures is what it says, and what it calls missed."""

import pytest

from shepherd.edges.trace_store.read import StoreReader
from shepherd.lab.bench_trace import figures_of, filled, missed
from shepherd.lab.bench_trace_ask import asked
from shepherd.lab.bench_trace_world import HOSTS, JOBS_A_HOST, SEEN_EVERY, World
from shepherd.model.trace_rows import FlowsSought, JobsSought
from tests.edges.trace_tampering import faults

SOUND = {"ingest": 30_000, "p95_s": 0.4, "wrong": 0, "questions": 400, "bytes_a_record": 100, "peak_mib": 120}


@pytest.mark.limit(240)
def test_a_small_one_has_every_record_and_each_answer_is_right(tmp_path):
    """A store that lost half of its records was quick."""
    world, days = World(SEEN_EVERY), 2
    found = filled(tmp_path, world, days)
    reader = StoreReader(tmp_path, reveal=True)
    flows = reader.flows(FlowsSought(limit=10**6)).rows
    assert len(flows) == days * SEEN_EVERY
    assert len(reader.jobs(JobsSought(limit=10**6)).rows) == days * HOSTS * JOBS_A_HOST
    ends = sum(row.ended is not None for row in flows)
    assert found["records"] == len(flows) + ends + days * HOSTS * (2 * JOBS_A_HOST + 2) - HOSTS
    answers = asked(tmp_path, world.truth, 1)
    assert (answers["wrong"], answers["questions"]) == (0, 16)
    assert faults(tmp_path) == []


@pytest.mark.limit(240)
def test_its_figures_are_those_that_the_goals_judge(tmp_path):
    """A goal asked for a figure by another name, and was met for ever."""
    assert set(SOUND) <= set(figures_of(tmp_path, 4 * SEEN_EVERY, 1))


def test_a_sound_run_misses_nothing():
    """A bench that always complains is read by nobody."""
    assert missed(SOUND) == []


@pytest.mark.parametrize(
    ("figure", "value"),
    [("ingest", 19_999), ("p95_s", 1.1), ("wrong", 1), ("questions", 0), ("bytes_a_record", 999), ("peak_mib", 999)],
)
def test_each_missed_goal_is_told(figure, value):
    """One of them was measured, printed, and judged by nobody."""
    assert len(missed({**SOUND, figure: value})) == 1
