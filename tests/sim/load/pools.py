"""Small pools and loads for tests. Nothing here is like the loads that settings were tuned on."""

from collections.abc import Callable, Iterable

from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.model.workload import GuestLoad, LocalJob, Workload
from shepherd.sim.load.agenda import BEGIN_S
from shepherd.sim.load.deciders import Daemon
from shepherd.sim.load.pool import LoadedPool, simulated_settings
from shepherd.sim.load.synthetic.draws import asks, has

HOUR_S = 3600.0
Guests = tuple[GuestLoad, ...]
SHORT = GuestLoad(median_s=200.0, sigma=0.5)


def jobs_at(at_s: float, number: int, run_s: float, cpus: int = 1, owner: str = "u") -> list[LocalJob]:
    """So many alike at once."""
    return [LocalJob(at_s, run_s, asks(cpus, 1), owner)] * number


def load(
    jobs: Iterable[LocalJob] = (), hosts: int = 8, hours: float = 2.0, guests: GuestLoad | Guests = SHORT
) -> Workload:
    """Hosts of 4 cpus."""
    return Workload(
        name="test",
        about="for a test",
        hosts=(has(4, 16),) * hosts,
        jobs=tuple(sorted(jobs, key=lambda job: job.submit_s)),
        length_s=hours * HOUR_S,
        guests=guests if isinstance(guests, tuple) else (guests,),
    )


def pool_of(workload: Workload, *, seed: int = 77, policy: PolicySettings | None = None) -> LoadedPool:
    """Nobody decides yet."""
    return LoadedPool(workload, simulated_settings(policy or PolicySettings(), TimerSettings()), seed)


def decided(workload: Workload, *, seed: int = 77, policy: PolicySettings | None = None) -> LoadedPool:
    """`demand` decides."""
    pool = pool_of(workload, seed=seed, policy=policy or PolicySettings(kind=PolicyKind.DEMAND))
    Daemon(pool.agenda, pool.settings, pool.seen, pool.switching).begin()
    return pool


def run_to(pool: LoadedPool, seconds: float) -> None:
    """Until so long after the beginning."""
    pool.agenda.run(BEGIN_S + seconds)


def lent(pool: LoadedPool) -> list[str]:
    """Hosts that serve guests."""
    return [machine.host for machine in pool.machines if machine.flock_since_s is not None]


def each_turn(pool: LoadedPool, every_s: float, look: Callable[[], None]) -> None:
    """Look at it every so often from now on."""

    def turn(_: None) -> None:
        pool.agenda.after(every_s, turn, None)
        look()

    pool.agenda.after(0.0, turn, None)
