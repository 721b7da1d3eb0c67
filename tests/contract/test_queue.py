"""What the shepherd is told of the local queue: the fake one and a real schedd are held to the same."""

from collections.abc import Iterator

import pytest

from shepherd.model.demand import DemandGroup, Resources
from shepherd.model.observation import Queue
from tests.contract.queue_place import FakeQueue, QueuePlace
from tests.contract.real_queue import RealQueue
from tests.real_pool import RealPool, real_daemons

pytestmark = pytest.mark.limit(300)
SMALL = Resources(cpus=1, memory_mib=100, disk_kib=1000)
SMALL_TOLD = Resources(cpus=1, memory_mib=128, disk_kib=1024)
LARGE = Resources(cpus=8, memory_mib=2048, disk_kib=5000)
NEARLY_LARGE = Resources(cpus=8, memory_mib=2040, disk_kib=4900)
LARGE_TOLD = Resources(cpus=8, memory_mib=2048, disk_kib=5120)


@pytest.fixture(scope="module", name="daemons")
def daemons_for_all() -> Iterator[RealPool]:
    with real_daemons() as pool:
        yield pool


@pytest.fixture(name="queue", params=["fake", pytest.param("real", marks=pytest.mark.real)])
def every_queue(request: pytest.FixtureRequest) -> Iterator[QueuePlace]:
    if request.param == "fake":
        yield FakeQueue()
        return
    real = RealQueue(request.getfixturevalue("daemons"))
    real.open()
    yield real
    real.close()


def groups(told: Queue) -> tuple[DemandGroup, ...]:
    assert told.demand is not None
    return told.demand.groups


def waiting(told: Queue) -> int:
    """Jobs whose shape is known."""
    return sum(group.jobs for group in groups(told))


def test_idle_jobs_are_told_in_groups_by_what_they_ask_for_the_largest_first(queue: QueuePlace) -> None:
    """One number, 600, says nothing of which host could take a job, or whether any could."""
    queue.submit(3, SMALL)
    queue.submit(2, LARGE)
    queue.submit(1, NEARLY_LARGE)
    told = queue.told(lambda told: waiting(told) == 6)
    assert groups(told) == (DemandGroup(asks=LARGE_TOLD, jobs=3), DemandGroup(asks=SMALL_TOLD, jobs=3))
    assert (told.idle_jobs, told.schedds, told.missing_schedds) == (6, (queue.schedd,), ())
    assert told.demand is not None
    assert (told.demand.soon, told.demand.unasked, told.demand.problem) == (0, (), "")


def test_jobs_that_run_or_are_held_are_no_demand(queue: QueuePlace) -> None:
    """Six hundred jobs that their user had put on hold kept the pool from guests."""
    queue.submit_held(5, LARGE)
    queue.run(2, SMALL)
    told = queue.told(lambda told: told.running_jobs == 2)
    assert (told.idle_jobs, groups(told)) == (0, ())


def test_jobs_that_are_removed_are_demand_no_longer(queue: QueuePlace) -> None:
    """A user removed a campaign, and its hosts were kept for it until the next restart."""
    queue.submit(3, SMALL)
    queue.told(lambda told: waiting(told) == 3)
    queue.remove_jobs()
    assert queue.told(lambda told: told.idle_jobs == 0 and not groups(told)).running_jobs == 0


def test_jobs_that_their_cluster_has_in_store_are_told_with_those_that_wait(queue: QueuePlace) -> None:
    """A campaign of a thousand jobs that shows fifty at a time took its hosts home fifty by fifty."""
    queue.submit_late(40, 5, SMALL)
    (group,) = groups(queue.told(lambda told: any(group.soon for group in groups(told))))
    assert group.asks == SMALL_TOLD
    assert group.jobs + group.soon == 40
    assert 0 < group.jobs <= 10


def test_nodes_that_a_dag_holds_back_are_told_beside_its_jobs(queue: QueuePlace) -> None:
    """A DAG with a limit on its jobs lost the hosts between one layer and the next."""
    queue.submit_dag(4, 2, SMALL)
    told = queue.told(lambda told: told.demand and told.demand.soon == 2 and waiting(told) == 2)
    assert groups(told) == (DemandGroup(asks=SMALL_TOLD, jobs=2),)


def test_a_schedd_that_refuses_us_is_named_and_its_jobs_still_count(queue: QueuePlace) -> None:
    """READ was taken away in a cleanup: every job counted as one cpu, and the log only said that something failed."""
    queue.submit(4, LARGE)
    queue.told(lambda told: waiting(told) == 4)
    queue.refuse()
    told = queue.told(lambda told: told.demand and told.demand.unasked)
    assert told.demand is not None
    assert (told.idle_jobs, told.demand.groups, told.demand.unasked) == (4, (), (queue.schedd,))
    assert told.demand.problem.startswith(f"{queue.schedd}: ")
    assert "refuses" in told.demand.problem
    assert "READ" in told.demand.problem


def test_a_schedd_that_hangs_is_named_and_its_jobs_still_count(queue: QueuePlace) -> None:
    """A hung schedd took its jobs out of the demand, and hosts went out beside them."""
    queue.submit(4, LARGE)
    queue.told(lambda told: waiting(told) == 4)
    queue.hang()
    told = queue.told(lambda told: told.demand and told.demand.unasked)
    assert told.demand is not None
    assert (told.idle_jobs, told.demand.groups, told.demand.unasked) == (4, (), (queue.schedd,))
    assert "no answer" in told.demand.problem


def test_a_schedd_that_has_gone_is_missing_and_nothing_is_told_of_its_jobs(queue: QueuePlace) -> None:
    """Absence is not evidence: whoever decides must see that the schedd is missing, not that the queue is empty."""
    queue.submit(4, LARGE)
    queue.told(lambda told: waiting(told) == 4)
    queue.end()
    told = queue.told(lambda told: told.missing_schedds)
    assert (told.schedds, told.missing_schedds, groups(told)) == ((), (queue.schedd,), ())
