"""What went wrong, or was stopped, from the records. Free words that may name a person are left out."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from shepherd.core.harvest.lends import ladder_s
from shepherd.core.recorded.members import Json, objects, seconds
from shepherd.core.records import bans_from, flockoff_from
from shepherd.core.stop import quarantine
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.harvest import Incident, IncidentKind, Lend, Period
from shepherd.model.settings import TimerSettings
from shepherd.model.stop import Ban, BanKind

KEEPER = "keeper of "
"""Who stops flocking for a leak (`core/latch.py`)."""
ALSO = re.compile(r"\bflockoff by [^:]*: ")
"""Who else stopped it, in the words of a stop by file and by verb (`core/latch.py`)."""
LEAK = "leak: "
"""So a keeper tells of one (`core/container/leaks.py`); with `leak_stops = "host"` only a lend's end does."""
SAME_S = 120.0
"""A lend that ends for a leak, and a stop of all flocking for a leak of that host, so near to each other are one."""
FOLDED = frozenset({EntryKind.FLOCKOFF, EntryKind.BANS, EntryKind.QUARANTINES, EntryKind.GAP})


class Incidents:
    """All so far, but those of lends."""

    def __init__(self) -> None:
        self._open: dict[tuple[EntryKind | IncidentKind, str], Incident] = {}
        """Those that stand, by what they are of and which."""
        self._over: list[Incident] = []

    def add(self, entry: Entry) -> None:
        """Take in a record of `FOLDED`; one that stood already changes nothing. Raises ValueError."""
        match entry.kind:
            case EntryKind.FLOCKOFF:
                self._stand(entry.kind, dict(_flockoff(entry)), entry.at_s)
            case EntryKind.BANS:
                self._stand(entry.kind, dict(map(_ban, bans_from(entry.body))), entry.at_s)
            case EntryKind.QUARANTINES:
                self._stand(entry.kind, dict(_quarantines(entry)), entry.at_s)
            case EntryKind.GAP:
                self._over.append(_gap(entry))
            case _:
                pass

    def look(self, rest: Json, at_s: float) -> None:
        """Take in what a snapshot says of its sources. Raises ValueError."""
        problems = {name: row.get("problem") for name, row in objects(rest, "readings").items()}
        blind = (
            (name, Incident(kind=IncidentKind.BLIND, from_s=at_s, to_s=None, words=f"{name}: {problem}"))
            for name, problem in problems.items()
            if problem
        )
        self._stand(IncidentKind.BLIND, dict(blind), at_s)

    def within(self, span: Period) -> Iterator[Incident]:
        """Those that have a moment in the span."""
        for one in (*self._over, *self._open.values()):
            if one.from_s < span.to_s and (one.to_s is None or one.to_s >= span.from_s):
                yield dataclasses.replace(one, to_s=None) if (one.to_s or 0.0) > span.to_s else one

    def _stand(self, of: EntryKind | IncidentKind, standing: Mapping[str, Incident], at_s: float) -> None:
        """These are all of a kind that stand now: others are over."""
        now = {(of, key): one for key, one in standing.items()}
        for key in [key for key in self._open if key[0] is of and key not in now]:
            self._over.append(dataclasses.replace(self._open.pop(key), to_s=at_s))
        for key, one in now.items():
            self._open.setdefault(key, one)


def of_lends(lends: tuple[Lend, ...], span: Period, timers: Callable[[float], TimerSettings]) -> Iterator[Incident]:
    """Lends that went wrong within the span. `timers`: as they were at a time."""
    for lend in lends:
        called_s = lend.called_at_s
        if called_s is None or not span.from_s <= called_s < span.to_s:
            continue
        if lend.failed:
            kind = IncidentKind.LEAK if LEAK in lend.why_home else IncidentKind.FAILED_LEND
            yield _of(lend, kind, called_s, called_s, lend.why_home)
        settings, took_s = timers(called_s), (lend.home_at_s or span.to_s) - called_s
        if lend.lapsed_at_s is not None:
            words = "its lease lapsed; nothing proved that it was home"
            yield _of(lend, IncidentKind.LAPSED_LEASE, called_s, lend.lapsed_at_s, words)
        elif took_s > ladder_s(settings) + settings.home_deadline_s:
            ended = "" if lend.home_at_s is not None else ", and it is not home"
            words = f"{took_s:.0f} s after it was ordered home{ended}"
            yield _of(lend, IncidentKind.LATE_HOME, called_s, lend.home_at_s, words)


def once(incidents: Iterable[Incident]) -> Iterator[Incident]:
    """Without lends that ended for a leak which stopped everything: that is told already."""
    found = list(incidents)
    stops = [one for one in found if one.kind is IncidentKind.LEAK and not one.lease]
    for one in found:
        is_told = any(stop.host == one.host and abs(stop.from_s - one.from_s) < SAME_S for stop in stops)
        if not (one.kind is IncidentKind.LEAK and one.lease and is_told):
            yield one


def _of(lend: Lend, kind: IncidentKind, from_s: float, to_s: float | None, words: str) -> Incident:
    return Incident(kind=kind, from_s=from_s, to_s=to_s, words=words, host=lend.host, lease=lend.lease)


def _flockoff(entry: Entry) -> Iterator[tuple[str, Incident]]:
    off = flockoff_from(entry.body)
    if off is not None:
        is_leak = off.who.startswith(KEEPER)
        kind = IncidentKind.LEAK if is_leak else IncidentKind.FLOCKOFF
        host = off.who.removeprefix(KEEPER) if is_leak else ""
        words = ALSO.sub("flockoff: ", off.why)
        yield "", Incident(kind=kind, from_s=min(off.since_s, entry.at_s), to_s=None, words=words, host=host)


def _ban(ban: Ban) -> tuple[str, Incident]:
    """A user is a person, a schedd may be one's own machine, and why somebody was banned may name one."""
    is_person = ban.kind in {BanKind.USER, BanKind.SCHEDD}
    words = f"a {ban.kind.value}" if is_person else f"{ban.kind.value} {ban.value}"
    incident = Incident(kind=IncidentKind.BAN, from_s=ban.at_s, to_s=None, words=words)
    return f"{ban.kind.value} {ban.value}", incident


def _quarantines(entry: Entry) -> Iterator[tuple[str, Incident]]:
    for one in quarantine.from_body(entry.body):
        if one.released_at_s is None:
            words = "its container was cut off and looked at"
            yield one.ident, Incident(
                kind=IncidentKind.QUARANTINE, from_s=one.at_s, to_s=None, words=words, host=one.host
            )


def _gap(entry: Entry) -> Incident:
    from_s, to_s = seconds(entry.body, "from_s", entry.at_s), seconds(entry.body, "to_s", entry.at_s)
    words = str(entry.body.get("problem") or "nothing could be recorded")
    return Incident(kind=IncidentKind.GAP, from_s=from_s, to_s=to_s, words=words)
