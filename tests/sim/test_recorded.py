"""What the fake site's shepherd puts on record is what its decisions were made from."""

import dataclasses
import json
from collections.abc import Iterator

import pytest

from shepherd.core.recorded.moments import moments
from shepherd.core.replay.again import made_again
from shepherd.model.entry import Entry, Stored
from shepherd.model.host import Herd
from shepherd.model.intents import IntentKind
from shepherd.model.moment import Moment
from shepherd.model.settings import PolicyKind, PolicySettings, TimerSettings
from shepherd.model.standing import Standing
from shepherd.sim import faults
from shepherd.sim.site import Site, SiteSpec


def site_of(kind: PolicyKind) -> Site:
    """Five hosts, guests that want them all, a shepherd."""
    policy = PolicySettings(kind=kind, idle_jobs_threshold=4, lend_per_cycle=1, cooling_s=60, quiet_s=30)
    site = Site(SiteSpec(hosts=5, policy=policy, timers=TimerSettings(cycle_s=30, young_collector_s=100)))
    for _ in range(20):
        site.pools.guest_jobs.submit(400)
    site.run(3)
    site.start_shepherd()
    return site


def an_eventful_day(site: Site) -> None:
    """Lends, bursts, a dead host, a banned one, a restart, a flockoff and its end."""
    site.run(300)
    for length_s in (20, 200):
        for _ in range(14):
            site.pools.local_jobs.submit(length_s)
        site.run(250)
    faults.stop(site, site.hosts["p202"], "keeper")
    site.run(1000)
    site.shepherds[0].kill()
    site.start_shepherd()
    site.spool_of("first").intents.append(site.intent(IntentKind.BAN, kind="host", value="p203"))
    site.run(200)
    site.spool_of("first").intents.append(site.intent(IntentKind.FLOCKOFF))
    site.run(100)
    site.spool_of("first").intents.append(site.intent(IntentKind.FLOCKON))
    site.run(300)


def stored(entries: list[Entry]) -> Iterator[Stored]:
    """As they are read back: from JSON text."""
    for seq, entry in enumerate(entries, 1):
        body = json.loads(json.dumps(entry.body, sort_keys=True))
        read = dataclasses.replace(entry, body=body)
        yield Stored(seq=seq, entry=read, hash="")


def recorded(site: Site) -> list[Moment]:
    return list(moments(Standing(), stored(site.ledger.entries)))


@pytest.mark.parametrize("kind", PolicyKind)
def test_every_recorded_decision_comes_out_the_same_when_it_is_made_again(kind):
    """An explanation from half of what a decision was made from is a guess."""
    site = site_of(kind)
    an_eventful_day(site)
    decided = [(moment, moment.said) for moment in recorded(site) if moment.said is not None]
    settings = site.spec.settings()
    for moment, said in decided:
        again = made_again(moment, settings)
        assert (again.orders, again.sentence) == (said.orders, said.sentence)
        assert set(again.refusals) == set(said.refusals)
    assert len(decided) > 60
    assert {order.herd for _, said in decided for order in said.orders} == set(Herd)
