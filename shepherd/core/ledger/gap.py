"""The time in which nothing could be recorded, remembered until it can be."""

import dataclasses

from shepherd.model.entry import Entry, EntryKind


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gap:
    """Open since the first record that was lost, or not open."""

    from_s: float | None = None
    why: str = ""
    lost: int = 0
    """Records that could not be kept."""

    @property
    def open(self) -> bool:
        """Whether the ledger is known to be unavailable."""
        return self.from_s is not None

    def widened(self, at_s: float, why: str, lost: int) -> "Gap":
        """After an append of `lost` entries raised LedgerUnavailable with `why`."""
        from_s = at_s if self.from_s is None else self.from_s
        return Gap(from_s=from_s, why=why, lost=self.lost + lost)

    def entries(self, at_s: float) -> tuple[Entry, ...]:
        """What to put in front of the next append: one GAP record, or nothing.

        When that append succeeds the gap is over: go on with `Gap()`.
        """
        if self.from_s is None:
            return ()
        body = {"from_s": self.from_s, "to_s": at_s, "why": self.why, "lost": self.lost}
        return (Entry(at_s=at_s, kind=EntryKind.GAP, cause="ledger", body=body),)
