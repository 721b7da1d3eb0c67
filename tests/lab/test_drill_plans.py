"""What the drill draws: the jobs and what is killed meanwhile, the same by the same seed."""

from hypothesis import given
from hypothesis import strategies as st

from shepherd.lab.drill.plans import REFUSED_FROM, SOURCE_PORTS, TCP_PORTS, UDP_PORTS, Kind, plans
from shepherd.lab.drill.schedule import ALL, DOWN_S, FEW, OF_A_HOST, schedule
from shepherd.lab.foreign import CAMPUS, INSTITUTE

POOLS = (CAMPUS, INSTITUTE)
seeds = st.integers(min_value=0, max_value=1 << 20).map(str)


@given(jobs=st.integers(min_value=26, max_value=300), seed=seeds)
def test_the_jobs_are_of_all_kinds_and_everybodys(jobs, seed):
    """A drill of two hundred jobs of one user, each with one connection, proves little."""
    made = plans(jobs, POOLS, 12, seed)
    assert len(made) == jobs
    assert {(one.pool, one.user) for one in made} == {(pool.name, user) for pool in POOLS for user in pool.users}
    assert {contact.kind for one in made for contact in one.contacts} == set(Kind)
    assert {contact.source_port for one in made for contact in one.contacts} <= {0, *SOURCE_PORTS}
    assert sum(one.lasts_s <= 5.0 for one in made) >= jobs / 2


@given(seed=seeds)
def test_the_same_seed_draws_the_same(seed):
    """A run that failed must be possible again."""
    assert plans(40, POOLS, 12, seed) == plans(40, POOLS, 12, seed)
    assert schedule(ALL, 200.0, ["p201", "p202"], seed) == schedule(ALL, 200.0, ["p201", "p202"], seed)


@given(jobs=st.integers(min_value=1, max_value=300), seed=seeds)
def test_no_port_means_two_things(jobs, seed):
    """A refused connection at a port where somebody listens would be none."""
    for contact in (contact for one in plans(jobs, POOLS, 12, seed) for contact in one.contacts):
        match contact.kind:
            case Kind.TCP | Kind.RESET:
                assert contact.far_port in TCP_PORTS
            case Kind.UDP:
                assert contact.far_port in UDP_PORTS
            case Kind.REFUSED:
                assert REFUSED_FROM <= contact.far_port < 1 << 16


@given(seed=seeds, strikes=st.sampled_from([ALL, FEW]), lasts_s=st.floats(min_value=30.0, max_value=600.0))
def test_everything_is_struck_once_at_a_time(seed, strikes, lasts_s):
    """The last strike came after the last job."""
    made = schedule(strikes, lasts_s, ["p201", "p202"], seed)
    assert sorted(one.what.name for one in made) == sorted(what.name for what in strikes)
    assert [one.at_s for one in made] == sorted(one.at_s for one in made)
    assert made[-1].at_s < lasts_s
    assert all(bool(one.host) == (one.what in OF_A_HOST) for one in made)
    assert all((one.down_s > 0) == (one.what in DOWN_S) for one in made)
