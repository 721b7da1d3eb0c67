"""Lent and taken home by the real daemon, followed by what a real Icinga2 says of the checks."""

import json
import signal
from collections.abc import Iterator

import pytest

from shepherd.lab.eventually import eventually
from shepherd.lab.site import Site, SiteSpec
from shepherd.model.finding import Subject
from tests.faults.evidence import regular_story
from tests.lab.icinga_on_site import SETTINGS, URL, SiteIcinga

pytestmark = [pytest.mark.real, pytest.mark.limit(300), pytest.mark.large("on a site", sample=1)]
LENT = {"p201!startd", "p202!startd"}
HOME = {"f201!startd", "f202!startd"}
LEND_S, HOME_S = 90, 60


@pytest.fixture(scope="module", name="site")
def a_monitored_site() -> Iterator[Site]:
    policy = {"kind": "threshold", "lend_per_cycle": 9, "idle_jobs_threshold": 1, "reserve": 0.0}
    spec = SiteSpec(hosts=2, start_keepers=True, shepherd={"icinga": SETTINGS, "policy": policy})
    with Site(spec) as made:
        yield made


@pytest.fixture(scope="module")
def icinga(site: Site) -> Iterator[SiteIcinga]:
    """Icinga runs, then the shepherd."""
    made = SiteIcinga(site)
    made.install()
    try:
        made.start()
        site.cm.start("shepherd")
        yield made
    finally:
        made.stop()


def order(site: Site, *words: str) -> None:
    """A verb of the administrator."""
    site.cm.must(("shepherd", *words), user="shepherd")


def all_lent(site: Site) -> bool:
    return site.flocking_startds() == ["f201", "f202"] and not site.accepting_startds()


def all_home(site: Site) -> bool:
    return site.accepting_startds() == {"p201", "p202"} and not site.flocking_startds()


def test_while_hosts_are_lent_their_flocking_startds_are_watched(site: Site, icinga: SiteIcinga) -> None:
    """The talk's site had no alert at all for lent hosts, and one for each container that was not there."""
    eventually(lambda: all_lent(site), LEND_S, 0.3, what="both hosts are lent")
    eventually(lambda: icinga.silent() == LENT, 20, 0.3, what="the regular startds' checks are silent, and only they")
    for host in site.hosts:
        first = min(float(one["entry_time"]) for one in icinga.downtimes(f"{host.name}!startd"))
        drained = [at_s for at_s, _ in regular_story(host, 0).drains]
        assert drained
        assert first < drained[0] + 1


def test_the_check_of_the_central_manager_asks_icinga(site: Site, icinga: SiteIcinga) -> None:
    """`shepherd check` was green for a year in which every silence was refused: it had never asked."""
    assert icinga.answers()
    told = json.loads(site.cm.run(("shepherd", "check", "--json"), timeout_s=90).stdout)
    found = [one for role in told["roles"] for one in role["findings"] if one["subject"] == Subject.MONITORING.value]
    rights_and_checks = [("ok", True), ("ok", True)]
    assert [(one["state"], URL in one["said"]) for one in found] == rights_and_checks


def test_a_killed_shepherd_adopts_what_it_silenced(site: Site, icinga: SiteIcinga) -> None:
    """After a crash the downtimes were nobody's; the next shepherd made others, and the old ones stayed."""
    before = {one["name"] for check in LENT for one in icinga.downtimes(check)}
    starts = site.cm.status("shepherd")["starts"]
    site.cm.kill("shepherd", signal.SIGKILL)
    eventually(lambda: site.cm.status("shepherd")["starts"] == starts + 1, 15, what="the shepherd is started again")
    eventually(lambda: " 2 lent" in status(site), 30, 0.5, what="the shepherd knows its lends")
    eventually(lambda: icinga.heart()["state"] == 0, 20, 0.5, what="it gives signs of life")
    assert {one["name"] for check in LENT for one in icinga.downtimes(check)} == before
    assert icinga.silent() == LENT


def status(site: Site) -> str:
    """`shepherd -s`."""
    return site.cm.must(("shepherd", "-s"), user="shepherd")


def test_on_the_way_home_nobody_is_alarmed_and_then_everybody_may_be(site: Site, icinga: SiteIcinga) -> None:
    """The downtime was ended with the order to come home; the check ran before the startd was back."""
    order(site, "flockoff", "storage maintenance")
    too_early: list[str] = []

    def is_home() -> bool:
        loud = LENT - icinga.silent()
        seen = {f"{name}!startd" for name in site.accepting_startds()}
        too_early.extend(loud - seen)
        return all_home(site)

    eventually(is_home, HOME_S, 0.2, what="both hosts are at home")
    eventually(lambda: icinga.silent() == HOME, 20, 0.3, what="the flocking startds' checks are silent, and only they")
    assert too_early == []


def test_hosts_are_lent_and_come_home_while_icinga_is_down(site: Site, icinga: SiteIcinga) -> None:
    """Monitoring was down for a day, and so was flocking."""
    icinga.stop()
    order(site, "flockon")
    eventually(lambda: "Icinga: https://cm:5665 does not answer" in status(site), 40, 0.5, what="-s names it")
    eventually(lambda: all_lent(site), LEND_S, 0.3, what="both hosts are lent all the same")
    icinga.start()
    eventually(lambda: icinga.silent() == LENT, 100, 0.5, what="what was missed is made good")
    eventually(lambda: "Icinga" not in status(site), 20, 0.5, what="-s has nothing to tell of it")


def is_well(icinga: SiteIcinga, figure: str) -> bool:
    """Whether the last sign of life says so, and has this among its figures."""
    heart = icinga.heart()
    return heart["state"] == 0 and figure in (heart["last_check_result"] or {}).get("performance_data", ())


def test_a_dead_shepherd_alarms_by_itself(site: Site, icinga: SiteIcinga) -> None:
    """The daemon was dead for a week; its last result had been OK."""
    eventually(lambda: is_well(icinga, "flock=2"), 60, 0.5, what="the shepherd tells Icinga of two lent hosts")
    assert icinga.silent() == LENT
    site.cm.stop("shepherd")
    eventually(lambda: icinga.heart()["state"] == 2, 60, 0.5, what="Icinga says CRITICAL")
    assert "no sign of life" in icinga.heart()["last_check_result"]["output"]
