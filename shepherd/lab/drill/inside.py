"""Runs in the node that has the record: many questions in one process, by the code of `shepherd trace`; or all rows.

`inside.py ask DIRECTORY`: reads a line of JSON for each question, `{"question": {…}, "flows": …}`, writes one for each
answer, `{"took_s": …, "tracing": {…}}`. `inside.py rows DIRECTORY FROM TO`: writes records as their lines.
"""

import datetime
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from shepherd.core.trace.lines import line
from shepherd.edges.trace_store.read import StoreReader
from shepherd.model.question import Question
from shepherd.model.trace_rows import FlowsSought, JobsSought, SeenSought, Span
from shepherd.programs.trace.asking import Asking
from shepherd.views.tracing import Telling, tracing_json

TELLING = Telling(zone=datetime.UTC, personal=True)
MOST = 1_000_000


def asked(directory: Path, text: str) -> dict[str, object]:
    """One question, from nothing: as the verb does."""
    told = json.loads(text)
    question = Question(**told["question"])
    began_s = time.perf_counter()
    asking = Asking(StoreReader(directory, reveal=True), time.time())
    found = asking.ask(question, flows=told["flows"])
    took_s = time.perf_counter() - began_s
    return {"took_s": took_s, "tracing": tracing_json(found, TELLING, time.time())}


def rows(directory: Path, span: Span) -> Iterator[str]:
    """Everything of a time that began a job or a connection, and every gap."""
    reader = StoreReader(directory, reveal=True)
    yield from (line(job.begun) for job in reader.jobs(JobsSought(span=span, limit=MOST)).rows)
    yield from (line(flow.begun) for flow in reader.flows(FlowsSought(span=span, limit=MOST)).rows)
    yield from (line(gap) for gap in reader.gaps(SeenSought(span=span, limit=MOST)).rows)


def main() -> None:
    """See above."""
    verb, place, *times = sys.argv[1:]
    directory = Path(place)
    if verb == "ask":
        for text in sys.stdin:
            print(json.dumps(asked(directory, text)), flush=True)
    else:
        from_s, to_s = map(float, times)
        for text in rows(directory, Span(from_s=from_s, to_s=to_s)):
            print(text)


if __name__ == "__main__":
    main()
