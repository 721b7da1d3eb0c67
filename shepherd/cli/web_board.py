"""The dashboard's `Board`: the ledger, read as seldom as possible."""

import dataclasses
import pathlib
import threading
from collections.abc import Callable, Sequence

from shepherd.cli.explain_past import said_in, story_of_cycle, story_of_host
from shepherd.cli.harvested import harvest_of
from shepherd.cli.recorded import days_until, moment_at
from shepherd.cli.status import life_of
from shepherd.cli.web_shelf import Shelf
from shepherd.cli.web_tail import Tail
from shepherd.core.roles import may
from shepherd.edges import ledger_past
from shepherd.edges.clock import SystemClock
from shepherd.edges.ledger_present import NAME, read_present
from shepherd.edges.unix_user import person_named
from shepherd.errors import Unavailable
from shepherd.model.entry import EntryKind
from shepherd.model.harvest import Harvest, Period
from shepherd.model.host import HostName
from shepherd.model.moment import Said
from shepherd.model.role_settings import RoleSettings
from shepherd.model.roles import Role
from shepherd.model.story import CycleStory, HostStory
from shepherd.ports import Log
from shepherd.views.present import Present, present_from
from shepherd.views.status import Life, silent
from shepherd.views.web.board import Current, Reckoned

LOOK_S = 0.5
"""Files are looked at so often at most."""
LIFE_S = 5.0
ROLES_S = 60.0
"""A user who leaves a group is believed to be in it for so long."""
MOST_USERS = 1000
NOBODY_ID = -1
"""No account: over the network nobody is the owner of anything."""
STORIES = 32

Stamp = tuple[tuple[int, int], ...]


class LedgerBoard:
    """`views.web.board.Board`. Threads may share it."""

    def __init__(self, ledger: pathlib.Path, trace: pathlib.Path, roles: Callable[[], RoleSettings], log: Log) -> None:
        """`ledger`, `trace`: directories, which need not be there yet. `roles`: those of now."""
        self._directory, self._trace, self._roles = ledger, trace, roles
        self._clock = SystemClock()
        self._shelf = Shelf(self._harvest, self._clock.wall_s, self._clock.steady_s, log)
        self._tail, self._people = Tail(ledger), Tail(ledger)
        self._lock, self._reading, self._naming = threading.Lock(), threading.Lock(), threading.Lock()
        self._stamp: Stamp = ()
        self._looked_s = self._life_s = float("-inf")
        self._life = Life(running=None)
        self._reckonings = 0
        first = int(self._clock.wall_s() * 1000)  # another one than of any process before, of which pages may be open
        self._current = Current(
            version=first, present=None, life=self._life, is_silent=False, trouble="the ledger was not read yet"
        )
        self._mays: dict[str, tuple[float, RoleSettings, bool]] = {}
        self._stories: dict[int, CycleStory] = {}

    def now_s(self) -> float:
        """The wall clock."""
        return self._clock.wall_s()

    def current(self) -> Current:
        """Read again only if the daemon has written, or is not heard of any more."""
        with self._lock:
            if self._clock.steady_s() - self._looked_s >= LOOK_S:
                self._look()
                self._looked_s = self._clock.steady_s()
            return self._current

    def _look(self) -> None:
        was = self._current
        present, trouble = was.present, was.trouble
        if (stamp := self._stamped()) != self._stamp or not present or trouble:
            self._stamp = stamp
            present, trouble = self._read(present)
        if self._clock.steady_s() - self._life_s >= LIFE_S:
            self._life, self._life_s = life_of(self._directory), self._clock.steady_s()
        is_silent = present is not None and silent(present, self.now_s())
        now = Current(version=was.version, present=present, life=self._life, is_silent=is_silent, trouble=trouble)
        if now != was or self._shelf.changes != self._reckonings:
            self._reckonings = self._shelf.changes
            self._current = dataclasses.replace(now, version=was.version + 1)

    def _read(self, before: Present | None) -> tuple[Present | None, str]:
        """What is shown now; what was, and why no more, if that cannot be read."""
        try:
            found = read_present(self._directory)
            return (present_from(found[0]), "") if found else (before, "the shepherd has not looked around yet")
        except Unavailable as exc:
            return before, str(exc)

    def _stamped(self) -> Stamp:
        return tuple(map(stamp_of, (self._directory / NAME, self._directory / f"{NAME}-wal")))

    def may_see_persons(self, user: str) -> bool:
        """By Unix group; nobody is root or the daemon here."""
        now, roles = self._clock.steady_s(), self._roles()
        known = self._mays.get(user)
        if known is None or now - known[0] > ROLES_S or known[1] != roles:
            if len(self._mays) >= MOST_USERS:
                self._mays.clear()
            person = dataclasses.replace(person_named(user, NOBODY_ID), is_owner=False)
            known = self._mays[user] = now, roles, may(Role.PERSONAL, roles, person)
        return known[2]

    def names(self) -> frozenset[str]:
        """By all days that can be read. Raises LedgerUnavailable."""
        with self._naming:
            return self._people.names()

    def host(self, name: str, at_s: float | None) -> HostStory | None:
        """By the newest look, or the newest until then."""
        until_s, host = (float("inf") if at_s is None else at_s), HostName(name)
        with self._reading:
            days = days_until(self._directory, until_s)
            moment = self._tail.moment() if at_s is None else None
            moment = moment or next(filter(None, (moment_at(path, until_s) for path in days[:2])), None)
            return story_of_host(days, host, moment, until_s) if moment else None

    def decisions(self, before: int | None, count: int) -> Sequence[Said]:
        """The newest first."""
        below = ledger_past.NONE_ABOVE if before is None else before
        found: list[Said] = []
        for path in self._tail_days():
            for stored in ledger_past.newest_first(path, EntryKind.VERDICT, float("inf"), below=below):
                found.append(said_in(path, stored))
                if len(found) >= count:
                    return found
        return found

    def cycle(self, seq: int) -> CycleStory:
        """Kept once it is told of a day that is over, or long ago: what came of its orders is known then."""
        with self._reading:
            if seq in self._stories:
                return self._stories[seq]
            story = story_of_cycle(self._tail.days(), str(seq))
            if self.now_s() - story.said.at_s > 3600:
                while len(self._stories) >= STORIES:
                    self._stories.pop(next(iter(self._stories)))
                self._stories[seq] = story
            return story

    def reckoned(self, days: int) -> Reckoned:
        """By the shelf."""
        return self._shelf.reckoned(days)

    def _tail_days(self) -> list[pathlib.Path]:
        with self._naming:
            return list(self._people.days())

    def _harvest(self, span: Period, bucket_s: float) -> Harvest:
        return harvest_of(self._directory, self._trace, span, bucket_s)


def stamp_of(path: pathlib.Path) -> tuple[int, int]:
    """Changes whenever the file does."""
    try:
        seen = path.stat()
    except OSError:
        return 0, 0
    return seen.st_mtime_ns, seen.st_size
