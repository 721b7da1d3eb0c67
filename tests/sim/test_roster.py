"""Hosts that go dark, on the fake site: told of, remembered, and never a part of what is decided."""

from collections.abc import Iterator, Mapping
from typing import Any

from shepherd.core.roster import KEPT_S
from shepherd.model.entry import EntryKind
from shepherd.sim import faults
from shepherd.sim.site import Site
from tests.sim.test_metrics import shown, total
from tests.sim.test_scenarios import SPEC, lent_site

FORGOTTEN_S = 900.0 + SPEC.timers.young_collector_s
"""After CLASSAD_LIFETIME the collector has no ad of a silent host."""
DARK = "p203"


def dark_site() -> Site:
    """One host that serves local work is cut off, and its ads are gone."""
    site = lent_site()
    assert DARK not in lent_hosts(site)
    faults.cut_private(site, site.hosts[DARK])
    site.run(FORGOTTEN_S)
    return site


def lent_hosts(site: Site) -> set[str]:
    return {host.name for host in site.hosts.values() if host.guests_alive}


def told(site: Site) -> Mapping[str, Mapping[str, Any]]:
    """What `shepherd -s` has of each host."""
    return {host["host"]: host for host in hosts_in(site.ledger.present)}


def hosts_in(body: Any) -> Iterator[Mapping[str, Any]]:
    yield from body["hosts"]


def test_a_host_that_goes_dark_is_told_of_and_not_forgotten() -> None:
    """A rack lost its switch on Friday. On Monday there were 40 hosts less, and no list had ever named them."""
    site = dark_site()
    host = told(site)[DARK]
    assert host["state"] == "unknown"
    assert host["why"].startswith("not heard since 2")
    assert FORGOTTEN_S <= site.pools.wall_s() - host["heard_at_s"] <= FORGOTTEN_S + SPEC.timers.ad_period_s
    figures = shown(site)
    assert figures["hosts_unheard"] == figures['hosts{herd="neither",state="unknown"}'] == 1
    faults.join(site, site.hosts[DARK])
    site.run(SPEC.timers.ad_period_s + 60)
    assert told(site)[DARK]["state"] != "unknown"
    assert shown(site)["hosts_unheard"] == 0


def test_what_is_not_heard_is_in_no_decision() -> None:
    """The reserve was reckoned of hosts that nobody could reach."""
    site = dark_site()
    sight = site.shepherds[-1].metering._sight
    assert sight is not None
    assert DARK not in sight.snapshot.hosts
    assert DARK in sight.unheard
    assert DARK in told(site)
    assert total(shown(site), "cpus") == sum(host.slots for host in site.hosts.values() if host.name != DARK)


def test_a_restart_does_not_forget_it() -> None:
    """The daemon was restarted to see whether that helped, and said that all was well."""
    site = dark_site()
    heard_s = told(site)[DARK]["heard_at_s"]
    site.shepherds[0].kill()
    site.run(30)
    site.start_shepherd()
    site.run(SPEC.timers.look_s * 3)
    assert told(site)[DARK]["state"] == "unknown"
    assert abs(told(site)[DARK]["heard_at_s"] - heard_s) <= FORGOTTEN_S


def test_who_went_dark_while_no_shepherd_ran_is_missed_all_the_same() -> None:
    """The power of the central manager and of a rack failed together."""
    site = lent_site()
    site.run(60)
    site.shepherds[0].kill()
    faults.cut_private(site, site.hosts[DARK])
    site.run(FORGOTTEN_S)
    site.start_shepherd()
    site.run(SPEC.timers.look_s * 3)
    assert told(site)[DARK]["why"].startswith("not heard since ")


def test_after_a_week_it_was_taken_away() -> None:
    """Hosts that were scrapped years ago kept the alarm up, so it was switched off."""
    site = dark_site()
    heard_s = told(site)[DARK]["heard_at_s"]
    site.pools.wall_offset_s += KEPT_S - FORGOTTEN_S - 200
    site.run(30)
    assert DARK in told(site)
    site.pools.wall_offset_s += 400
    site.run(60)
    assert site.pools.wall_s() - heard_s > KEPT_S
    assert DARK not in told(site)
    assert shown(site).get("hosts_unheard", 0) == 0


def test_it_is_on_record_once_an_hour_at_most() -> None:
    """A host that flaps wrote a list of the whole pool with each flap."""
    site = lent_site()
    for _ in range(3):
        faults.cut_private(site, site.hosts[DARK])
        site.run(FORGOTTEN_S)
        faults.join(site, site.hosts[DARK])
        site.run(60)
    written = [entry for entry in site.ledger.entries if entry.kind is EntryKind.ROSTER]
    assert len(written) == 1 + int(site.now_s // 3600)
    assert written[0].body == {"hosts": {name: host.flock_name for name, host in site.hosts.items()}, "unheard": {}}
