"""What the pool gave in a span of time, read from the ledger and, for whose jobs ran, from the trace store."""

import pathlib
from collections.abc import Iterator

from shepherd.core.harvest.gather import NEEDED, Gathering
from shepherd.core.harvest.runs import Senders, counts, events, missing
from shepherd.core.harvest.shares import RunEvent
from shepherd.edges import ledger_past
from shepherd.edges.day_files import utc_day
from shepherd.edges.ledger_read import damaged
from shepherd.edges.trace_store.read import StoreReader
from shepherd.errors import LedgerUnavailable, UsageError
from shepherd.model.harvest import Harvest, Period
from shepherd.model.trace_rows import JobsSought, SeenSought, Span
from shepherd.ports_trace import TraceReader
from shepherd.views.wording import instant

DAY_S = 86400.0
MOST_JOBS = 5_000_000
"""Of a day."""
NO_TRACE = "no job is on record in that time: whose the claimed cores were is not known"


def harvest_of(ledger: pathlib.Path, trace: pathlib.Path, span: Period, bucket_s: float) -> Harvest:
    """Fold the days of a span once. `ledger`, `trace`: the directories. Raises UsageError if there is no record of that
    time at all, LedgerUnavailable if nothing can be read."""
    days = days_of(ledger, span)
    jobs = Jobs(StoreReader(trace, reveal=False) if trace.is_dir() else None, span)
    gathering = Gathering(span, bucket_s, jobs.events())
    for name, path in days.items():
        if path is None:
            gathering.lost(f"the record of {name} is damaged; run `shepherd ledger verify`")
            continue
        try:
            add_day(gathering, path, span)
        except (LedgerUnavailable, ValueError):
            gathering.lost(f"the record of {name} is damaged; run `shepherd ledger verify`")
    gathering.finish()
    for guest, number, lasted_s in jobs.counts:
        gathering.counted(guest, number, lasted_s)
    return gathering.harvest(jobs.missing)


def days_of(ledger: pathlib.Path, span: Period) -> dict[str, pathlib.Path | None]:
    """Days with records of the span, in order, and the one before them, which tells what stood; None: damaged. Raises
    UsageError, LedgerUnavailable."""
    first, last = utc_day(span.from_s), utc_day(span.to_s - 1e-6)
    there: dict[str, pathlib.Path | None] = {**ledger_past.days(ledger), **dict.fromkeys(damaged(ledger))}
    found = {name: path for name, path in there.items() if first <= name <= last}
    if not any(found.values()):
        whole = sorted(name for name, path in there.items() if path is not None)
        told = f"there are days from {whole[0]} to {whole[-1]}" if whole else "nothing was ever recorded there"
        raise UsageError(f"{ledger} has no readable record from {first} to {last}: {told}")
    before = sorted(name for name in there if name < first)[-1:]
    return {name: there[name] for name in (*before, *sorted(found))}


def add_day(gathering: Gathering, path: pathlib.Path, span: Period) -> None:
    """Fold one day. Raises LedgerUnavailable, ValueError."""
    gathering.begin(ledger_past.standing_before(path))
    for stored in ledger_past.records_of(path, NEEDED, span.to_s):
        gathering.add(stored.entry)


class Jobs:
    """Guests' jobs of a span, read day by day while they are asked for."""

    def __init__(self, reader: TraceReader | None, span: Period) -> None:
        self._reader, self._span = reader, span
        self.counts: list[tuple[str, int, float]] = []
        """Of the days so far, by guest: jobs, and seconds of jobs."""
        self.missing: list[str] = [] if reader is not None else [NO_TRACE]
        """Why some are not on record, so far."""

    def events(self) -> Iterator[RunEvent]:
        """Begins and ends in the order of time. What cannot be read is told in `missing`."""
        if self._reader is None:
            return
        try:
            known = self._reader.span()
            if known is None:
                self.missing.append(NO_TRACE)
                return
            if known.from_s > self._span.from_s:
                self.missing.append(f"no job before {instant(known.from_s)} is on record, or none is any more")
            yield from self._days(self._reader)
            span = Span(from_s=self._span.from_s, to_s=self._span.to_s)
            self.missing += missing(self._reader.gaps(SeenSought(span=span)).rows, self._span)
        except LedgerUnavailable as exc:
            self.missing.append(f"who had what is not known: {exc}")
        self.missing[:] = dict.fromkeys(self.missing)

    def _days(self, reader: TraceReader) -> Iterator[RunEvent]:
        from_s = self._span.from_s
        while from_s < self._span.to_s:
            day = Period(from_s=from_s, to_s=min(from_s + DAY_S, self._span.to_s))
            yield from self._day(reader, day)
            from_s = day.to_s

    def _day(self, reader: TraceReader, day: Period) -> list[RunEvent]:
        sought = SeenSought(span=Span(from_s=day.from_s, to_s=day.to_s))
        answer = reader.jobs(JobsSought(span=sought.span, limit=MOST_JOBS))
        seen, gaps, clocks = reader.schedds(sought), reader.gaps(sought), reader.clocks(sought)
        self.missing += [*answer.unasked, *(["there are more jobs of a day than are counted"] if answer.is_cut else [])]
        senders = Senders(seen.rows, gaps.rows, clocks.rows)
        self.counts += counts(answer.rows, senders, day)
        return events(answer.rows, senders, day)
