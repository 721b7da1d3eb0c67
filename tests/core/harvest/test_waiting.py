"""Jobs laid on kinds of rooms, against jobs laid on hosts one by one."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.harvest.waiting import unplaced
from shepherd.core.replay.placing import place
from shepherd.model.demand import Gives, Resources
from shepherd.model.host import HostName

SHAPES = st.builds(Resources, st.integers(1, 8), st.integers(1, 9000), st.just(0), st.integers(0, 1))
HOSTS = st.lists(SHAPES, max_size=8)


@given(jobs=st.dictionaries(SHAPES, st.integers(1, 30), max_size=1), hosts=HOSTS)
def test_of_one_shape_as_many_wait_as_a_replay_has_waiting(jobs, hosts):
    """A report and a replay of the same day told two sums of blocked work."""
    rooms = {HostName(f"p{number}"): Gives(one, one, one) for number, one in enumerate(hosts)}
    assert unplaced(jobs, Counter((one, one) for one in hosts)) == place(jobs, rooms).left


@given(jobs=st.dictionaries(SHAPES, st.integers(1, 30), max_size=5), hosts=HOSTS)
def test_what_waits_was_there_and_what_does_not_has_cores(jobs, hosts):
    """More jobs found room on paper than there were cores."""
    left = unplaced(jobs, Counter((one, one) for one in hosts))
    assert all(0 < number <= jobs[asks] for asks, number in left.items())
    placed = sum(asks.cpus * (number - left.get(asks, 0)) for asks, number in jobs.items())
    assert placed <= sum(one.cpus for one in hosts)


def test_rooms_are_not_used_twice():
    """Two jobs found their place on the same host."""
    host = Resources(4, 8192, 0, 0)
    assert unplaced({host: 3}, Counter({(host, host): 2})) == {host: 1}
    assert unplaced({Resources(3, 1, 0, 0): 3, Resources(1, 1, 0, 0): 2}, Counter({(host, host): 3})) == {
        Resources(3, 1, 0, 0): 1
    }
