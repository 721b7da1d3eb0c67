"""The newest day of the ledger, followed: only what was recorded since the last time is read."""

import contextlib
import pathlib
from collections.abc import Iterable, Iterator, Mapping

from shepherd.cli.recorded import readable
from shepherd.core.recorded.moments import NEEDED, Fold
from shepherd.edges import ledger_past
from shepherd.edges.ledger_files import partition_files
from shepherd.errors import LedgerUnavailable
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.moment import Moment
from shepherd.model.stop import BanKind
from shepherd.views.web.persons import EVERYBODY

BY_PEOPLE = frozenset({EntryKind.INTENT, EntryKind.FLOCKOFF, EntryKind.BANS, EntryKind.QUARANTINES})
WHO = frozenset({"who", "owner", "by"})
"""Members of records that name who ordered something."""
USER = BanKind.USER.value
MOST_NAMES = 2000
"""With more of them no words are shown at all: a page would take too long to look for each of them."""


class Tail:
    """What was known at the newest look, and who was ever named as having ordered something. Not for several threads at
    once. Methods raise LedgerUnavailable."""

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory
        self._files: list[pathlib.Path] = []
        self._days: list[pathlib.Path] = []
        self._day: pathlib.Path | None = None
        self._seq = 0
        self._fold: Fold | None = None
        self._since: list[Entry] = []
        """What was recorded after the newest look."""
        self._at_s = 0.0
        self._names: dict[pathlib.Path, tuple[int, frozenset[str]]] = {}
        self._named: set[pathlib.Path] = set()
        """Days that were over when all of their names were read."""

    def days(self) -> list[pathlib.Path]:
        """Those with records, the newest first."""
        files = partition_files(self._directory)
        if files != self._files:
            self._days = list(ledger_past.days(self._directory).values())[::-1]
            is_whole = not files or files[-1] in self._days  # a day that is just being begun is none yet
            self._files = files if is_whole else []
        return self._days

    def moment(self) -> Moment | None:
        """The newest look that is on record on the newest day; None if there is none yet."""
        days = self.days()
        if not days:
            return None
        with readable(days[0]):
            if self._day != days[0] or self._fold is None:
                self._day, self._seq, self._at_s, self._since = days[0], 0, 0.0, []
                self._fold = Fold(ledger_past.standing_before(days[0]))
            try:
                self._follow(days[0], self._fold)
            except BaseException:
                self._day = None
                raise
            return self._fold.moment(self._at_s) if self._at_s else None

    def _follow(self, day: pathlib.Path, fold: Fold) -> None:
        for stored in ledger_past.records_of(day, NEEDED, after=self._seq):
            self._seq = stored.seq
            self._since.append(stored.entry)
            if stored.entry.kind is EntryKind.SNAPSHOT:
                fold.add_all(self._since)
                self._since.clear()
                self._at_s = stored.entry.at_s

    def names(self) -> frozenset[str]:
        """Everybody who is on record as having ordered something, or as banned, on any day. Has `EVERYBODY` in place of
        them where they are more than `MOST_NAMES`."""
        days = self.days()
        for day in days:
            if day in self._named:
                continue
            seq, found = self._names.get(day, (0, frozenset()))
            more = set(found)
            with contextlib.suppress(LedgerUnavailable):  # nothing of such a day is shown either
                for stored in ledger_past.records_of(day, BY_PEOPLE, after=seq):
                    seq = stored.seq
                    more.update(named(stored.entry.body))
                if day != days[0]:
                    self._named.add(day)
            self._names[day] = seq, frozenset(more)
        known = frozenset[str]().union(*(found for _, found in self._names.values()))
        return known if len(known) <= MOST_NAMES else frozenset({EVERYBODY})


def named(body: object) -> Iterator[str]:
    """Who, anywhere in a record's body: who ordered something, and whom a ban of a user is for."""
    match body:
        case Mapping():
            if body.get("kind") == USER and isinstance(banned := body.get("value"), str):
                yield from (banned, banned.partition("@")[0])
            yield from (str(value) for key, value in body.items() if key in WHO and isinstance(value, str))
            inner: Iterable[object] = body.values()
        case list() | tuple():
            inner = body
        case _:
            return
    for one in inner:
        yield from named(one)
