"""Which hosts come home over a simulated day, and whom of the guests that costs what."""

import random
from collections.abc import Iterator

import pytest

from shepherd.core.policy import demand
from shepherd.core.policy.merit import SOON_S, homecoming_order
from shepherd.model.orders import HOMEWARD, Order
from shepherd.model.view import HostView, PoolView
from shepherd.model.workload import GuestJob, GuestLoad, LocalJob
from shepherd.sim.load.guest_users import GuestUser
from shepherd.sim.load.machine import Machine
from shepherd.sim.load.pool import LoadedPool
from shepherd.sim.load.synthetic.draws import asks
from tests.sim.load.pools import HOUR_S, decided, jobs_at, load, run_to

HOSTS, HOURS, SEED = 16, 24.0, 20260
NAMES = ("ann@small", "bob@big", "eve@uni")


def bursts(seed: int = SEED) -> Iterator[LocalJob]:
    """Every hour or so, of two to ten hosts, for half an hour."""
    dice = random.Random(seed)
    at_s = HOUR_S
    while at_s < HOURS * HOUR_S:
        yield from jobs_at(at_s, dice.randint(2, 10), dice.uniform(900.0, 2700.0), cpus=4)
        at_s += dice.expovariate(1.0 / 2700.0)


def day(*guests: GuestLoad, seed: int = SEED) -> LoadedPool:
    """A day of bursts. Nothing has happened yet."""
    return decided(load(bursts(seed), hosts=HOSTS, hours=HOURS, guests=guests), seed=seed)


def to_the_end(pool: LoadedPool) -> dict[str, GuestUser]:
    """The guests by their names, when it is over."""
    run_to(pool, HOURS * HOUR_S)
    pool.guests.finish(pool.machines)
    return {user.name: user for user in pool.guests.users}


def work_s(machine: Machine, now: float) -> float:
    """Core-seconds that its guests' jobs have run."""
    return sum((now - claim.started_s) * claim.shape.cpus for claim in machine.claims)


def nearly_done(machine: Machine, now: float) -> bool:
    """All its jobs say that they end within minutes."""
    ends = [claim.started_s + claim.limit_s for claim in machine.claims if claim.limit_s is not None]
    return bool(ends) and len(ends) == len(machine.claims) and max(ends) <= now + SOON_S


class Reclaims:
    """Every reclaim of a serving host, with those that were left out there."""

    def __init__(self, pool: LoadedPool, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken_s: list[float] = []
        self.left_s: list[float] = []
        self.nearly_done_taken = 0
        self.nearly_done_spared = 0
        self._pool = pool
        before = pool.switching.reclaim

        def reclaim(order: Order) -> None:
            self._look(pool.by_host[order.host])
            before(order)

        monkeypatch.setattr(pool.switching, "reclaim", reclaim)

    def _out(self) -> list[Machine]:
        records, by_host = self._pool.switching.records, self._pool.by_host
        return [
            by_host[host]
            for host, record in records.items()
            if record.stage not in HOMEWARD and by_host[host].flock_since_s is not None
        ]

    def _look(self, taken: Machine) -> None:
        now = self._pool.agenda.now_s
        out = self._out()
        if taken not in out:
            return
        left = [machine for machine in out if machine is not taken]
        others = [machine for machine in left if machine.claims and not nearly_done(machine, now)]
        self.nearly_done_spared += len(left) - len(others)
        self.nearly_done_taken += nearly_done(taken, now) and bool(others)
        if nearly_done(taken, now) or not others:
            return
        self.taken_s.append(work_s(taken, now))
        self.left_s.append(min(work_s(machine, now) for machine in others))


def test_what_comes_home_has_cost_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest's day of work was thrown away, and beside it ran a job of five minutes."""
    pool = day(GuestLoad(name="bob@big", median_s=HOUR_S))
    found = Reclaims(pool, monkeypatch)
    to_the_end(pool)
    assert len(found.taken_s) > 50
    for taken_s, left_s in zip(found.taken_s, found.left_s, strict=True):
        assert taken_s <= 2.0 * left_s + 4.0, "to a power of two, within which guests share"


def test_another_order_loses_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """An order of merit was computed with care, and made no difference."""

    def backwards(view: PoolView) -> list[HostView]:
        return homecoming_order(view)[::-1]

    guests = GuestLoad(name="bob@big", median_s=HOUR_S)
    with_merit = to_the_end(day(guests))["bob@big"].lost_core_s
    monkeypatch.setattr(demand, "homecoming_order", backwards)
    without = to_the_end(day(guests))["bob@big"].lost_core_s
    assert with_merit < 0.7 * without


def test_jobs_that_are_nearly_done_by_their_limit_are_left_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts were taken minutes before their jobs had done an hour's work, and others beside them were not."""
    pool = day(GuestLoad(name="eve@uni", median_s=HOUR_S, sigma=0.3, longest_s=HOUR_S, declares=True))
    found = Reclaims(pool, monkeypatch)
    to_the_end(pool)
    assert found.nearly_done_spared > 0
    assert found.nearly_done_taken == 0


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_guests_with_alike_jobs_lose_alike(seed: int) -> None:
    """One guest's jobs were thrown away every time, because its name came first."""
    guests = to_the_end(day(*(GuestLoad(name=name, median_s=1200.0) for name in NAMES), seed=seed))
    given = sum(user.given_core_s for user in guests.values())
    lost = sum(user.lost_core_s for user in guests.values())
    assert lost > 0.0
    for user in guests.values():
        assert user.lost_core_s / lost < 1.25 * user.given_core_s / given


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_a_small_guest_loses_no_larger_part_than_a_large_one(seed: int) -> None:
    """The one host of a small guest was taken each time, and the large one's forty were not."""
    few = tuple(GuestJob(600.0 * number, 1800.0, asks(4, 4)) for number in range(int(HOURS * 6)))
    small, big = GuestLoad(name="ann@small", jobs=few), GuestLoad(name="bob@big", median_s=1800.0, sigma=0.1)
    guests = to_the_end(day(small, big, seed=seed))
    parts = {name: user.lost_core_s / user.given_core_s for name, user in guests.items()}
    assert guests["ann@small"].given_core_s < guests["bob@big"].given_core_s
    assert parts["ann@small"] < parts["bob@big"]


def test_guests_with_short_and_long_jobs_are_thrown_off_as_often() -> None:
    """Long jobs lose more each time; nobody is to be thrown off more often for that, or for having short ones."""
    lengths = zip(NAMES, (600.0, 1800.0, 5400.0), strict=True)
    guests = to_the_end(day(*(GuestLoad(name=name, median_s=median_s) for name, median_s in lengths)))
    often = [user.evicted / user.given_core_s for user in guests.values()]
    assert max(often) < 1.5 * min(often)
    assert guests["ann@small"].lost_core_s < guests["eve@uni"].lost_core_s


def test_jobs_that_ask_for_hosts_lent_for_as_long_as_they_run_come_to_their_end() -> None:
    """Jobs of hours went to hosts that had been lent for minutes, and were thrown off with the first burst."""
    (anywhere,) = to_the_end(day(GuestLoad(name="bob@big"))).values()
    (by_age,) = to_the_end(day(GuestLoad(name="bob@big", by_age=True))).values()
    assert by_age.lost_core_s < 0.7 * anywhere.lost_core_s
    assert by_age.given_core_s - by_age.lost_core_s > anywhere.given_core_s - anywhere.lost_core_s
