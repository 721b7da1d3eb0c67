"""Harvests of days that follow one another as one of all of them."""

import dataclasses
from collections.abc import Iterable, Sequence

from shepherd.core.harvest.gather import Gathering
from shepherd.core.harvest.took import took
from shepherd.model.harvest import Blank, GuestShare, Harvest, Incident, Lend, Period, Waited


def together(days: Sequence[Harvest]) -> Harvest:
    """In their order, which must be that of time. ValueError if there is none.

    A lend or an incident that lasted over an end of a day is one. The longest wait is that within a day.
    """
    if not days:
        raise ValueError("no day is no harvest")
    asked = Period(from_s=days[0].asked.from_s, to_s=days[-1].asked.to_s)
    known_s = sum(day.known_s for day in days)
    lends = lends_of(days)
    began = [one.lend_s for one in lends if one.granted_at_s >= asked.from_s]
    called = [one.reclaim_s for one in lends if one.called_at_s is not None and one.called_at_s >= asked.from_s]
    return Harvest(
        asked=asked,
        known_s=known_s,
        blanks=blanks_of(days),
        hosts=sum(day.hosts * day.known_s for day in days) / known_s if known_s else 0.0,
        local_core_h=sum(day.local_core_h for day in days),
        local_used_core_h=sum(day.local_used_core_h for day in days),
        lent_core_h=sum(day.lent_core_h for day in days),
        lent_used_core_h=sum(day.lent_used_core_h for day in days),
        moving_core_h=sum(day.moving_core_h for day in days),
        guests=guests_of(share for day in days for share in day.guests),
        jobs_unknown=tuple(dict.fromkeys(why for day in days for why in day.jobs_unknown)),
        lends=lends,
        lend_times=took(one for one in began if one is not None),
        reclaim_times=took(one for one in called if one is not None),
        waited=waited_of([day.waited for day in days]),
        incidents=incidents_of(days),
        series=tuple(bucket for day in days for bucket in day.series),
    )


def nothing(asked: Period, why: str) -> Harvest:
    """Of a day, or what there is of it, whose record cannot be read: a blank, and an incident."""
    gathering = Gathering(asked, max(asked.lasts_s, 1.0))
    gathering.lost(why)
    return gathering.harvest()


def lends_of(days: Iterable[Harvest]) -> tuple[Lend, ...]:
    """The last day that knows of a lend knows most of it."""
    found = {lend.lease: lend for day in days for lend in day.lends}
    return tuple(sorted(found.values(), key=lambda lend: (lend.granted_at_s, lend.lease)))


def incidents_of(days: Iterable[Harvest]) -> tuple[Incident, ...]:
    """The same one is of the same kind, place and beginning. Of a lend the words may change as it goes on; without one
    they tell apart what began at the same look."""
    found = {(one.kind, one.host, one.lease or one.words, one.from_s): one for day in days for one in day.incidents}
    return tuple(sorted(found.values(), key=lambda one: (one.from_s, one.kind.value, one.host)))


def blanks_of(days: Iterable[Harvest]) -> tuple[Blank, ...]:
    """What goes on where a day ends is one."""
    found: list[Blank] = []
    for blank in (blank for day in days for blank in day.blanks):
        if found and found[-1].to_s == blank.from_s and found[-1].why == blank.why:
            found[-1] = dataclasses.replace(found[-1], to_s=blank.to_s)
        else:
            found.append(blank)
    return tuple(found)


def guests_of(shares: Iterable[GuestShare]) -> tuple[GuestShare, ...]:
    """By name, most first."""
    found: dict[str, GuestShare] = {}
    for one in shares:
        before = found.get(one.guest)
        found[one.guest] = one if before is None else _sum(before, one)
    return tuple(sorted(found.values(), key=lambda one: (-one.core_h, one.guest)))


def waited_of(waits: Sequence[Waited]) -> Waited:
    """Sums, and the longest of all."""
    longest_s = max(one.blocked_longest_s for one in waits)
    names = [field.name for field in dataclasses.fields(Waited) if field.name != "blocked_longest_s"]
    return Waited(blocked_longest_s=longest_s, **{name: sum(getattr(one, name) for one in waits) for name in names})


def _sum(one: GuestShare, other: GuestShare) -> GuestShare:
    names = [field.name for field in dataclasses.fields(GuestShare) if field.name != "guest"]
    return dataclasses.replace(one, **{name: getattr(one, name) + getattr(other, name) for name in names})
