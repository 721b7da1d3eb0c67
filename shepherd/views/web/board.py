"""What the pages are made from."""

import dataclasses
from collections.abc import Sequence
from typing import Protocol

from shepherd.model.harvest import Bucket, Harvest
from shepherd.model.moment import Said
from shepherd.model.story import CycleStory, HostStory
from shepherd.views.present import Present
from shepherd.views.status import Life


@dataclasses.dataclass(frozen=True, kw_only=True)
class Current:
    """What the daemon shows now."""

    version: int
    """Another one whenever anything of it is another."""
    present: Present | None
    life: Life
    is_silent: bool
    trouble: str
    """Why there is nothing to show, or no more than was; else empty."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reckoned:
    """A span of days, as far as it is reckoned."""

    harvest: Harvest | None
    """None: no day of it is, yet."""
    done: int
    of: int
    """Days."""
    trouble: str = ""
    """Why days are missing."""
    rows: Sequence[Bucket] = ()
    """All of its series, in so few buckets that a person reads them."""


class Board(Protocol):
    """Reads the ledger. Every method may wait for the disk, and be called by several threads."""

    def now_s(self) -> float:
        """The wall clock."""

    def current(self) -> Current:
        """Looked up anew if it changed. Raises nothing."""

    def may_see_persons(self, user: str) -> bool:
        """Whether this Unix user has the role."""

    def names(self) -> frozenset[str]:
        """Everybody whom the records of late name: who ordered, whom a ban is for."""

    def host(self, name: str, at_s: float | None) -> HostStory | None:
        """Why a host was where it was; None if nothing was known of it. Raises UsageError, LedgerUnavailable."""

    def decisions(self, before: int | None, count: int) -> Sequence[Said]:
        """The newest decisions before a record. Raises UsageError, LedgerUnavailable."""

    def cycle(self, seq: int) -> CycleStory:
        """One decision. Raises UsageError, LedgerUnavailable."""

    def reckoned(self, days: int) -> Reckoned:
        """The last so many days, as far as they are reckoned by now; the rest goes on. Raises nothing."""
