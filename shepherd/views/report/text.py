"""A report for a terminal, and for machines."""

import dataclasses
import enum
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping

from shepherd.model.harvest import Harvest, Incident
from shepherd.model.one_line import one_line
from shepherd.model.report import Report
from shepherd.views.report.facts import NOBODYS, blank_words, facts, number, recorded_words, share, share_words
from shepherd.views.wording import age, instant

SCHEMA = 1
"""Of the JSON. A new number when a member goes or means something else."""
INCIDENTS_TOLD = 30
WIDE = 100
"""Letters of a line of prose."""


def report_text(report: Report) -> str:
    """For a person."""
    harvest = report.harvest
    lines = [
        f"Harvest of {report.month} (UTC)",
        recorded_words(report),
        *(f"  no record: {line}" for line in blank_words(harvest)),
        "",
        *_facts(harvest),
        "",
        *_guests(harvest),
        "",
        *_incidents(harvest),
    ]
    return "\n".join(lines) + "\n"


def report_json(report: Report) -> Mapping[str, object]:
    """For machines: everything, times in epoch seconds."""
    harvest = report.harvest
    counts = {"lent_count": harvest.lent_count, "reclaimed_count": harvest.reclaimed_count}
    return {"schema": SCHEMA, **_plain(report), **counts}


def by_kind(harvest: Harvest) -> list[tuple[str, int]]:
    """How many incidents of each kind, most first."""
    return sorted(Counter(one.kind.value for one in harvest.incidents).items(), key=lambda one: (-one[1], one[0]))


def incident_words(one: Incident) -> str:
    """One incident in a line."""
    lasted = "" if one.to_s == one.from_s else f" for {age(one.to_s - one.from_s)}" if one.to_s else ", not over"
    host = f" {one_line(one.host)}" if one.host else ""
    return f"{instant(one.from_s)}{lasted}  {one.kind.value}{host}: {one_line(one.words, 200)}"


def _facts(harvest: Harvest) -> Iterator[str]:
    found = list(facts(harvest))
    wide, wider = max(len(one.title) for one in found), max(len(one.value) for one in found)
    for one in found:
        yield f"{one.title:<{wide}}  {one.value:>{wider}}  {one.note}".rstrip()


def _guests(harvest: Harvest) -> Iterator[str]:
    if not harvest.guests:
        yield "No guest had anything."
    else:
        names = [one_line(one.guest) or NOBODYS for one in harvest.guests]
        wide = max(len("guest"), *map(len, names))
        yield f"{'guest':<{wide}}  {'core-hours':>12}  {'share':>6}  {'jobs':>10}  {'job-hours':>12}"
        for name, one in zip(names, harvest.guests, strict=True):
            part = share(one.core_h, harvest.lent_used_core_h)
            yield f"{name:<{wide}}  {number(one.core_h):>12}  {part:>6}  {one.jobs:>10,}  {number(one.job_h):>12}"
    for words in share_words(harvest):
        yield from textwrap.wrap(words, WIDE, break_long_words=False)


def _incidents(harvest: Harvest) -> Iterator[str]:
    if not harvest.incidents:
        yield "No incident is on record."
        return
    yield "Incidents: " + ", ".join(f"{count} {kind}" for kind, count in by_kind(harvest))
    yield from (f"  {incident_words(one)}" for one in harvest.incidents[:INCIDENTS_TOLD])
    if len(harvest.incidents) > INCIDENTS_TOLD:
        yield f"  and {len(harvest.incidents) - INCIDENTS_TOLD} more: --format csv --table incidents"


def _plain(value: object) -> dict[str, object]:
    fields = dataclasses.fields(value)  # type: ignore[arg-type]
    return {field.name: _json(getattr(value, field.name)) for field in fields}


def _json(value: object) -> object:
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value):
        return _plain(value)
    return [_json(one) for one in value] if isinstance(value, tuple) else value
