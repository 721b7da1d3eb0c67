"""What a real schedd and real slots tell: what waiting jobs ask for, what is left for them, what guests do."""

import time
from collections.abc import Iterator

import pytest

from shepherd.edges.htcondor.demand import Schedds
from shepherd.edges.htcondor.pool import CondorPool
from shepherd.model.demand import Resources
from shepherd.model.host import HostName
from tests.edges.htcondor.conftest import eventually
from tests.real_pool import HOME, IDENTITY, SCHEDD, RealPool

pytestmark = pytest.mark.real

P220 = HostName("p220")
WITHIN_S = 30.0


@pytest.fixture(name="pool", scope="module")
def pool_that_is_both(real_pool: RealPool) -> Iterator[CondorPool]:
    """Its home is its flock, too: the only startd there is speaks for both."""
    pool = CondorPool(
        home=real_pool.worker(HOME),
        beside=real_pool.worker(HOME),
        flock=real_pool.worker(HOME),
        schedds=(SCHEDD,),
        identities=(IDENTITY,),
        within_s=WITHIN_S,
        queues=Schedds(real_pool.worker("")),
    )
    yield pool
    pool.close()


@pytest.fixture(name="no_jobs")
def an_empty_queue(real_pool: RealPool, pool: CondorPool) -> Iterator[None]:
    real_pool.remove_jobs()
    eventually(lambda: pool.queue().idle_jobs == 0, WITHIN_S)
    yield
    real_pool.remove_jobs()


@pytest.mark.usefixtures("no_jobs")
def test_jobs_that_run_beside_the_schedd_or_ask_for_gpus_are_told_apart(pool, real_pool):
    """A DAGMan job counted as demand for a host, and a GPU job as one for any."""
    never = "executable=/bin/sleep\narguments=1000\nrequirements=false\n"
    real_pool.submit(never + "universe=local\nqueue 4\n")
    real_pool.submit(never + "request_gpus=1\nrequest_memory=64\nrequest_disk=10\nqueue 2\n")
    demand = eventually(lambda: d if (d := pool.queue().demand) and d.groups else None, 60.0)
    assert [(group.asks, group.jobs) for group in demand.groups] == [(Resources(1, 128, 1024, 1), 2)]


@pytest.mark.usefixtures("no_jobs")
def test_requests_that_are_expressions_are_evaluated_with_what_they_refer_to(pool, real_pool):
    """HTCondor's own default for memory is an expression; as a word it asked for nothing and fitted everywhere."""
    never = "executable=/bin/sleep\narguments=1000\nrequirements=false\n"
    real_pool.submit(never + "my.Need=700\nrequest_memory=MY.Need + 68\nqueue 2\n")
    demand = eventually(lambda: d if (d := pool.queue().demand) and d.groups else None, 60.0)
    (group,) = demand.groups
    assert (group.asks.memory_mib, group.jobs) == (768, 2)
    assert group.asks.disk_kib % 1024 == 0


@pytest.mark.usefixtures("no_jobs")
def test_what_guests_would_lose_is_read_from_a_real_partitionable_slot(pool, real_pool):
    """HTCondor rolls up what its dynamic slots say; under other names nobody's work would have counted."""
    job = "executable=/bin/sleep\narguments=300\nrequest_memory=64\nrequest_disk=10\nallowed_job_duration=600\n"
    real_pool.submit(job + "request_cpus=2\nqueue 1\n")
    startd = eventually(lambda: f if (f := pool.flock_startds(None).get(P220)) and f.ends_by_s else None, 90.0)
    assert (startd.claimed_slots, startd.claimed_cpus) == (1, 2)
    assert startd.guests == ("nobody@home.bench",)
    assert -5 < time.time() - startd.working_since_s < 90
    assert 400 < startd.ends_by_s - time.time() <= 600


@pytest.mark.usefixtures("no_jobs")
def test_a_real_slot_tells_what_it_has_and_what_is_left(pool):
    """A host whose free share is not known brings others home for jobs that it could take itself."""
    free = eventually(lambda: s if (s := pool.regular_startds(None).get(P220)) and not s.claimed_slots else None, 60.0)
    gives = free.gives
    assert gives.whole == gives.largest
    assert gives.whole[:2] == (4, 1024)
    assert gives.whole.disk_kib > 1024
    assert gives.free[:2] == gives.whole[:2]
