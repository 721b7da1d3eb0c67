"""What is carried into a new day: what has begun and not ended, and what was last seen of schedds and clocks.

So a question for a time asks the files of that time only, however long ago something began.
"""

import itertools
from collections.abc import Iterator

from shepherd.edges.trace_store.day import Draft
from shepherd.edges.trace_store.read_rows import DayRows
from shepherd.edges.trace_store.rows import Seen
from shepherd.model.trace import ClockSeen, ScheddSeen, TraceRecord
from shepherd.model.trace_chain import BlockKind

PER_BLOCK = 10_000
EVER_S = -1e300
LONGEST_FLOW_S = 200 * 86400.0
"""What has not ended for so long has lost its end."""
STILL_OPEN = "e.seq IS NULL AND b.at_s >= ? ORDER BY b.seq"


def carry(rows: DayRows, at_s: float) -> Iterator[Draft]:
    """Blocks for the day after the one of `rows`."""
    records = carried(rows, at_s - LONGEST_FLOW_S)
    while batch := list(itertools.islice(records, PER_BLOCK)):
        subjects = {record: subject for record, subject in batch if subject is not None}
        yield Draft(kind=BlockKind.CARRY, at_s=at_s, records=[record for record, _ in batch], subjects=subjects)


def carried(rows: DayRows, oldest_s: float) -> Iterator[tuple[TraceRecord, int | None]]:
    """Records in the order they were stored; for a job whose person cannot be told any more, its subject. Flows that
    began before `oldest_s` are left out."""
    for stay in rows.stays(STILL_OPEN, EVER_S):
        yield stay.begun, None
    for job, subject in rows.jobs(STILL_OPEN, EVER_S):
        yield job.begun, subject if job.hidden else None
    for flow in rows.flows(STILL_OPEN, oldest_s):
        yield flow.begun, None
    for seen in last_seen(rows, EVER_S):
        yield seen, None


def last_seen(rows: DayRows, oldest_s: float) -> Iterator[Seen]:
    """The newest of each schedd, by source, name and address, and of each source's clock."""
    newest: dict[tuple[str, ...], Seen] = {}
    for kind in (ScheddSeen.__name__, ClockSeen.__name__):
        for one in rows.seen(kind, "b.at_s >= ? ORDER BY b.at_s, b.seq", oldest_s):
            newest[key_of(one)] = one
    yield from newest.values()


def key_of(one: Seen) -> tuple[str, ...]:
    """Of what the newest matters."""
    if isinstance(one, ScheddSeen):
        return ("schedd", one.source, one.schedd, one.address, one.identity)
    return ("clock", one.source)
