"""Questions to a big trace store, each with something that truly happened, timed and judged."""

import itertools
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from shepherd.edges.trace_store.read import StoreReader
from shepherd.lab.bench_trace_world import Truth
from shepherd.model.trace import FlowBegun, JobBegun, StayBegun
from shepherd.model.trace_rows import FlowsSought, JobsSought, SeenSought, Span, StaysSought

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86400.0
MOST = 1_000_000

Asked = Callable[[StoreReader], bool]
"""Asks, and says whether the answer has what truly happened."""


def around(at_s: float, before_s: float, after_s: float) -> Span:
    """A window of time."""
    return Span(from_s=at_s - before_s, to_s=at_s + after_s)


def flow_questions(one: FlowBegun) -> Iterator[tuple[str, Asked]]:
    """About a connection."""
    moment, day = around(one.at_s, 1, 1), around(one.at_s, DAY_S, DAY_S)
    ten_minutes = around(one.at_s, 5 * MINUTE_S, 5 * MINUTE_S)
    sought = {
        "letter": FlowsSought(span=moment, nat_addresses=[one.nat_address], nat_ports=[one.nat_port]),
        "letter without a time": FlowsSought(nat_addresses=[one.nat_address], nat_ports=[one.nat_port], limit=MOST),
        "far end, any time": FlowsSought(far_addresses=[one.far_address], far_ports=[one.far_port], limit=20_000),
        "far end, ten minutes": FlowsSought(span=ten_minutes, far_addresses=[one.far_address], far_ports=[443]),
        "container's flows, a day": FlowsSought(span=day, addresses=[one.address]),
        "all flows of a minute": FlowsSought(span=around(one.at_s, 30, 30)),
    }
    for name, question in sought.items():
        yield name, lambda reader, question=question: has_flow(reader, question, one)  # type: ignore[misc]


def has_flow(reader: StoreReader, sought: FlowsSought, one: FlowBegun) -> bool:
    """Whether it is found."""
    answer = reader.flows(sought)
    return answer.is_cut or any(row.begun == one for row in answer.rows)


def job_questions(one: JobBegun) -> Iterator[tuple[str, Asked]]:
    """About a job."""
    hour = around(one.at_s, HOUR_S, HOUR_S)
    sought = {
        "job id, any time": JobsSought(jobs=[one.job]),
        "user, any time": JobsSought(users=[one.user]),
        "user, a day": JobsSought(span=around(one.at_s, DAY_S, 0), users=[one.user]),
        "host, an hour": JobsSought(span=hour, hosts=[one.host]),
        "schedd, an hour": JobsSought(span=hour, schedds=[one.schedd]),
        "container's jobs": JobsSought(containers=[one.container]),
    }
    for name, question in sought.items():
        yield name, lambda reader, question=question: any(  # type: ignore[misc]
            row.begun == one for row in reader.jobs(question).rows
        )


def stay_questions(one: StayBegun) -> Iterator[tuple[str, Asked]]:
    """About a host's time in the flock."""
    sought = {
        "address, a moment": StaysSought(span=around(one.at_s, 0, HOUR_S), addresses=[one.address]),
        "host, any time": StaysSought(hosts=[one.host]),
        "container": StaysSought(containers=[one.container]),
    }
    for name, question in sought.items():
        yield name, lambda reader, question=question: any(  # type: ignore[misc]
            row.begun == one for row in reader.stays(question).rows
        )
    then = SeenSought(span=around(one.at_s, 0, 1))
    yield "schedds then", lambda reader: len({row.schedd for row in reader.schedds(then).rows}) > 1


def asked(directory: Path, truth: Truth, rounds: int) -> Mapping[str, object]:
    """Ask all kinds of questions `rounds` times, each of a reader that knows nothing yet."""
    chance = random.Random(7)
    took: dict[str, list[float]] = {}
    wrong: dict[str, int] = {}
    for _ in range(rounds):
        questions = itertools.chain(
            flow_questions(chance.choice(truth.flows)),
            job_questions(chance.choice(truth.jobs)),
            stay_questions(chance.choice(truth.stays)),
        )
        for name, ask in questions:
            begun = time.monotonic()
            is_right = ask(StoreReader(directory, reveal=True))
            took.setdefault(name, []).append(time.monotonic() - begun)
            wrong[name] = wrong.get(name, 0) + (not is_right)
    every = [one for times in took.values() for one in times]
    return {
        "questions": len(every),
        "wrong": sum(wrong.values()),
        "p50_s": share(every, 0.5),
        "p95_s": share(every, 0.95),
        "worst_s": max(every),
        "p95_by_kind_s": {name: round(share(times, 0.95), 3) for name, times in took.items()},
    }


def share(times: Sequence[float], part: float) -> float:
    """The time that this part of them does not exceed."""
    return sorted(times)[min(int(len(times) * part), len(times) - 1)]
