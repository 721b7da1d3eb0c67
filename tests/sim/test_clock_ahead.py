"""The shepherd's clock was an hour ahead for a while."""

from shepherd.sim import faults
from tests.sim.test_scenarios import lent, lent_site


def test_after_a_clock_that_was_ahead_and_a_lost_collector_hosts_are_lent_again() -> None:
    """Keepers had obeyed a stop from the future and refused every page after it as a replay, until the future came:
    nothing was lent for an hour, and the pages that could have told the next shepherd had gone with the collector."""
    site = lent_site()
    faults.site_clock_on(site)
    faults.flockoff(site)
    site.run(60)
    assert not lent(site)
    faults.site_clock_back(site)
    site.run(60)
    faults.flockon(site)
    site.shepherds[0].kill()
    faults.restart_home(site)
    site.start_shepherd()
    assert site.run_until(lambda: len(lent(site)) == 2, 600)
    assert site.breaches() == ()
