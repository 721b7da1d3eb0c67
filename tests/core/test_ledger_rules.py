"""The settings of the ledger that are refused."""

import pytest

from shepherd.core.settings.ledger import ledger_problems
from shepherd.model.ledger_settings import LedgerSettings


@pytest.mark.parametrize(("days", "is_refused"), [(-1, True), (0, False), (1, False), (400, False), (10**9, True)])
def test_days_that_mean_nothing_are_refused(days: int, is_refused: bool):
    """Fewer than none removed all of it at the first minute."""
    assert bool(list(ledger_problems(LedgerSettings(keep_days=days)))) is is_refused
