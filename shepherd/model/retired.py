"""Days of the ledger that retention has removed: what stays of them on the chain."""

import dataclasses

from shepherd.model.entry import Entry, EntryKind


@dataclasses.dataclass(frozen=True, kw_only=True)
class Retired:
    """Everything up to a day's end was removed because it was old enough. Recorded before it goes."""

    through: str
    """The last of these days, as in its file's name."""
    days: int
    last_seq: int
    hash: str
    """Of the last record; what the oldest day that stays continues."""
    keep_days: int
    """The setting then."""

    def entry(self, at_s: float) -> Entry:
        """As it is recorded."""
        return Entry(at_s=at_s, kind=EntryKind.RETIRED, cause="ledger", body=dataclasses.asdict(self))


def retired_from(entry: Entry | None) -> Retired | None:
    """The inverse of `entry`; None of an entry that says no such thing."""
    if entry is None or entry.kind is not EntryKind.RETIRED or not isinstance(entry.body.get("last_seq"), int):
        return None
    try:
        return Retired(**entry.body)  # type: ignore[arg-type]
    except TypeError:
        return None
