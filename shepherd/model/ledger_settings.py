"""The settings of the ledger: what the shepherd decided and did, and for how long that is kept."""

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class LedgerSettings:
    """The record of decisions, orders and outcomes."""

    keep_days: int = 400
    """Whole days after its end that a day is kept; then its file is removed, and the record says so. Days; 0: for ever.
    A month can then be held against the same month of the year before. 3 000 busy hosts need 34 MB a day. Nothing goes
    that is as young as an incident on hold in the record of who ran what."""
