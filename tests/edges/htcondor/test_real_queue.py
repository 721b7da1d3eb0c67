"""What a real schedd and real slots tell: what waiting jobs ask for, what is left for them, what guests do."""

import time
from collections.abc import Iterator

import pytest

from shepherd.edges.htcondor.demand import Schedds
from shepherd.edges.htcondor.pool import CondorPool
from shepherd.model.demand import Resources
from shepherd.model.host import HostName
from tests.edges.htcondor.conftest import RealPool, eventually

pytestmark = pytest.mark.real

HOME = "10.9.0.1:9618"
P220 = HostName("p220")
WITHIN_S = 30.0


@pytest.fixture(name="pool", scope="module")
def pool_that_is_both(real_pool: RealPool) -> Iterator[CondorPool]:
    """Its home is its flock, too: the only startd there is speaks for both."""
    pool = CondorPool(
        home=real_pool.worker(HOME),
        beside=real_pool.worker(HOME),
        flock=real_pool.worker(HOME),
        schedds=("p220",),
        identities=("condor@family",),
        within_s=WITHIN_S,
        queues=Schedds(real_pool.worker("")),
    )
    yield pool
    pool.close()


def submitted(real_pool: RealPool, text: str) -> None:
    """Jobs of nobody's."""
    real_pool.run(
        "chroot", "--userspec=nobody:nogroup", "/mnt/root", "sh", "-c", f"printf '{text}' | condor_submit -terse -"
    )


@pytest.fixture(name="no_jobs")
def an_empty_queue(real_pool: RealPool, pool: CondorPool) -> Iterator[None]:
    remove = ("chroot", "/mnt/root", "sh", "-c", "condor_rm -all || true")
    real_pool.run(*remove)
    eventually(lambda: pool.queue().idle_jobs == 0, WITHIN_S)
    yield
    real_pool.run(*remove)


@pytest.mark.usefixtures("no_jobs")
def test_what_idle_jobs_ask_for_comes_from_the_schedd_in_groups(pool, real_pool):
    """One number, 600, says nothing of which host could take a job, or whether any could."""
    never = "executable=/bin/sleep\narguments=1000\nrequirements=false\n"
    submitted(real_pool, never + "request_memory=100\nrequest_disk=1000\nqueue 3\n")
    submitted(real_pool, never + "request_cpus=8\nrequest_memory=2G\nrequest_disk=5000\nqueue 2\n")
    submitted(real_pool, never + "request_cpus=8\nrequest_memory=2040\nrequest_disk=4900\nqueue 1\n")
    submitted(real_pool, never + "request_gpus=1\nrequest_memory=64\nrequest_disk=10\nhold=true\nqueue 9\n")
    submitted(real_pool, never + "universe=local\nqueue 4\n")
    demand = eventually(lambda: d if (d := pool.queue().demand) and sum(g.jobs for g in d.groups) == 6 else None, 60.0)
    assert demand.unasked == ()
    assert [(group.asks, group.jobs) for group in demand.groups] == [
        (Resources(cpus=8, memory_mib=2048, disk_kib=5120), 3),
        (Resources(cpus=1, memory_mib=128, disk_kib=1024), 3),
    ]


@pytest.mark.usefixtures("no_jobs")
def test_requests_that_are_expressions_are_evaluated_with_what_they_refer_to(pool, real_pool):
    """HTCondor's own default for memory is an expression; as a word it asked for nothing and fitted everywhere."""
    never = "executable=/bin/sleep\narguments=1000\nrequirements=false\n"
    submitted(real_pool, never + "my.Need=700\nrequest_memory=MY.Need + 68\nqueue 2\n")
    demand = eventually(lambda: d if (d := pool.queue().demand) and d.groups else None, 60.0)
    (group,) = demand.groups
    assert (group.asks.memory_mib, group.jobs) == (768, 2)
    assert group.asks.disk_kib % 1024 == 0


@pytest.mark.usefixtures("no_jobs")
def test_jobs_that_their_cluster_has_in_store_are_told_with_those_that_wait(pool, real_pool):
    """A campaign of a thousand jobs that shows fifty at a time took its hosts home fifty by fifty."""
    text = "executable=/bin/sleep\narguments=1000\nrequirements=false\nrequest_memory=100\nmax_idle=5\nqueue 40\n"
    submitted(real_pool, text)
    demand = eventually(lambda: d if (d := pool.queue().demand) and d.groups and d.groups[0].soon else None, 90.0)
    (group,) = demand.groups
    assert group.jobs + group.soon == 40
    assert 0 < group.jobs <= 10


@pytest.mark.usefixtures("no_jobs")
def test_what_guests_would_lose_is_read_from_a_real_partitionable_slot(pool, real_pool):
    """HTCondor rolls up what its dynamic slots say; under other names nobody's work would have counted."""
    job = "executable=/bin/sleep\narguments=300\nrequest_memory=64\nrequest_disk=10\nallowed_job_duration=600\n"
    submitted(real_pool, job + "request_cpus=2\nqueue 1\n")
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
