"""What a snapshot is made of, from a pool that answers, is silent, young, or half empty."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from shepherd.errors import PoolUnavailable
from shepherd.model.host import HostName
from shepherd.model.observation import Queue, RegularMaster, Snapshot, Source
from shepherd.model.settings import HostSettings
from shepherd.programs.observe import Observer
from shepherd.programs.wiring import at_once
from tests.build import NOW, regular, settings


@dataclasses.dataclass
class FakeClock:
    """Stands still unless moved."""

    now: float = NOW

    def wall_s(self) -> float:
        return self.now

    def steady_s(self) -> float:
        return self.now


@dataclasses.dataclass
class CannedPool:
    """Answers what it was given; `silent` makes every question to the home collector fail."""

    machines: tuple[str, ...] = ("p201", "p202", "p203", "p204")
    off: tuple[str, ...] = ()
    age_s: float = 9999.0
    silent: bool = False
    asked: int = 0
    missing: tuple[str, ...] = ()

    def _answer(self) -> None:
        self.asked += 1
        if self.silent:
            raise PoolUnavailable("no answer in 20 s")

    def regular_startds(self, hosts):
        self._answer()
        return {name: regular() for name in self.machines if hosts is None or name in hosts}

    def regular_masters(self, hosts):
        self._answer()
        return {name: RegularMaster(startd_off=name in self.off, heard_at_s=NOW) for name in self.machines}

    def keepers(self, hosts):
        self._answer()
        return {}

    def queue(self):
        self._answer()
        return Queue(idle_jobs=7, running_jobs=0, schedds=("cm",), missing_schedds=self.missing)

    def flock_startds(self, names):
        return {}

    def collector_age_s(self):
        self._answer()
        return self.age_s, 9999.0


def look(pool: CannedPool, hosts: HostSettings | None = None) -> Snapshot:
    return Observer(pool, FakeClock(), settings(hosts=hosts)).full(0)  # type: ignore[arg-type]


def test_a_pinned_host_is_seen_but_an_unpaired_one_is_only_named():
    """A host that vanishes from the status because somebody pinned it is searched for in vain."""
    seen = look(CannedPool(machines=("p201", "p202", "storage1")), HostSettings(exclude=("p202",)))
    assert set(seen.hosts) == {"p201", "p202"}
    assert seen.unmanaged == ("storage1",)


def test_two_hosts_that_a_rule_makes_one_are_reported_with_the_remedy_and_not_managed():
    """`p1.a` and `p1.b` would both be `f1`: two containers with one name and one address."""
    seen = look(CannedPool(machines=("p1.a", "p1.b", "p2.a")), HostSettings(regular=r"p(?P<n>\d+)\..*", flock="f{n}"))
    assert set(seen.hosts) == {"p2.a"}
    assert "p1.a, p1.b" in seen.naming_problems[0]
    assert "hosts.pairs" in seen.naming_problems[0]


def test_a_silent_collector_is_asked_once_a_turn():
    """Five questions of twenty seconds each would keep the daemon from everything else."""
    pool = CannedPool(silent=True)
    seen = look(pool)
    assert pool.asked == 2
    assert all(seen.readings[s].problem for s in (Source.HOME_STARTDS, Source.KEEPERS, Source.QUEUE))


def test_a_silent_collector_is_not_asked_about_hosts_in_a_switch():
    """Each such question held the loop up for twenty seconds, and flockoff waited behind it."""
    pool = CannedPool()
    observer = Observer(pool, FakeClock(), settings())  # type: ignore[arg-type]
    pairs = [seen.pair for seen in observer.full(0).hosts.values()]
    pool.silent, pool.asked = True, 0
    observer.some(pairs)
    observer.some(pairs)
    assert pool.asked == 1
    pool.silent = False
    observer.full(0)
    pool.asked = 0
    observer.some(pairs)
    assert pool.asked == 3


def test_a_young_collector_is_not_believed():
    """After a restart it knows half the hosts, and the other half looks dead."""
    assert "young" in str(look(CannedPool(age_s=5.0)).readings[Source.HOME_STARTDS].problem)


@pytest.mark.parametrize(
    ("wrong_s", "words"), [(3600, "no host was heard for 3"), (-3600, "3600 s behind"), (250, ""), (-250, "")]
)
def test_a_wrong_clock_of_the_shepherds_own_machine_is_named(wrong_s: float, words: str):
    """Every keeper refused its leases, every ad looked stale, and the status blamed the hosts."""
    pool, clock = CannedPool(), FakeClock(now=NOW + wrong_s)
    problem = Observer(pool, clock, settings()).full(0).readings[Source.HOME_STARTDS].problem  # type: ignore[arg-type]
    assert words in str(problem)
    assert (problem is None) == (words == "")


def test_what_fails_in_one_thread_is_not_lost():
    """A defect met while both collectors were asked at once ended as a look that found nothing."""
    pool = CannedPool()
    pool.queue = lambda: 1 / 0  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as executor, pytest.raises(ZeroDivisionError):
        Observer(pool, FakeClock(), settings(), at_once(executor)).full(0)  # type: ignore[arg-type]


def test_both_collectors_are_asked_at_once():
    """The look took as long as both together, and twice the deadline when both were silent."""
    pool, meet = CannedPool(), Barrier(2, timeout=10)
    pool.flock_startds = lambda names: dict.fromkeys([], meet.wait())  # type: ignore[method-assign]
    pool.queue = lambda: Queue(idle_jobs=meet.wait() * 0, running_jobs=0, schedds=("cm",))  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as executor:
        seen = Observer(pool, FakeClock(), settings(), at_once(executor)).full(0)  # type: ignore[arg-type]
    assert seen.readings[Source.QUEUE].problem is None


def test_a_mass_disappearance_keeps_the_last_good_answer_until_it_lasts():
    """Lost authorisation or a broken switch must not read as an empty pool."""
    pool, clock = CannedPool(), FakeClock()
    observer = Observer(pool, clock, settings())  # type: ignore[arg-type]
    assert len(observer.full(0).hosts) == 4
    pool.machines = ("p201",)
    seen = observer.full(0)
    assert len(seen.hosts) == 4
    assert "vanished" in str(seen.readings[Source.HOME_STARTDS].problem)
    clock.now += 700
    assert len(observer.full(0).hosts) == 1


def test_a_missing_schedd_makes_the_queue_incomplete_but_fresh():
    """Its jobs are not counted, and the count of the others must still take hosts home."""
    reading = look(CannedPool(missing=("cm2",))).readings[Source.QUEUE]
    assert "cm2" in str(reading.problem)
    assert reading.at_s == NOW


def test_off_counts_from_when_it_was_first_seen_without_a_break():
    """The back-off of a restart looks like condor_off; only time tells them apart."""
    pool, clock = CannedPool(off=("p201",)), FakeClock()
    observer = Observer(pool, clock, settings())  # type: ignore[arg-type]
    observer.full(0)
    clock.now += 6
    master = observer.full(0).hosts[HostName("p201")].master
    assert master is not None
    assert master.off_since_s == NOW
    pool.off = ()
    master = observer.full(0).hosts[HostName("p201")].master
    assert master is not None
    assert master.off_since_s is None
