"""Bans in any order with whatever befalls a site: where a ban has arrived nobody banned runs, at the end nowhere."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings, strategies
from hypothesis import seed as seeded
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from shepherd.model.intents import IntentKind
from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.ports_node import NodeFile
from shepherd.sim import faults
from shepherd.sim.flock import BANS_S
from shepherd.sim.jobs import USER
from shepherd.sim.site import Site, SiteSpec
from tests.conftest import sample_seed

SPEC = SiteSpec(
    policy=PolicySettings(kind=PolicyKind.THRESHOLD, idle_jobs_threshold=4, lend_per_cycle=2, cooling_s=60),
    timers=TimerSettings(cycle_s=20, young_collector_s=60, lease_s=300),
)
HOSTS = strategies.sampled_from(list(Site(SPEC).hosts))
USERS = strategies.sampled_from([USER, "eve@campus", "bob@uni"])
SECONDS = strategies.sampled_from([0.3, 3.0, 10.0, 45.0, 120.0])
PARTS = strategies.sampled_from(faults.PARTS)
BEFALLS = strategies.sampled_from(
    ["silence_home", "restart_home", "silence_flock", "restart_flock", "fill_ledger", "free_ledger"]
)
ARRIVES_S = 45.0
"""From a mended site to a ban that has arrived everywhere: a renewal, a poll, and a kill."""


class BanMachine(RuleBasedStateMachine):
    """One site whose guests are three users."""

    def __init__(self) -> None:
        super().__init__()
        self.site = Site(SPEC)
        self.wanted: set[str] = set()
        """Who is banned, by what was ordered last."""
        self.arrived_s: dict[tuple[str, str], float] = {}
        """Since when a host has known of a ban; an unban of the user ends it."""

    @initialize(number=strategies.integers(0, 2**32))
    def a_lent_site(self, number: int) -> None:
        self.site.rng.seed(number)
        for user in (USER, "eve@campus", "bob@uni") * 4:
            self.site.pools.guest_jobs.submit(100_000, user=user)
        self.site.run(3)
        self.site.start_shepherd()
        self.site.run_until(lambda: len(self.site.pools.guest_jobs.running()) >= 4, 200)

    @rule(user=USERS, ban=strategies.booleans())
    def order(self, user: str, ban: bool) -> None:
        kind = IntentKind.BAN if ban else IntentKind.UNBAN
        intent = self.site.intent(kind, kind="user", value=user)
        self.site.spool_of("first").intents.append(intent)
        self.wanted = self.wanted | {user} if ban else self.wanted - {user}
        if not ban:
            self.arrived_s = {known: at_s for known, at_s in self.arrived_s.items() if known[1] != user}

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.watched(seconds)

    @rule(host=HOSTS, part=PARTS, seconds=SECONDS)
    def killed(self, host: str, part: str, seconds: float) -> None:
        faults.kill(self.site, self.site.hosts[host], part)
        self.watched(seconds)

    @rule(what=BEFALLS, seconds=SECONDS)
    def befallen(self, what: str, seconds: float) -> None:
        faults.ON_SITE[what](self.site)
        self.watched(seconds)

    @rule(host=HOSTS, what=strategies.sampled_from(["cut_private", "cut_flock", "reboot", "join"]), seconds=SECONDS)
    def befallen_host(self, host: str, what: str, seconds: float) -> None:
        faults.ON_HOSTS[what](self.site, self.site.hosts[host])
        self.watched(seconds)

    @rule(works=strategies.booleans())
    def vacate_works(self, works: bool) -> None:
        self.site.flock_look.vacate_works = works

    @rule(part=strategies.sampled_from(["keeper", "flock startd"]), user=USERS)
    def all_are_killed_while_nobody_answers(self, part: str, user: str) -> None:
        """Whoever starts then has nothing but what it remembers of the ban."""
        self.order(user, ban=True)
        self.all_is_mended()
        self.site.run_until(lambda: any(host.guests_alive for host in self.site.hosts.values()), 120)
        works, self.site.flock_look.vacate_works = self.site.flock_look.vacate_works, False
        faults.ON_SITE["silence_home"](self.site)
        for host in self.site.hosts.values():
            faults.kill(self.site, host, part)
        self.watched(40.0)
        self.site.flock_look.vacate_works = works
        faults.ON_SITE["restart_home"](self.site)

    @rule(seconds=SECONDS)
    def shepherd_is_restarted_after(self, seconds: float) -> None:
        for running in self.site.shepherds:
            running.kill()
        self.watched(seconds)
        self.site.start_shepherd()

    @rule()
    def all_is_mended(self) -> None:
        self.mend()
        self.watched(ARRIVES_S)
        assert {job.user for job in self.site.pools.guest_jobs.running()} & self.wanted == set()

    def mend(self) -> None:
        """Everything runs and is heard again; the disk has room."""
        faults.heal(self.site)
        if not any(running.runs for running in self.site.shepherds):
            self.site.start_shepherd()

    def watched(self, seconds: float) -> None:
        """Time passes, and where a container was told of a ban long enough ago, nobody banned runs."""
        until_s = self.site.now_s + seconds
        while self.site.now_s < until_s:
            self.site.run(0.5)
            self.nobody_runs_where_the_ban_has_arrived()

    @invariant()
    def nobody_runs_where_the_ban_has_arrived(self) -> None:
        for name, host in self.site.hosts.items():
            text, flock = host.run_dir.read(NodeFile.BANS) or "", host.container.flock if host.container else None
            for user in self.wanted:
                if user in text:
                    self.arrived_s.setdefault((name, user), self.site.now_s)
            for job in flock.jobs if flock is not None else ():
                known_s = self.site.now_s - self.arrived_s.get((name, job.user), self.site.now_s)
                assert known_s <= BANS_S + 1.0, f"{name} runs {job.user}, and has known of the ban for {known_s:.0f} s"

    def teardown(self) -> None:
        """At the end the site is mended, whoever is banned runs nowhere, and who is not is served."""
        self.all_is_mended()
        assert self.site.breaches() == ()


@pytest.mark.limit(300)
@pytest.mark.parametrize("chosen", [os.environ.get("SHEPHERD_SIM_SEED", sample_seed())])
def test_whatever_befalls_a_site_a_ban_holds_where_it_has_arrived(chosen: str) -> None:
    """A restarted keeper handed an empty list to the container that it took over."""
    budget = settings(
        max_examples=15,
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    run_state_machine_as_test(seeded(chosen)(BanMachine), settings=budget)
