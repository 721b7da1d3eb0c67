"""Jobs laid over hosts: who is served, and how much of whom that takes."""

from collections import Counter
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.demand import pack
from shepherd.core.demand.fit import best_of, eighths, less, times
from shepherd.core.demand.homecoming import brought_home
from shepherd.core.demand.pack import Row, laid, seats_of
from shepherd.core.demand.waiting import Request
from shepherd.model.demand import Gives, Resources
from shepherd.model.host import HostName

SIXTEEN = Resources(cpus=16, memory_mib=65536, disk_kib=8 << 20)
FOUR = Resources(cpus=4, memory_mib=8192, disk_kib=8 << 20)

amounts = st.integers(0, 9000)
resources = st.builds(
    Resources, cpus=st.integers(0, 64), memory_mib=amounts, disk_kib=amounts, gpus=st.integers(0, 2)
)
asks = resources.filter(lambda one: one.cpus > 0)


def gives(whole: Resources, largest: Resources | None = None) -> Gives:
    return Gives(whole, largest or whole, whole)


def rows(*hosts: Gives) -> list[Row]:
    counted = Counter(seats_of(one, one.free) for one in hosts)
    return [Row(seats, number) for seats, number in counted.items()]


def of(cpus: int, jobs: int, memory_mib: int = 1) -> Request:
    return Request(asks=Resources(cpus=cpus, memory_mib=memory_mib), jobs=jobs)


def test_jobs_are_served_until_there_is_no_room():
    """Ten jobs on two hosts of four."""
    have = rows(gives(FOUR), gives(FOUR))
    assert laid([of(1, 10)], have) == [of(1, 2)]
    assert have[0].used == 2


def test_memory_can_be_what_there_is_too_little_of():
    """Two jobs of 5 GiB do not share a host of 8, though four cpus are free."""
    assert laid([of(1, 2, 5000)], rows(gives(FOUR))) == [of(1, 1, 5000)]


def test_small_jobs_do_not_open_a_host_that_whole_ones_need():
    """A fraction of a host is not a host to a job that asks for all of it."""
    assert laid([of(1, 1), of(16, 2)], rows(gives(SIXTEEN), gives(SIXTEEN))) == [of(16, 1)]


def test_static_slots_take_a_job_each_and_none_that_is_larger():
    """Four slots of one cpu were believed to take a job of four."""
    static = gives(FOUR, FOUR._replace(cpus=1, memory_mib=2048))
    assert laid([of(1, 5)], rows(static)) == [of(1, 1)]
    assert laid([of(2, 1)], rows(static)) == [of(2, 1)]


def test_what_a_host_does_not_tell_limits_nothing_and_what_is_used_up_does():
    """A host whose disk was full looked like one that had not told its disk."""
    asks = Resources(cpus=1, disk_kib=50)
    assert times(asks, Resources(cpus=4)) == 4
    assert less(Resources(cpus=4, disk_kib=100), asks, 2).disk_kib == 1
    assert times(asks, less(Resources(cpus=4, disk_kib=100), asks, 2)) == 0


def test_kinds_that_passed_jobs_over_serve_none_of_them():
    """Jobs that no host of a kind takes would have waited beside a hundred of them."""
    here = seats_of(gives(FOUR), FOUR)
    stuck = Request(asks=Resources(cpus=1), jobs=3, passed=frozenset({here.kind}))
    assert laid([stuck], rows(gives(FOUR))) == [stuck]
    assert laid([stuck], rows(gives(SIXTEEN))) == []


def test_what_needs_more_than_busy_hosts_have_left_is_not_tried_on_each(monkeypatch):
    """Each of ten thousand busy hosts had something else left, and a thousand shapes of large memory were tried on each
    of them: a decision took longer than the time between two looks."""
    spread_on = mock.Mock(wraps=pack._spread_on)
    monkeypatch.setattr(pack, "_spread_on", spread_on)
    have = [gives(Resources(1 + number % 60, 128 * number, 1 << 20 + number % 9)) for number in range(1, 10_000)]
    left = laid([of(1, 9, 1_200_000 + 128 * number) for number in range(1000)], rows(*have))
    assert sum(one.jobs for one in left) < 9000
    assert spread_on.call_count < 10 * len(have)


@given(st.lists(resources.map(gives), max_size=90), st.lists(st.builds(Request, asks=asks, jobs=st.integers(1, 9))))
def test_nothing_finds_room_that_does_not_fit_and_nothing_is_left_that_does(hosts, wanted):
    """A shelf that was taken for full kept jobs waiting beside free hosts, and brought others home."""
    have = rows(*hosts)
    for request in laid(wanted, have):
        assert request.jobs <= sum(one.jobs for one in wanted if one.asks == request.asks)
        assert all(row.free <= pack.TINY or not times(request.asks, row.key) for row in have)
    for request in wanted:
        if not any(times(request.asks, row.key) for row in rows(*hosts)):
            assert laid([request], rows(*hosts)) == [request]


def test_hosts_come_home_in_the_order_given_and_no_more_than_needed():
    """The guest whose job had run for a day was thrown off before the host without guests."""
    hosts = [(HostName(f"p{number}"), gives(FOUR)) for number in range(9)]
    assert brought_home([of(1, 6)], hosts) == ("p0", "p1")
    large = [*hosts[:3], (HostName("p99"), gives(SIXTEEN))]
    assert brought_home([of(8, 1)], large) == ("p99",)
    assert brought_home([of(64, 1)], large) == ()


def test_many_shapes_share_one_host():
    """Fifty users with a job each, all with another memory, brought fifty hosts home."""
    left = [of(1, 1, 100 + number) for number in range(30)]
    hosts = [(HostName(f"p{number}"), gives(SIXTEEN)) for number in range(9)]
    assert len(brought_home(left, hosts)) == 2


@given(asks, resources)
def test_so_many_fit_and_not_one_more(job, has):
    """A packing that is off by one fills a host that is full."""
    count = times(job, has)
    told = [limit for limit in zip(job, has, strict=True) if limit[1]] + [(job.cpus, has.cpus), (job.gpus, has.gpus)]
    assert all(wants * count <= limit for wants, limit in told)
    assert any(wants * (count + 1) > limit for wants, limit in told)


@given(st.lists(resources, max_size=8), asks)
def test_what_fits_none_of_the_best_fits_none_at_all(slots, job):
    """A job that one odd host could take was told to fit nowhere."""
    assert any(times(job, slot) for slot in slots) == any(times(job, slot) for slot in best_of(slots))


@given(st.integers(0, 1 << 40))
def test_rounding_down_to_an_eighth_loses_less_than_an_eighth(value):
    """Hosts that differ by a few bytes of disk are one kind; none may seem larger than it is."""
    assert value - value / 8 <= eighths(value) <= value
