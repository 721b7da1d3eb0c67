"""A real Icinga that dies, hangs, reloads and changes its mind, under a shepherd that goes on."""

import contextlib
import os
import pathlib
import signal
import time
from collections.abc import Iterator

import pytest

from shepherd.errors import MonitoringUnavailable
from shepherd.lab.eventually import eventually
from shepherd.lab.icinga import Instance
from shepherd.model.monitoring import Begin, Mark, SilenceKind
from shepherd.sim.site import Site
from tests.icinga.places import CHECK, RealPlace
from tests.icinga.test_table import silent, site_on
from tests.sim.test_alerts import lent, settle, table
from tests.sim.test_crash_anywhere import HOME_S, burst

pytestmark = pytest.mark.real
MARK = Mark(pool="home", instance="i", host="p201", lease="", why="w")


@pytest.fixture(name="place")
def a_clean_place(icinga: Instance, tmp_path: pathlib.Path):
    made = RealPlace(icinga, tmp_path)
    made.clean()
    yield made
    if not icinga.answers():
        icinga.stop()
        icinga.start()
    made.clean()


def wanted() -> Begin:
    now_s = time.time()
    return Begin(check=CHECK, kind=SilenceKind.DOWNTIME, mark=MARK, from_s=now_s - 300, until_s=now_s + 7200)


def started(icinga: Instance) -> float:
    """When the process that answers began."""
    return float(icinga.ask("/status/IcingaApplication")[0]["status"]["icingaapplication"]["app"]["program_start"])


def lent_site(place: RealPlace, kind: str = "downtime") -> Site:
    """One of two fake hosts serves guests, and the real Icinga knows."""
    site = site_on(place, kind)
    site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == 1, 60)
    settle(site)
    assert silent(place) == table(site)
    return site


def test_downtimes_outlive_a_killed_icinga(place: RealPlace) -> None:
    """The machine with the monitoring lost power, and every lent host alarmed when it was back."""
    made = place.downtimes.begin(wanted())
    place.instance.stop()
    with pytest.raises(MonitoringUnavailable, match="does not answer"):
        place.downtimes.end(made)
    place.instance.start()
    assert place.is_silent(CHECK)
    assert [one.name for one in place.downtimes.silences(SilenceKind.DOWNTIME)] == [made.name]


@pytest.mark.parametrize("kind", ["downtime", "disable-checks"])
def test_a_host_comes_home_while_icinga_is_down_and_alarms_again_when_it_is_back(place: RealPlace, kind: str) -> None:
    """Nobody looked after what had been asked for in vain: the host was silent for good."""
    site = lent_site(place, kind)
    place.instance.stop()
    burst(site)
    assert site.run_until(lambda: not lent(site), 60)
    site.run(60)
    assert "does not answer" in " ".join(site.ledger.present["problems"])  # type: ignore[arg-type]
    place.instance.start()
    settle(site)
    assert silent(place) == table(site)
    assert site.ledger.present["problems"] == []


@pytest.mark.limit(120)
def test_a_host_comes_home_while_icinga_hangs(place: RealPlace) -> None:
    """A connection that was accepted and never answered held the reclaim."""
    site = lent_site(place)
    burst(site)
    with place.not_answering():
        began_s = site.now_s
        assert site.run_until(lambda: not lent(site), 60)
        assert site.now_s - began_s < 30
    settle(site)
    site.run(HOME_S)
    assert silent(place) == table(site)


def begun_during_a_reload(place: RealPlace) -> tuple[set[str], int]:
    """Names of downtimes that were answered for while Icinga was reloaded, and how many were told to come again."""
    done, unavailable = set(), 0
    with reloaded(place.instance):
        end_s = time.monotonic() + 5
        while time.monotonic() < end_s:
            try:
                done.add(place.downtimes.begin(wanted()).name)
            except MonitoringUnavailable:
                unavailable += 1
            time.sleep(0.02)
    return done, unavailable


def test_a_new_icinga_does_what_it_answers_for_in_a_reload(new_icinga: Instance, tmp_path: pathlib.Path) -> None:
    """It says 503 meanwhile: a lend waits, and nothing is believed that is not there."""
    place = RealPlace(new_icinga, tmp_path)
    place.clean()
    done, unavailable = begun_during_a_reload(place)
    there = {one.name for one in place.downtimes.silences(SilenceKind.DOWNTIME)}
    tidy(place)
    assert done
    assert done <= there
    assert len(there) - len(done) <= unavailable


def test_what_a_reload_forgot_is_made_good(place: RealPlace) -> None:
    """2.13 says 200 during a reload, and the process that takes over has read its files before: lent hosts alarmed."""
    site = site_on(place, "downtime")
    with reloaded(place.instance):
        site.start_shepherd()
        assert site.run_until(lambda: len(lent(site)) == 1, 60)
    settle(site)
    now = silent(place)
    tidy(place)
    assert now == table(site)


def test_a_permission_that_was_taken_is_named_and_used_again_when_it_is_back(place: RealPlace) -> None:
    """Refused for a month because of one line in another file; nobody knew."""
    instance = place.instance
    shipped = instance.home / "etc/shepherd.conf"
    text = shipped.read_text()
    site = lent_site(place)
    shipped.write_text(text.replace('"actions/schedule-downtime"', '"actions/nothing"'))
    with reloaded(instance):
        pass
    place.clean()  # 2.13 may bring back in a reload what was ended just before: then nothing would have to be asked for
    burst(site)
    assert site.run_until(lambda: not lent(site), 60)
    settle(site)
    problems = " ".join(site.ledger.present["problems"])  # type: ignore[arg-type]
    assert "f201!startd" in problems
    assert "no permission" in problems
    assert not place.is_silent("p201!startd")
    shipped.write_text(text)
    with reloaded(instance):
        pass
    site.run(site.spec.limits().silence_s)
    assert silent(place) == table(site)
    assert site.ledger.present["problems"] == []


def test_a_silence_that_may_not_be_ended_is_told_until_it_may(place: RealPlace) -> None:
    """Hosts had come home and stayed silent for two hours; `shepherd -s` had nothing to say of it."""
    instance = place.instance
    shipped = instance.home / "etc/shepherd.conf"
    text = shipped.read_text()
    site = lent_site(place)
    shipped.write_text(text.replace('"actions/remove-downtime"', '"actions/nothing"'))
    with reloaded(instance):
        pass
    burst(site)
    assert site.run_until(lambda: not lent(site), 60)
    settle(site)
    for _ in range(3):
        problems = " ".join(site.ledger.present["problems"])  # type: ignore[arg-type]
        assert "p201!startd: " in problems
        assert "no permission" in problems
        site.run(30)
    assert place.is_silent("p201!startd")
    shipped.write_text(text)
    with reloaded(instance):
        pass
    site.run(site.spec.limits().silence_s)
    assert silent(place) == table(site)
    assert site.ledger.present["problems"] == []


@contextlib.contextmanager
def reloaded(instance: Instance) -> Iterator[None]:
    """Icinga reads its configuration again meanwhile. In the end the process that had read the old one is gone: what
    2.13 was asked to end before that may be back."""
    before, old = started(instance), workers(instance)
    os.kill(instance.pid, signal.SIGHUP)
    yield
    eventually(lambda: not old & workers(instance), 30, what="the old process is gone")
    eventually(lambda: started(instance) > before, 30, what="Icinga was reloaded")


def tidy(place: RealPlace) -> None:
    """What 2.13 forgot lies in a file all the same, and is back after the next reload."""
    with reloaded(place.instance):
        pass
    place.clean()


def workers(instance: Instance) -> set[int]:
    """Its processes, but for the first, which stays."""
    found = set()
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(pid) == instance.pid != pid:
                found.add(pid)
    return found
