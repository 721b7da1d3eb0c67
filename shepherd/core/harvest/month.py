"""A calendar month in UTC, as the ledger's days are."""

import datetime
import re

from shepherd.model.harvest import Period

MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def month_of(text: str) -> Period:
    """`2026-03`: from its first second up to the next month's. Raises ValueError on another text."""
    matched = MONTH.fullmatch(text)
    if matched is None or matched[1] < "1970":
        raise ValueError(f"{text!r} is no month; write e.g. 2026-03")
    year, month = int(matched[1]), int(matched[2])
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    if after[0] > datetime.MAXYEAR:
        raise ValueError(f"{text!r} is beyond the calendar")
    return Period(from_s=_begin_s(year, month), to_s=_begin_s(*after))


def month_name(at_s: float) -> str:
    """The month of an instant, `2026-03`."""
    return f"{datetime.datetime.fromtimestamp(at_s, datetime.UTC):%Y-%m}"


def _begin_s(year: int, month: int) -> float:
    return datetime.datetime(year, month, 1, tzinfo=datetime.UTC).timestamp()
