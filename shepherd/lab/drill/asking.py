"""Asking the site: by the verb itself, as an administrator does, and by the same code in one process."""

import dataclasses
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shepherd.core.trace.lines import record_of
from shepherd.errors import CommandFailed
from shepherd.lab.command import failure
from shepherd.lab.drill.expected import Key
from shepherd.lab.drill.questions import Asked
from shepherd.lab.drill.told import Named, Told
from shepherd.lab.node import SITE_IN_NODE, SOURCE_IN_NODE, Node
from shepherd.lab.services import SHEPHERD
from shepherd.model.question import Question
from shepherd.model.trace import FlowBegun, Gap, JobBegun
from shepherd.model.trace_rows import Flow, Job
from shepherd.model.tracing import Verdict

RECORD = "/var/lib/shepherd/trace"
INSIDE = ("/usr/bin/python3", "-m", "shepherd.lab.drill.inside")
PYTHON: Mapping[str, str] = {"PYTHONPATH": f"{SOURCE_IN_NODE}:{SITE_IN_NODE}", "PYTHONDONTWRITEBYTECODE": "1"}
ANSWERED = (0, 1)
"""Exit codes of the verb: there is an answer, or none."""
ALL_S = 600.0
PROTOCOLS = {6: "tcp", 17: "udp"}
ENDS = (
    ("--nat", "nat_address", "nat_port"), ("--ip", "address", "port"), ("--to", "far_address", "far_port"),
)  # fmt: skip
WORDS = ("host", "slot", "job", "user", "schedd", "guest", "image")
Json = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rows:
    """The whole record of a time."""

    jobs: Sequence[Job]
    flows: Sequence[Flow]
    gaps: Sequence[Gap]


def by_verb(node: Node, asked: Asked) -> Told:
    """`shepherd trace … --json`. Raises CommandFailed if that is no answer."""
    began_s = time.perf_counter()
    done = node.run((SHEPHERD, "trace", *words_of(asked.question), "--json", *["--flows"] * asked.with_flows))
    took_s = time.perf_counter() - began_s
    if done.returncode not in ANSWERED or not done.stdout.strip():
        raise CommandFailed(failure(done))
    return told_in(json.loads(done.stdout), took_s)


def in_process(node: Node, asked: Sequence[Asked]) -> list[Told]:
    """All of them, one after the other."""
    lines = [json.dumps({"question": vars(one.question), "flows": one.with_flows}) + "\n" for one in asked]
    said = node.must((*INSIDE, "ask", RECORD), env=PYTHON, given="".join(lines), timeout_s=ALL_S)
    answers = [json.loads(line) for line in said.splitlines()]
    return [told_in(answer["tracing"], answer["took_s"]) for answer in answers]


def all_rows(node: Node, from_s: float, to_s: float) -> Rows:
    """Everything that is on record of a time."""
    said = node.must((*INSIDE, "rows", RECORD, str(from_s), str(to_s)), env=PYTHON, timeout_s=ALL_S)
    records = [record_of(line) for line in said.splitlines()]
    return Rows(
        jobs=[Job(begun=one) for one in records if isinstance(one, JobBegun)],
        flows=[Flow(begun=one) for one in records if isinstance(one, FlowBegun)],
        gaps=[one for one in records if isinstance(one, Gap)],
    )


def words_of(question: Question) -> list[str]:
    """A question as words of the verb."""
    words = ["--from", f"@{question.from_s:.6f}", "--until", f"@{question.until_s:.6f}"]
    words += ["--within", f"{question.within_s:g}"]
    for option, address, port in ENDS:
        at, number = getattr(question, address), getattr(question, port)
        if at or number is not None:
            words += [option, at if number is None else f"{at}:{number}"]
    for name in WORDS:
        if value := getattr(question, name):
            words += [f"--{name}", value]
    return words + (["--protocol", PROTOCOLS[question.protocol]] if question.protocol is not None else [])


def told_in(tracing: Json, took_s: float) -> Told:
    """What an answer in JSON comes to."""
    surely, perhaps = list(suspects_in(tracing, surely=True)), list(suspects_in(tracing, surely=False))
    certain, named = (frozenset(map(named_in, some)) for some in (surely, [*surely, *perhaps]))
    return Told(
        verdict=Verdict(tracing["verdict"]), named=named, possible=named - certain,
        flows=frozenset(key for one in [*surely, *perhaps] for key in flows_in(one)), took_s=took_s,
    )  # fmt: skip


def suspects_in(tracing: Json, *, surely: bool) -> Iterator[Json]:
    """All jobs that are named: by the answer's own words for certain, or as one of several."""
    for flow in tracing["flows"]:
        if (Verdict(flow["verdict"]) is Verdict.NAMED) is surely:
            yield from flow["suspects"]
    for stay in tracing["stays"] if surely else ():
        yield from stay["jobs"]


def named_in(suspect: Json) -> Named:
    """One of them."""
    begun, sender = suspect["job"]["begun"], suspect["sender"]
    return Named(
        job=begun["job"], user=begun["user"], host=begun["host"], slot=begun["slot"], uid=begun["uid"],
        schedd=sender["schedd"], guest=sender["guest"], begun_s=begun["at_s"],
    )  # fmt: skip


def flows_in(suspect: Json) -> Iterator[Key]:
    """Its connections, if they were asked for."""
    for other in suspect["others"] or ():
        begun = other["flow"]["begun"]
        yield (begun["protocol"], begun["port"], begun["far_address"], begun["far_port"])
