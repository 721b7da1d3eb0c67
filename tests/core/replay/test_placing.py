"""Jobs laid on hosts."""

from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.replay.placing import place
from shepherd.model.demand import Gives, Resources
from shepherd.model.host import HostName

SHAPES = st.builds(Resources, st.integers(1, 8), st.integers(1, 9000), st.just(0), st.integers(0, 1))
HOSTS = st.builds(lambda whole: Gives(whole, whole, whole), SHAPES)
JOBS = st.dictionaries(SHAPES, st.integers(1, 20), max_size=5)
ROOMS = st.dictionaries(st.sampled_from(list(map(HostName, "abcde"))), HOSTS, max_size=5)


@given(jobs=JOBS, rooms=ROOMS)
def test_no_job_is_lost_or_made_and_no_host_is_fuller_than_full(jobs, rooms):
    """A host that took a job more than it has cpus for hid, in every replay, that one would have waited."""
    placed = place(jobs, rooms)
    assert sum(placed.left.values()) + sum(placed.jobs.values()) == sum(jobs.values())
    assert placed.taken.keys() == placed.jobs.keys()
    for host, gives in placed.taken.items():
        assert 0 <= gives.free.cpus < rooms[host].free.cpus
        assert gives.free.memory_mib >= 1
        assert gives.free.gpus >= 0


def test_small_jobs_do_not_wait_for_large_ones():
    """One job of the whole host had forty small ones wait, in the replay alone."""
    host, small, large = Resources(8, 8192, 0, 0), Resources(1, 100, 0, 0), Resources(8, 100, 0, 0)
    assert place({large: 1, small: 8}, {HostName("a"): Gives(host, host, host)}).left == {large: 1}


@given(jobs=JOBS, rooms=ROOMS)
def test_what_is_left_fits_nowhere(jobs, rooms):
    """A job was said to wait for a host that stood free."""
    placed = place(jobs, rooms)
    assert place(placed.left, {**rooms, **placed.taken}).jobs == {}
