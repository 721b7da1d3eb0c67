"""The table of herds and alerts, asked of Icinga's own API, with a shepherd that crashes around every request to it.

Hosts and pools are the simulator's; the loop, the requests and Icinga2 are real.
"""

import pathlib
import time
from collections.abc import Sequence

import pytest

from shepherd.edges.icinga import Icinga
from shepherd.lab.icinga import Instance
from shepherd.model.monitoring import Begin, Heartbeat, Permissions, Silence, SilenceKind
from shepherd.ports import Monitoring
from shepherd.sim.crash import Crashes
from shepherd.sim.pools import EPOCH_S
from shepherd.sim.running import Running
from shepherd.sim.site import Site
from tests.icinga.places import HEART, RealPlace
from tests.sim.test_alerts import CELLS, KINDS, cell_id, lent, quiet_site, settle, table
from tests.sim.test_crash_anywhere import HOME_S, SEQUENCES, burst

pytestmark = pytest.mark.real
BEHIND_S = 6000.0
"""The fake world begins so long ago: its time runs faster than Icinga's, and must not overtake it."""


class Struck:
    """The real edge, in a shepherd that may die before or after each request."""

    def __init__(self, real: Icinga, crashes: Crashes) -> None:
        self._real, self._crashes = real, crashes

    def silences(self, kind: SilenceKind) -> Sequence[Silence]:
        with self._crashes.around("monitoring list"):
            return self._real.silences(kind)

    def begin(self, wanted: Begin) -> Silence:
        with self._crashes.around("monitoring begin"):
            return self._real.begin(wanted)

    def end(self, silence: Silence) -> None:
        with self._crashes.around("monitoring end"):
            self._real.end(silence)

    def report(self, heartbeat: Heartbeat) -> None:
        with self._crashes.around("monitoring report"):
            self._real.report(heartbeat)

    def permissions(self) -> Permissions:
        return self._real.permissions()


def attach(site: Site, place: RealPlace, kind: SilenceKind) -> None:
    """From now on this site's shepherds ask the real Icinga. Both agree about the time, nearly."""
    real = place.downtimes if kind is SilenceKind.DOWNTIME else place.switches

    def monitoring(running: Running) -> Monitoring:
        return Struck(real, running.crashes)

    site.icinga = site.meter.alerts = None
    site.monitoring = monitoring
    site.pools.wall_offset_s = time.time() - BEHIND_S - EPOCH_S


@pytest.fixture(name="place")
def a_clean_place(icinga: Instance, tmp_path: pathlib.Path):
    made = RealPlace(icinga, tmp_path)
    made.clean()
    yield made
    made.clean()


def silent(place: RealPlace) -> set[str]:
    """What nobody is told of, as Icinga says."""
    checks = [f"{herd}20{n}!startd" for herd in "pf" for n in (1, 2)]
    return {check for check in checks if place.is_silent(check)}


def site_on(place: RealPlace, kind: str) -> Site:
    """Two fake hosts, idle, and guests waiting."""
    return quiet_site(KINDS[kind], lambda site: attach(site, place, KINDS[kind].icinga.silence))


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_herd_by_herd(place: RealPlace, kind: str) -> None:
    """The talk's site had no alert at all for lent hosts, and one for each container that was not there."""
    site = site_on(place, kind)
    site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == 1, 60)
    settle(site)
    assert silent(place) == table(site)
    assert place.instance.check(HEART)["state"] == 0
    burst(site)
    assert site.run_until(lambda: not lent(site), 60)
    settle(site)
    assert silent(place) == {"f201!startd", "f202!startd"}
    assert site.ledger.present["problems"] == []
    assert site.breaches() == ()


def test_renewed_downtimes_leave_no_gap_and_no_heap(place: RealPlace) -> None:
    """A downtime was renewed by ending it first; the check ran in between."""
    site = site_on(place, "downtime")
    site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == 1, 60)
    settle(site)
    before = {one["__name"] for one in place.instance.downtimes()}
    (renewed,) = {one for one in table(site) if one.startswith("f")}
    site.run(KINDS["downtime"].icinga.downtime_s / 2 - 100)
    seen = []
    for _ in range(100):
        site.run(1)
        seen.append(place.is_silent(renewed))
    settle(site)
    after = {one["__name"] for one in place.instance.downtimes()}
    assert all(seen)
    assert silent(place) == table(site)
    assert len(after) == len(before) == 2
    assert not after & before


@pytest.mark.large("shepherd killed around a request to Icinga", sample=4)
@pytest.mark.parametrize("cell", CELLS, ids=cell_id)
def test_the_next_shepherd_adopts_what_a_crash_left(place: RealPlace, cell: tuple[str, str, int]) -> None:
    """A downtime whose answer the daemon did not live to see was nobody's: the check was silent after the lend."""
    sequence, kind, at = cell
    site = site_on(place, kind)
    theirs = place.administrators("p202!startd")
    SEQUENCES[sequence](site, at)
    assert not site.shepherds[-1].alive
    site.start_shepherd()
    settle(site)
    assert silent(place) == {*table(site), "p202!startd"}
    ours = [one for one in place.instance.downtimes() if one["__name"] != theirs]
    assert len(ours) == (2 if KINDS[kind].icinga.silence is SilenceKind.DOWNTIME else 0)
    burst(site)
    site.run(HOME_S)
    assert silent(place) == {*table(site), "p202!startd"}
    assert place.exists(theirs)
    assert site.breaches() == ()
