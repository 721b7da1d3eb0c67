"""Holds: an incident's records, copied out of what retention will remove, with a chain and keys of their own."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from shepherd.edges import day_files
from shepherd.edges.trace_store.day import DayFile, Draft
from shepherd.edges.trace_store.hold_files import (
    give_to_owner,
    held_in,
    held_of,
    hold_file,
    holds_in,
    remove_hold,
    write_manifest,
    write_release,
)
from shepherd.edges.trace_store.keys import KeyWriter, keys_path, make_directory, subject_of
from shepherd.edges.trace_store.read import StoreReader
from shepherd.edges.trace_store.schema import WHAT
from shepherd.errors import LedgerUnavailable, UsageError
from shepherd.model.chain import GENESIS
from shepherd.model.one_line import one_line
from shepherd.model.trace import TraceRecord
from shepherd.model.trace_chain import BlockKind, DayOpening
from shepherd.model.trace_rows import (
    Answer,
    Flow,
    FlowsSought,
    Held,
    Hidden,
    Job,
    JobsSought,
    SeenSought,
    Span,
    Stay,
    StaysSought,
)

MOST = 100_000_000
PER_BLOCK = 10_000
MOST_WORDS = 500


class StoreHolds:
    """`ports_trace.TraceHolds`, beside the store's writer, who notices within a minute."""

    def __init__(self, directory: pathlib.Path, *, group: str = "", wall_s: Callable[[], float]) -> None:
        """`group` may read what is personal in holds; empty: nobody but the owner."""
        self._directory, self._group, self._wall_s = directory, group, wall_s

    def hold(
        self,
        name: str,
        *,
        why: str,
        by: str,
        stays: StaysSought | None = None,
        jobs: JobsSought | None = None,
        flows: FlowsSought | None = None,
    ) -> Held:
        """Copy what these questions find (their limits do not count), and all that was seen in their spans."""
        path = hold_file(self._directory, name)
        with day_files.translated(path, WHAT):
            if hold_file(self._directory, name, ".json").exists():
                raise UsageError(f"there is a hold {name} already; release it, or take another name")
            span = hull([sought.span for sought in (stays, jobs, flows) if sought is not None])
            copied = Copied(StoreReader(self._directory, reveal=True))
            copied.rows(stays, jobs, flows)
            copied.seen(span)
            make_directory(holds_in(self._directory), self._group)
            remove_hold(self._directory, name)  # what a copy that was broken off has left
            end = self._write(path, copied)
            held = Held(
                name=name,
                why=one_line(why, MOST_WORDS),
                by=one_line(by, MOST_WORDS),
                at_s=float(self._wall_s()),
                span=span,
                records=len(copied.records),
                hash=end,
            )
            write_manifest(self._directory, held)
            self._give(name)
        return held

    def holds(self) -> Sequence[Held]:
        """All, by name."""
        return held_in(self._directory)

    def read(self, name: str, *, reveal: bool) -> StoreReader:
        """Questions to one hold."""
        self._known(name)
        return StoreReader(holds_in(self._directory), reveal=reveal, only=name)

    def release(self, name: str, *, by: str) -> None:
        """It may be removed: the daemon does so within a minute, and records it."""
        self._known(name)
        path = hold_file(self._directory, name, ".released")
        with day_files.translated(path, WHAT):
            write_release(self._directory, name, one_line(by, MOST_WORDS) or "(nobody)")
            give_to_owner(path)

    def _known(self, name: str) -> None:
        with day_files.translated(hold_file(self._directory, name), WHAT):
            held_of(self._directory, name)

    def _write(self, path: pathlib.Path, copied: "Copied") -> str:
        """A store of one day. Answers the end of its chain."""
        opening = DayOpening(day=path.stem, first_seq=1, previous_day="", previous_hash=GENESIS, stored="{}")
        keys = KeyWriter(holds_in(self._directory), path.stem, self._group)
        day = DayFile.begun(path, opening, keys, copied.drafts(self._wall_s()))
        day.close()
        return day.head.hash

    def _give(self, name: str) -> None:
        own = [hold_file(self._directory, name, suffix) for suffix in (".sqlite", ".json")]
        keys = keys_path(holds_in(self._directory), name)
        for path in (holds_in(self._directory), keys.parent, keys, *own):
            if path.exists():
                give_to_owner(path)


class Copied:
    """Records that go into a hold."""

    def __init__(self, reader: StoreReader) -> None:
        self._reader = reader
        self.records: list[TraceRecord] = []
        self.subjects: dict[TraceRecord, int] = {}

    def rows(self, stays: StaysSought | None, jobs: JobsSought | None, flows: FlowsSought | None) -> None:
        """What was asked for. Raises LedgerUnavailable, UsageError."""
        if stays is not None:
            self._joined(whole(self._reader.stays(unlimited(stays))))
        if jobs is not None:
            found = whole(self._reader.jobs(unlimited(jobs)))
            self._joined(found)
            for job in found:
                if job.hidden in {Hidden.NOT_ASKED, Hidden.MISSING}:
                    raise UsageError("a hold needs the keys of what is personal: do it as who may read them")
                self.subjects[job.begun] = subject_of(job.pseudonym) or 0
        if flows is not None:
            self._joined(whole(self._reader.flows(unlimited(flows))))

    def seen(self, span: Span) -> None:
        """What was seen meanwhile of schedds, clocks, gaps and evidence."""
        sought = SeenSought(span=span, limit=MOST)
        self.records += whole(self._reader.schedds(sought))
        self.records += whole(self._reader.clocks(sought))
        self.records += whole(self._reader.gaps(sought))
        self.records += whole(self._reader.evidence(sought))

    def _joined(self, rows: Iterable[Stay | Job | Flow]) -> None:
        for row in rows:
            self.records.append(row.begun)
            if row.ended is not None:
                self.records.append(row.ended)

    def drafts(self, at_s: float) -> Iterator[Draft]:
        """As blocks."""
        for first in range(0, len(self.records), PER_BLOCK):
            batch = self.records[first : first + PER_BLOCK]
            yield Draft(kind=BlockKind.NOTE, at_s=at_s, records=batch, subjects=self.subjects)


S = TypeVar("S", StaysSought, JobsSought, FlowsSought)
A = TypeVar("A")


def unlimited(sought: S) -> S:
    """The same question, for all of it."""
    return dataclasses.replace(sought, limit=MOST)


def whole(answer: Answer[A]) -> Sequence[A]:
    """All rows of an answer. Raises LedgerUnavailable if it has gaps: who relies on a hold must know."""
    if answer.unasked:
        raise LedgerUnavailable(f"not all records can be copied: {'; '.join(answer.unasked)}")
    return answer.rows


def hull(spans: Sequence[Span]) -> Span:
    """From the first to the last of them. Raises UsageError: there is none."""
    if not spans:
        raise UsageError("a hold of nothing: say what to hold")
    return Span(from_s=min(span.from_s for span in spans), to_s=max(span.to_s for span in spans))
