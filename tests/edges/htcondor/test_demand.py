"""Which schedd is asked when, and what is made of a schedd that hangs, refuses or talks nonsense."""

from collections.abc import Mapping
from typing import Any

import pytest

from shepherd.edges.htcondor import queue_shapes
from shepherd.edges.htcondor.demand import AGAIN_S, KEPT_S, WITHIN_S, Schedds
from shepherd.errors import PoolUnavailable
from shepherd.model.demand import DemandGroup, Resources

SMALL, LARGE = Resources(1, 1024, 1024), Resources(8, 16384, 1024, 1)


class Says:
    """Answers with what it was told, or fails with it; the clock is its own."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.answers: dict[str, object] = {}
        self.asked: list[str] = []

    def ask(self, question: str, args: Mapping[str, object], *, within_s: float) -> object:
        assert (question, within_s) == ("shapes", WITHIN_S)
        address = str(args["address"])
        self.asked.append(address)
        answer = self.answers[address]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        return


@pytest.fixture(name="says")
def schedds_that_say() -> Says:
    said = Says()
    said.answers["<a>"] = [[[1, 1024, 1024, 0, 5, 2]], 0]
    said.answers["<b>"] = [[[1, 1024, 1024, 0, 1, 0], [8, 16384, 1024, 1, 4, 0]], 9]
    return said


@pytest.fixture(name="schedds")
def asking(says) -> Schedds:
    return Schedds(says, steady_s=lambda: says.now_s, wall_s=lambda: says.now_s + 1e9)


def a(idle: int) -> tuple[str, int, str, str]:
    return ("a", idle, "<a>", "25.0")


def b(idle: int) -> tuple[str, int, str, str]:
    return ("b", idle, "<b>", "25.0")


def test_shapes_of_all_schedds_are_added_up(schedds):
    """Two submit machines each had half of a campaign."""
    found = schedds.demand([a(5), b(5)])
    assert found.groups == (DemandGroup(asks=LARGE, jobs=4), DemandGroup(asks=SMALL, jobs=6, soon=2))
    assert (found.soon, found.unasked, found.problem) == (9, (), "")


def test_a_schedd_is_asked_when_its_number_changes_and_once_a_minute(schedds, says):
    """A question each look would make a schedd with fifty thousand jobs fork six times a minute."""
    for _ in range(3):
        schedds.demand([a(5)])
        says.now_s += 10
    assert says.asked == ["<a>"]
    schedds.demand([a(6)])
    assert says.asked == ["<a>"] * 2
    says.now_s += AGAIN_S
    schedds.demand([a(6)])
    assert says.asked == ["<a>"] * 3


def test_a_schedd_without_idle_jobs_is_not_asked(schedds, says):
    """Most of the time nothing waits."""
    assert schedds.demand([a(0)]).groups == ()
    assert says.asked == []
    schedds.demand([a(5)])
    assert schedds.demand([a(0)]).groups == ()


@pytest.mark.parametrize("trouble", [PoolUnavailable("no answer in time"), None, 7, [[]], [[["x"]], 0], [[7], 0], "no"])
def test_a_schedd_in_trouble_is_told_and_left_alone_for_a_minute(schedds, says, trouble):
    """One hung schedd made every look five seconds longer; its jobs count all the same."""
    says.answers["<b>"] = trouble
    for idle in (5, 6, 7):
        found = schedds.demand([a(5), b(idle)])
        says.now_s += 10
    assert found.groups == (DemandGroup(asks=SMALL, jobs=5, soon=2),)
    assert found.unasked == ("b",)
    assert found.problem.startswith("b: ")
    assert says.asked.count("<b>") == 1
    says.now_s += AGAIN_S
    says.answers["<b>"] = [[], 0]
    assert schedds.demand([a(5), b(7)]).unasked == ()


def test_what_a_silent_schedd_said_last_counts_for_ten_minutes(schedds, says):
    """A schedd was busy for six seconds. Its six hundred jobs, which fit no host, were jobs of one cpu each for a
    minute, and every guest was thrown off for them."""
    before = schedds.demand([a(5), b(5)])
    says.answers["<b>"] = PoolUnavailable("no answer in time")
    until_s = says.now_s + KEPT_S
    while says.now_s < until_s:
        found = schedds.demand([a(5), b(6)])
        assert found.groups == before.groups
        assert (found.soon, found.unasked) == (9, ("b",) if found.problem else ())
        says.now_s += AGAIN_S
    assert schedds.demand([a(5), b(6)]).groups == (DemandGroup(asks=SMALL, jobs=5, soon=2),)
    says.answers["<b>"] = [[[8, 16384, 1024, 1, 6, 0]], 0]
    says.now_s += AGAIN_S
    large = DemandGroup(asks=LARGE, jobs=6)
    assert schedds.demand([a(5), b(6)]).groups == (large, DemandGroup(asks=SMALL, jobs=5, soon=2))


def test_of_what_a_silent_schedd_said_no_more_counts_than_it_still_has(schedds, says):
    """Its six hundred jobs were done, and hosts came home for them."""
    schedds.demand([b(5)])
    says.answers["<b>"] = PoolUnavailable("no answer in time")
    says.now_s += AGAIN_S
    found = schedds.demand([b(3)])
    assert found.groups == (DemandGroup(asks=LARGE, jobs=2), DemandGroup(asks=SMALL, jobs=1))
    assert schedds.demand([b(0)]).groups == ()


def test_what_a_job_asks_for_is_counted_in_the_steps_in_which_slots_give():
    """Jobs of 1000 and 1001 MiB had been two shapes, which both get 1024."""
    sizes = ((1000, 900), (1001, 1024), (1024, 1))
    ads = [{"RequestCpus": 1, "RequestMemory": mib, "RequestDisk": kib} for mib, kib in sizes]
    assert {queue_shapes.shape_of(ad) for ad in ads} == {(1, 1024, 1024, 0)}


def test_a_job_that_says_nothing_or_nonsense_asks_for_one_cpu():
    """An expression that cannot be known here is no shape."""
    assert queue_shapes.shape_of({}) == (1, 0, 0, 0)
    odd = {"RequestCpus": "two", "RequestMemory": -5, "RequestDisk": float("inf"), "RequestGPUs": True}
    assert queue_shapes.shape_of(odd) == (1, 0, 0, 0)


def test_very_many_shapes_become_fewer_and_no_job_is_lost():
    """Each of ten thousand jobs had another memory, and a decision took as many times as long."""
    idle = {(1, 128 * number, 1024 * number, 0): 1 for number in range(1, 5000)}
    few = queue_shapes.few(idle)
    assert len(few) <= queue_shapes.MOST_SHAPES
    assert sum(few.values()) == len(idle)
    assert max(shape[1] for shape in few) >= 0.9 * 128 * 4999


@pytest.mark.parametrize("odd", range(4))
def test_a_user_with_very_many_shapes_hides_nobodys_jobs(odd):
    """A thousand jobs, each with other cpus, had everybody's memory rounded up until no job fitted any host; nobody's
    host came home."""
    shapes = [list(queue_shapes.shape_of({"RequestMemory": 2048, "RequestDisk": 1 << 20})) for _ in range(60_000)]
    for number, shape in enumerate(shapes, 1):
        shape[odd] = number << 22
    whole = (64, 515_072, 1 << 20, 0)
    few = queue_shapes.few({**{tuple(shape): 1 for shape in shapes}, whole: 2})  # type: ignore[misc]
    assert few[whole] == 2
    assert sum(few.values()) == len(shapes) + 2
    assert len(few) <= queue_shapes.MOST_SHAPES


@pytest.mark.parametrize("size", [1e308, 10**400, 1 << 63])
def test_what_a_user_asks_for_can_be_counted_whatever_it_is(size):
    """One job that asked for 1e308 hosts ended the daemon, and with it every lend."""
    ad = {"RequestCpus": size, "RequestMemory": size, "RequestDisk": size, "RequestGPUs": size, "JobCount": 9}
    assert all(0 <= float(amount) < 1e40 for amount in row_of({**ad, "MaxHosts": size, "JobUniverse": 11}))


def row_of(ad: dict[str, object]) -> list[int]:
    """What is told of one group."""
    rows: Any = queue_shapes.told([ad], [])[0]
    [row] = rows
    return list(row)


def test_only_parallel_jobs_need_several_hosts_at_once():
    """One vanilla job with `+MaxHosts = 1000000` called every host home."""
    assert row_of({"JobCount": 2, "MaxHosts": 1000, "JobUniverse": 5}) == [1, 0, 0, 0, 2, 0]


def test_what_is_in_store_and_held_back_is_told_beside_what_waits():
    """A cluster that shows five jobs of forty, and a DAG with a limit on its jobs."""
    small = {"RequestCpus": 1, "RequestMemory": 100, "RequestDisk": 1}
    group = {**small, "JobCount": 5, "MaxHosts": 1, "JobUniverse": 11}
    cluster = {**small, "TotalSubmitProcs": 40, "JobMaterializeNextProcId": 5}
    dag = {**small, "DAG_NodesReady": 7, "DAG_JobsRunning": 6, "DAG_JobsIdle": 2, "TotalSubmitProcs": 1}
    found = queue_shapes.told([group, {**group, "RequestCpus": 8, "MaxHosts": 3}], [cluster, dag])
    assert found == [[[1, 128, 1024, 0, 5, 35], [8, 128, 1024, 0, 15, 0]], 7]


def test_a_dag_that_keeps_to_few_jobs_holds_no_more_back_than_it_has():
    """`condor_submit_dag -maxjobs 10` had ten thousand nodes ready for weeks, and no host was lent."""
    dag = {"DAG_NodesReady": 10_000, "DAG_JobsRunning": 9, "DAG_JobsIdle": 1}
    assert queue_shapes.told([], [dag, {"DAG_NodesReady": 10_000}, {"DAG_NodesReady": "x"}]) == [[], 10]
