"""Lends, from the records of switches."""

import dataclasses
from collections.abc import Iterable

from shepherd.core.records import switch_from
from shepherd.model.entry import Entry
from shepherd.model.harvest import Lend, Period
from shepherd.model.orders import HOMEWARD, Reason, Stage, SwitchRecord
from shepherd.model.settings import TimerSettings

BY_PEOPLE = {
    Reason.FLOCKOFF: "flocking was stopped",
    Reason.BAN: "its host or image was banned",
    Reason.QUARANTINE: "it was quarantined",
    Reason.PERSON: "a person took the host",
}
"""Why a lend ended by somebody's word, without who: the clause on record names them."""


class Lends:
    """All lends so far."""

    def __init__(self) -> None:
        self._open: dict[str, Lend] = {}
        """By host."""
        self._over: list[Lend] = []

    def begin(self, standing: Iterable[Entry]) -> None:
        """What stood when a day began: the same as before, unless records between are missing."""
        known = {entry.host: entry for entry in standing}
        for host in [host for host, lend in self._open.items() if _lease(known.get(host)) != lend.lease]:
            self._over.append(self._open.pop(host))
        for entry in known.values():
            if entry.host not in self._open:
                self.add(entry)

    def add(self, entry: Entry) -> None:
        """Take in a change of a switch. Raises ValueError on one it cannot read."""
        lend = self._open.get(entry.host)
        if not entry.body:
            if lend is not None:
                self._over.append(dataclasses.replace(self._open.pop(entry.host), home_at_s=entry.at_s))
            return
        record = switch_from(entry.body)
        if lend is not None and lend.lease != record.lease:
            self._over.append(self._open.pop(entry.host))
            lend = None
        if lend is None:
            lend = Lend(
                host=record.host, lease=record.lease, cpus=record.cpus, granted_at_s=record.granted_at_s, why=record.why
            )
        if record.stage is Stage.LENT and lend.lent_at_s is None:
            lend = dataclasses.replace(lend, lent_at_s=record.stage_at_s)
        elif record.stage in HOMEWARD and not lend.why_home:
            called = record.stage_at_s if record.stage is Stage.REVOKED else None
            lend = dataclasses.replace(lend, called_at_s=called, why_home=_why(record), failed=record.failed)
        self._open[entry.host] = lend

    def within(self, span: Period) -> tuple[Lend, ...]:
        """Those that were not over at its beginning, by when they were ordered."""
        found = [lend for lend in self._over if span.from_s <= _end(lend)] + list(self._open.values())
        return tuple(sorted((lend for lend in found if lend.granted_at_s < span.to_s), key=_order))


def judged(lend: Lend, timers: TimerSettings) -> Lend:
    """With its lease lapsed, and not home, if its switch was given up only because no lease can have stood any more.
    The record of such a host ends like that of one that came home (`core/switch/move.py`). `timers`: of that time."""
    if lend.reclaim_s is None or lend.reclaim_s <= timers.lease_s + ladder_s(timers):
        return lend
    return dataclasses.replace(lend, home_at_s=None, lapsed_at_s=lend.home_at_s)


def ladder_s(timers: TimerSettings) -> float:
    """A reclaim's longest way to an empty host, if its keeper lives."""
    return timers.graceful_s + timers.fast_s + timers.kill_s


def _why(record: SwitchRecord) -> str:
    return BY_PEOPLE.get(record.reason, record.why)


def _lease(entry: Entry | None) -> object:
    return entry.body.get("lease") if entry is not None else None


def _end(lend: Lend) -> float:
    """The last that is known of it."""
    known = (lend.home_at_s, lend.called_at_s, lend.lent_at_s, lend.granted_at_s)
    return max(at_s for at_s in known if at_s is not None)


def _order(lend: Lend) -> tuple[float, str]:
    return lend.granted_at_s, lend.host
