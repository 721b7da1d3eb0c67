"""A guard that waits for longer than a homecoming may take."""

import pytest

from shepherd.views.present import present_from
from tests.sim.test_scenarios import burst, lent, lent_site


def test_a_guard_that_waits_too_long_is_shown_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guest's process hung in a dead file server; its host was `leaving` for a day, and the setting did nothing."""
    site = lent_site()
    name = lent(site)[0]
    monkeypatch.setattr(site.hosts[name], "fence_keeps_out", lambda: True)
    burst(site, 30)
    deadline_s = site.spec.timers.home_deadline_s
    assert site.run_until(lambda: not lent(site), 60)
    site.run(deadline_s - 1)
    assert present_from(site.ledger.present).problems == ()
    site.run(2 * site.spec.timers.look_s + 1)
    [problem] = present_from(site.ledger.present).problems
    assert f"home_deadline_s = {deadline_s:g}: {name} (" in problem
    monkeypatch.undo()
    site.run(2 * site.spec.timers.look_s)
    assert present_from(site.ledger.present).problems == ()
