"""Trace records and segments as text, and back."""

import dataclasses
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.trace.lines import KINDS, line, record_of, segment_of, segment_text
from shepherd.errors import TraceRefused
from shepherd.model.trace import EndSeen, Segment, TraceRecord

words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=40)
values: dict[object, st.SearchStrategy[object]] = {
    str: words,
    int: st.integers(-(1 << 40), 1 << 40),
    float: st.floats(allow_nan=False, allow_infinity=False),
    EndSeen: st.sampled_from(EndSeen),
}


def value_of(annotation: object) -> st.SearchStrategy[object]:
    """Anything that a field so annotated may hold."""
    if annotation in values:
        return values[annotation]
    return st.none() | st.integers(-(1 << 40), 1 << 40)


def record_strategy(kind: type[TraceRecord]) -> st.SearchStrategy[TraceRecord]:
    """Any record of a kind."""
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: value_of(hints[field.name]) for field in dataclasses.fields(kind)})


records = st.one_of([record_strategy(kind) for kind in KINDS.values()])


@given(records)
def test_what_a_source_wrote_is_what_the_store_reads(record: TraceRecord) -> None:
    """A host and a shepherd that read a line differently would blame somebody else."""
    assert record_of(line(record)) == record


JOB = '["JobBegun","p205","p205","c1","slot1_3","1/2",1.5,3003,"ce#1.0#1","ann@campus","ann","ce","192.0.2.7"'


def test_a_job_of_before_its_cores_were_told_is_read_and_has_one_line() -> None:
    """Hosts and the shepherd are upgraded one after the other, and what was spooled before must not be refused."""
    old, new = record_of(JOB + "]"), record_of(JOB + ",2]")
    assert (getattr(old, "cpus", None), getattr(new, "cpus", None)) == (0, 2)
    assert (line(old), line(new)) == (JOB + "]", JOB + ",2]")
    with pytest.raises(TraceRefused, match="canonical"):
        record_of(JOB + ",0]")
    with pytest.raises(TraceRefused, match="members"):
        record_of(JOB + ",2,2]")


@given(st.lists(records, max_size=5), st.integers(1, 1 << 40))
def test_a_segment_arrives_whole_or_not_at_all(made: list[TraceRecord], number: int) -> None:
    """A transfer that breaks off must not look like a quiet hour."""
    segment = Segment(source="p205", number=number, sealed_at_s=1.5, records=tuple(made))
    text = segment_text(segment)
    assert segment_of(text) == segment
    for cut in range(0, len(text), max(len(text) // 20, 1)):
        with pytest.raises(TraceRefused):
            segment_of(text[:cut])


@given(records, st.data())
def test_no_other_spelling_of_a_line_is_read(record: TraceRecord, data: st.DataObject) -> None:
    """Hashes are taken of lines: two lines for one record would be two truths."""
    text = line(record)
    at = data.draw(st.integers(0, len(text)))
    other = text[:at] + " " + text[at:]
    try:
        read = record_of(other)
    except TraceRefused:
        return
    assert line(read) == other
    assert read != record
