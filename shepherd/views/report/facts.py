"""The figures of a report in words, the same for the text and for the page."""

from collections.abc import Iterator
from typing import NamedTuple

from shepherd.model.harvest import Harvest, Took
from shepherd.model.one_line import one_line
from shepherd.model.report import Report
from shepherd.views.wording import age, instant

BLANKS_TOLD = 6
NOBODYS = "(not known whose)"


class Fact(NamedTuple):
    """One figure, and what to think of it."""

    title: str
    value: str
    note: str


def facts(harvest: Harvest) -> Iterator[Fact]:
    """What a director asks for, in that order."""
    all_h = harvest.local_core_h + harvest.lent_core_h + harvest.moving_core_h
    of_all = share(harvest.lent_used_core_h, all_h)
    used = share(harvest.lent_used_core_h, harvest.lent_core_h)
    yield Fact("given to guests", f"{number(harvest.lent_used_core_h)} core-hours", f"{of_all} of all cores")
    yield Fact("offered to guests", f"{number(harvest.lent_core_h)} core-hours", f"they used {used} of it")
    local = share(harvest.local_used_core_h, harvest.local_core_h)
    yield Fact("used by local jobs", f"{number(harvest.local_used_core_h)} core-hours", f"{local} of the local herd")
    moving = share(harvest.moving_core_h, all_h)
    yield Fact("lost to switching", f"{number(harvest.moving_core_h)} core-hours", f"{moving} of all cores")
    yield Fact("hosts", f"{harvest.hosts:.1f}", "on average")
    yield Fact("lends", number(harvest.lent_count), took_words(harvest.lend_times, "served"))
    yield Fact("reclaims", number(harvest.reclaimed_count), took_words(harvest.reclaim_times, "home"))
    yield from _waits(harvest)
    yield Fact("incidents", number(len(harvest.incidents)), "")


def _waits(harvest: Harvest) -> Iterator[Fact]:
    waited = harvest.waited
    unknown = f"; the queue was not known for {waited.unknown_h:.1f} h" if waited.unknown_h > 0.05 else ""
    longest = f", never longer than {age(waited.blocked_longest_s)} at a time" if waited.blocked_longest_s else ""
    blocked = f"{number(waited.blocked_core_h)} core-hours"
    yield Fact("local jobs waited for lent hosts", f"{number(waited.blocked_job_h)} job-hours", blocked + longest)
    others = f"of {number(waited.idle_job_h)} job-hours in the queue{unknown}"
    yield Fact("no free local host had room", f"{number(waited.waited_job_h)} job-hours", others)


def recorded_words(report: Report) -> str:
    """How much of the month the figures are of."""
    harvest = report.harvest
    asked_h, known_h = harvest.asked.lasts_s / 3600, harvest.known_s / 3600
    until = "" if report.is_over else f", which is not over: up to {instant(harvest.asked.to_s)}"
    if not harvest.blanks:
        return f"All {asked_h:.1f} h of the month are on record{until}."
    if known_h < asked_h / 2:
        told = f"Only {known_h:.1f} of {asked_h:.1f} h of the month are on record{until}"
    else:
        told = f"All but {age(harvest.asked.lasts_s - harvest.known_s)} of {asked_h:.1f} h are on record{until}"
    return f"{told}; nothing of the rest is in any sum."


def blank_words(harvest: Harvest) -> Iterator[str]:
    """The longest times without records."""
    found = sorted(harvest.blanks, key=lambda one: one.from_s - one.to_s)
    for one in sorted(found[:BLANKS_TOLD], key=lambda one: one.from_s):
        yield f"{instant(one.from_s)} to {instant(one.to_s)} ({age(one.to_s - one.from_s)}): {one_line(one.why)}"
    if len(found) > BLANKS_TOLD:
        rest_s = sum(one.to_s - one.from_s for one in found[BLANKS_TOLD:])
        yield f"{len(found) - BLANKS_TOLD} shorter ones, {age(rest_s)} together"


def share_words(harvest: Harvest) -> Iterator[str]:
    """How sure it is whose the core-hours were."""
    total_h = harvest.lent_used_core_h
    if not total_h:
        return
    shared_h = sum(one.shared_core_h for one in harvest.guests)
    claimed_h = sum(one.claimed_core_h for one in harvest.guests)
    unknown_h = sum(one.core_h for one in harvest.guests if not one.guest)
    yield (
        "Core-hours are cores that guests had claimed, by the ledger, to within a minute; a host's go to the jobs that"
        " the trace store has there, by the cores of their slots."
    )
    yield (
        f"Not known whose: {number(unknown_h)} core-hours ({share(unknown_h, total_h)}). Estimated, on hosts with"
        f" several guests at a time: {share(shared_h, total_h)}. By a schedd's word alone: {share(claimed_h, total_h)}."
    )
    yield from (one_line(why) for why in harvest.jobs_unknown)


def took_words(took: Took, what: str) -> str:
    """How long it took."""
    if not took.count:
        return f"none {what}"
    shares = f"50% within {took.p50_s:.1f} s, 95% {took.p95_s:.1f} s, 99% {took.p99_s:.1f} s"
    return f"{number(took.count)} {what}: {shares}, all {took.longest_s:.1f} s"


def number(value: float) -> str:
    """With as many digits as a person reads."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}" if value >= 1 else f"{value:.2f}"


def share(part: float, whole: float) -> str:
    """In per cent."""
    return f"{part / whole:.1%}" if whole else "0%"
