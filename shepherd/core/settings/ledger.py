"""What the settings of the ledger must not say."""

from collections.abc import Iterator

from shepherd.core.settings.forms import Problem
from shepherd.core.settings.trace import MOST_DAYS
from shepherd.model.ledger_settings import LedgerSettings


def ledger_problems(ledger: LedgerSettings) -> Iterator[Problem]:
    """Everything wrong."""
    if not 0 <= ledger.keep_days <= MOST_DAYS:
        remedy = f"give days, 1 to {MOST_DAYS}, or 0 to keep all of it"
        yield Problem("ledger.keep_days", f"is {ledger.keep_days}", remedy)
