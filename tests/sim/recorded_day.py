"""An eventful day of the fake site, and what its shepherd put on record of it."""

import dataclasses
import json
from collections.abc import Iterator

from shepherd.core.recorded.moments import moments
from shepherd.model.entry import Stored
from shepherd.model.intents import IntentKind
from shepherd.model.moment import Moment
from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.model.standing import Standing
from shepherd.sim import faults
from shepherd.sim.site import Site, SiteSpec


def site_of(kind: PolicyKind, reserve: float = 0.25) -> Site:
    """Five hosts, guests that want them all, a shepherd."""
    policy = PolicySettings(
        kind=kind, reserve=reserve, idle_jobs_threshold=4, lend_per_cycle=1, cooling_s=60, quiet_s=30, lend_share=1.0
    )
    site = Site(SiteSpec(hosts=5, policy=policy, timers=TimerSettings(cycle_s=30, young_collector_s=100)))
    for _ in range(20):
        site.pools.guest_jobs.submit(400)
    site.run(3)
    site.start_shepherd()
    return site


def burst(site: Site, length_s: float) -> None:
    """More local work than the local herd can do."""
    for _ in range(14):
        site.pools.local_jobs.submit(length_s)


def busy_day(site: Site) -> None:
    """Bursts of several lengths, with quiet between them."""
    site.run(300)
    for length_s in (20, 200, 60, 400):
        burst(site, length_s)
        site.run(600)


def eventful_day(site: Site) -> None:
    """Lends, bursts, a hung keeper, a dead shepherd, a banned host, a flockoff and its end."""
    site.run(300)
    for length_s in (20, 200):
        burst(site, length_s)
        site.run(250)
    faults.stop(site, site.hosts["p202"], "keeper")
    site.run(1000)
    site.shepherds[0].kill()
    site.start_shepherd()
    for kind, about, then_s in (
        (IntentKind.BAN, {"kind": "host", "value": "p203"}, 200),
        (IntentKind.FLOCKOFF, {}, 100),
        (IntentKind.FLOCKON, {}, 300),
    ):
        site.spool_of("first").intents.append(site.intent(kind, **about))
        site.run(then_s)


def recorded(site: Site) -> list[Moment]:
    """The looks on its ledger."""
    return list(moments(Standing(), read_back(site)))


def read_back(site: Site) -> Iterator[Stored]:
    """Records as they are read back: from JSON text."""
    for seq, entry in enumerate(site.ledger.entries, 1):
        body = json.loads(json.dumps(entry.body, sort_keys=True))
        yield Stored(seq=seq, entry=dataclasses.replace(entry, body=body), hash="")
