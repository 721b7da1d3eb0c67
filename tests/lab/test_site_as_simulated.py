"""The simulator is held to the real site: of one scenario both make the same switches, in one order, at their times."""

from collections.abc import Callable

import pytest

from tests.lab.alike import strays
from tests.lab.scenario import TWO_BURSTS
from tests.lab.scenario_on_site import on_site
from tests.lab.scenario_simulated import simulated

pytestmark = [pytest.mark.real, pytest.mark.limit(300), pytest.mark.large("on a site", sample=1)]
SEEDS = range(40)


def test_what_the_simulator_says_happens_on_a_real_site(record_property: Callable[[str, object], None]) -> None:
    """Settings were chosen by a simulator in which hosts came home before anybody had asked for them."""
    real = on_site(TWO_BURSTS)
    record_property("course", str(real))
    assert strays(real, [simulated(TWO_BURSTS, seed) for seed in SEEDS]) == [], real
