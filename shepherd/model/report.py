"""A month's report, before it is put into words."""

import dataclasses

from shepherd.model.harvest import Bucket, Harvest


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """What a month gave and cost."""

    month: str
    """`2026-03`, in UTC."""
    made_at_s: float
    is_over: bool
    """False: the month goes on, and this is up to now."""
    harvest: Harvest
    """Its series is by hours."""
    days: tuple[Bucket, ...]
    """The same by days."""
