"""Questions to the trace store, or to a hold, beside its writer."""

import contextlib
import dataclasses
import math
import pathlib
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from shepherd.edges import day_files
from shepherd.edges.trace_store import ask, files
from shepherd.edges.trace_store.asked import Asked, Day
from shepherd.edges.trace_store.keys import DayKeys
from shepherd.edges.trace_store.read_rows import DayRows
from shepherd.edges.trace_store.rows import Seen, times_of
from shepherd.edges.trace_store.schema import WHAT, partition_files
from shepherd.edges.trace_store.summary import Mark, Summary, has_log, mark_of, read_summary
from shepherd.errors import LedgerUnavailable
from shepherd.model.trace import ClockSeen, EvidenceKept, Gap, ScheddSeen
from shepherd.model.trace_rows import (
    Answer,
    Flow,
    FlowsSought,
    Hidden,
    Job,
    JobsSought,
    SeenSought,
    Span,
    Stay,
    StaysSought,
)

R = TypeVar("R", bound=Stay | Job | Flow)
S = TypeVar("S", bound=Seen)
NO_KEYS = {
    Hidden.NOT_ASKED: "users and job ids cannot be asked for: this user may not read the keys, or did not want to",
    Hidden.DESTROYED: "users and job ids cannot be asked for: that day was pseudonymised",
    Hidden.MISSING: "users and job ids cannot be asked for: its keys are damaged; `shepherd ledger verify` says more",
}


@dataclasses.dataclass(frozen=True)
class Kind(Generic[R]):
    """How rows of one kind are asked for."""

    rows: Callable[[DayRows, str, Sequence[object]], Iterator[R]]
    key: Callable[[R], tuple[object, ...]]
    again: Callable[[Sequence[object]], ask.Condition]


STAYS: Kind[Stay] = Kind(
    lambda day, text, values: day.stays(text, *values),
    lambda row: (row.begun.host, row.begun.lease, row.begun.at_s),
    ask.stay_again,
)
JOBS: Kind[Job] = Kind(
    lambda day, text, values: (job for job, _ in day.jobs(text, *values)),
    lambda row: (row.begun.host, row.begun.slot, row.begun.begun, row.begun.at_s),
    ask.job_again,
)
FLOWS: Kind[Flow] = Kind(
    lambda day, text, values: day.flows(text, *values),
    lambda row: (row.begun.address, row.begun.at_s, row.begun.flow, row.begun.source),
    ask.flow_again,
)


class Glance(NamedTuple):
    """What is known of a day that need not be open."""

    look: files.Look
    summary: Summary | None


class StoreReader:
    """`ports_trace.TraceReader`. Not for several threads at once."""

    def __init__(self, directory: pathlib.Path, *, reveal: bool, only: str = "") -> None:
        """`reveal`: show what is personal, as far as this user may read the keys. `only` this file: a hold."""
        self._directory, self._reveal = directory, reveal
        self._only = directory / f"{only}.sqlite" if only else None
        self._known: dict[pathlib.Path, tuple[Mark, Glance]] = {}

    def span(self) -> Span | None:
        """Times of the oldest and the newest record that are here; None: there is none."""
        with contextlib.closing(Asked(reveal=self._reveal)) as asked:
            glances, _ = self._glances(asked)
        known = [one.look.span for one in glances.values() if one.look.span != files.NOTHING]
        if not known:
            return None
        return Span(from_s=min(span.from_s for span in known), to_s=max(span.to_s for span in known))

    def stays(self, sought: StaysSought) -> Answer[Stay]:
        """Which herd, container, image and address a host had."""
        return self._answer(STAYS, sought.span, sought.limit, lambda _: ask.stay_condition(sought))

    def jobs(self, sought: JobsSought) -> Answer[Job]:
        """Jobs that ran."""
        by_person = bool(sought.users or sought.jobs)
        return self._answer(
            JOBS, sought.span, sought.limit, lambda keys: ask.job_condition(sought, keys), needs_keys=by_person
        )

    def flows(self, sought: FlowsSought) -> Answer[Flow]:
        """Connections."""
        return self._answer(FLOWS, sought.span, sought.limit, lambda _: ask.flow_condition(sought))

    def schedds(self, sought: SeenSought) -> Answer[ScheddSeen]:
        """Who was seen as which schedd in the span, and for each schedd the last that was seen before it."""
        names = lambda one: (one.schedd, one.identity, one.guest, one.address)  # noqa: E731 - beside its three brothers
        return self._seen(ScheddSeen, sought, names, last=lambda one: (one.source, one.schedd))

    def clocks(self, sought: SeenSought) -> Answer[ClockSeen]:
        """How far clocks were apart in the span, and for each source the last that was seen before it."""
        return self._seen(ClockSeen, sought, lambda one: (one.source,), last=lambda one: (one.source,))

    def gaps(self, sought: SeenSought) -> Answer[Gap]:
        """Gaps that overlap the span."""
        return self._seen(Gap, sought, lambda one: (one.source, one.what))

    def evidence(self, sought: SeenSought) -> Answer[EvidenceKept]:
        """Evidence kept in the span."""
        return self._seen(EvidenceKept, sought, lambda one: (one.host, one.container, one.quarantine))

    def _answer(
        self,
        kind: Kind[R],
        span: Span,
        limit: int,
        condition: Callable[[DayKeys | None], ask.Condition],
        *,
        needs_keys: bool = False,
    ) -> Answer[R]:
        asked = Asked(reveal=self._reveal)
        found: dict[tuple[object, ...], R] = {}
        is_cut = False
        with contextlib.closing(asked):
            days, problems = self._days(asked)
            for number, day in enumerate(days):
                if len(found) > limit or not overlap(day.span, span):
                    continue
                with asked.noting(day):
                    keys = asked.keys(day.path) if needs_keys else None
                    if isinstance(keys, Hidden):
                        if has_jobs(asked.rows(day.path)):
                            asked.unasked.append(f"{day.path.stem}: {NO_KEYS[keys]}")
                        continue
                    sql = condition(keys)
                    if not day.may_have(sql.needs):
                        continue
                    here = list(kind.rows(asked.rows(day.path), sql.text(limit), sql.values))
                    is_cut = is_cut or len(here) > limit
                    for row in here:
                        if (key := kind.key(row)) not in found:
                            whole = self._followed(kind, row, days[number + 1 :], asked)
                            if whole.ended is None or whole.ended.at_s >= span.from_s:
                                found[key] = whole
        rows_found = sorted(found.values(), key=lambda row: row.begun.at_s)
        return Answer(rows=rows_found[:limit], is_cut=is_cut or len(found) > limit, unasked=[*problems, *asked.unasked])

    def _followed(self, kind: Kind[R], row: R, later: Sequence[Day], asked: Asked) -> R:
        """What had not ended on its day was carried into the next."""
        for day in later:
            if row.ended is not None:
                break
            with asked.noting(day):
                sql = kind.again(kind.key(row))
                again = list(kind.rows(asked.rows(day.path), sql.text(1), sql.values))
                if not again:
                    break
                row = again[-1]
        return row

    def _seen(
        self,
        kind: type[S],
        sought: SeenSought,
        names: Callable[[S], tuple[str, ...]],
        *,
        last: Callable[[S], tuple[str, ...]] | None = None,
    ) -> Answer[S]:
        asked = Asked(reveal=self._reveal)
        found: dict[S, float] = {}
        before: dict[tuple[str, ...], tuple[float, S]] = {}
        wanted, span = set(sought.names), sought.span
        with contextlib.closing(asked):
            days, problems = self._days(asked)
            of_kind = [("name", (kind.__name__,))]
            for day in (day for day in days if overlap(day.span, span) and day.may_have(of_kind)):
                with asked.noting(day):
                    for from_s, to_s, one in seen_in(asked.rows(day.path), kind, span.to_s):
                        if wanted and not wanted & set(names(one)):
                            continue
                        if to_s >= span.from_s:
                            found[one] = from_s
                        elif last is not None and from_s >= before.get(last(one), (-math.inf, one))[0]:
                            before[last(one)] = (from_s, one)
        found.update({one: from_s for from_s, one in before.values()})
        rows = sorted(found, key=lambda one: found[one])
        cut = len(rows) > sought.limit
        return Answer(rows=rows[: sought.limit], is_cut=cut, unasked=[*problems, *asked.unasked])

    def _days(self, asked: Asked) -> tuple[list[Day], list[str]]:
        """In the order of the chain; what had begun before a file's own time was carried into it."""
        if self._only is not None:
            return [Day(path=self._only, span=Span())], []
        glances, damaged = self._glances(asked)
        if damaged and not glances:
            raise next(iter(damaged.values()))
        days, until = list[Day](), -math.inf
        for path, (look, summary) in sorted(glances.items(), key=lambda one: one[1].look.first_seq):
            from_s, until = min(look.span.from_s, until), max(look.span.to_s, until)
            days.append(Day(path=path, span=Span(from_s=from_s, to_s=until), summary=summary))
            asked.whole[path] = summary.keys if summary else None
        if days:
            days[-1] = dataclasses.replace(days[-1], span=dataclasses.replace(days[-1].span, to_s=math.inf))
        return days, [f"{path.stem}: {exc}" for path, exc in damaged.items()]

    def _glances(self, asked: Asked) -> tuple[dict[pathlib.Path, Glance], dict[pathlib.Path, LedgerUnavailable]]:
        """A glance at each day, and days that cannot be read."""
        glances, damaged = dict[pathlib.Path, Glance](), dict[pathlib.Path, LedgerUnavailable]()
        for path in [self._only] if self._only else partition_files(self._directory):
            try:
                with day_files.translated(path, WHAT):
                    glance = self._glance(path, asked)
                if glance is not None:
                    glances[path] = glance
            except LedgerUnavailable as exc:
                if path.exists():  # else retention has just removed it
                    damaged[path] = exc
        return glances, damaged

    def _glance(self, path: pathlib.Path, asked: Asked) -> Glance | None:
        """A file that nobody writes, and that has not changed, is not looked at again."""
        mark, is_written = mark_of(path), has_log(path)
        known = self._known.get(path)
        if known is not None and not is_written and known[0] == mark:
            return known[1]
        summary = None if is_written else read_summary(path, mark)
        look = summary.look if summary else files.look_in(asked.rows(path).connection, path)
        if look is None:
            return None
        self._known[path] = (mark, Glance(look, summary))
        return self._known[path][1]


def overlap(one: Span, other: Span) -> bool:
    """Whether they have a moment in common."""
    return one.from_s <= other.to_s and other.from_s <= one.to_s


def has_jobs(rows: DayRows) -> bool:
    """Whether there was anybody."""
    return rows.connection.execute("SELECT 1 FROM job LIMIT 1").fetchone() is not None


def seen_in(rows: DayRows, kind: type[S], until_s: float) -> Iterator[tuple[float, float, S]]:
    """Single records with their times."""
    for one in rows.seen(kind.__name__, "b.at_s <= ? ORDER BY b.at_s", until_s):
        times = times_of([one])
        yield times[0], times[-1], typing.cast(S, one)
