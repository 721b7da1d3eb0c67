"""Whom a right answer must name, and whom it may, by the truth alone. Pure.

Nobody knows the moment at which a job or a connection began or ended better than its two ends saw it; what lies within
that is may, what lies beyond is wrong.
"""

import dataclasses
import math
from collections.abc import Iterable

from shepherd.lab.drill.truth import PROTOCOLS, Connection, Line, Run, Truth
from shepherd.model.question import Question

Key = tuple[int, int, str, int]
"""Protocol, inside port, far address and port of a connection."""
RUN_BEFORE_S = 15.0
"""How long a job may have been on its host before its program began, if nobody knows since when it was."""
APART_S = 5.0
"""How far a time on record may be from the truth: clocks are compared to some seconds only."""
RUN_AFTER_S = 15.0
TICK_S = 1.0
"""HTCondor tells whole seconds."""
FLOW_S = 0.5
STAYS_S = {"tcp": 5.0, "reset": 5.0, "refused": 15.0, "udp": 200.0}
"""For how long the kernel may take a connection for open after both ends have left it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Life:
    """Begin and end, each between two times."""

    from_lo: float
    from_hi: float
    to_lo: float
    to_hi: float

    def may_meet(self, lo: float, hi: float) -> bool:
        """Whether it can have been there at some time of these."""
        return self.from_lo <= hi and lo <= self.to_hi

    def must_meet(self, lo: float, hi: float) -> bool:
        """Whether it was there for certain: its known middle was, or its whole begin or end lies between them."""
        middle = self.from_hi <= self.to_lo and self.from_hi <= hi and lo <= self.to_lo
        began = lo <= self.from_lo and self.from_hi <= hi
        return middle or began or (lo <= self.to_lo and self.to_hi <= hi)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Expected:
    """Runs by their idents. `must` is part of `may`."""

    must: frozenset[str]
    may: frozenset[str]
    must_flows: frozenset[Key] = frozenset()
    """Of the runs in `must`, if their connections were asked for."""
    may_flows: frozenset[Key] = frozenset()
    since_s: float = math.inf
    """When the first of what may be meant began."""


def expected(question: Question, truth: Truth, *, with_flows: bool = False) -> Expected:
    """The right answer."""
    found = of_connections(question, truth) if question.is_of_flows else of_runs(question, truth)
    if not with_flows:
        return found
    attempts = (key_of_attempt(line) for line in truth.attempts if line["run"] in found.may)
    return dataclasses.replace(
        found, must_flows=keys(truth, found.must), may_flows=keys(truth, found.may) | frozenset(attempts)
    )


def of_connections(question: Question, truth: Truth) -> Expected:
    """Who made the connections that fit."""
    lo, hi = question.earliest_s, question.latest_s
    fitting = [
        (one, life_of_connection(one)) for one in truth.connections
        if connection_fits(question, one) and run_fits(question, truth.runs[one.run], truth)
    ]  # fmt: skip
    may = [one for one, life in fitting if life.may_meet(lo, hi)]
    must = [one for one, life in fitting if life.must_meet(lo, hi)]
    return Expected(must=runs(must), may=runs(may), since_s=min((one.begun_s for one in may), default=math.inf))


def of_runs(question: Question, truth: Truth) -> Expected:
    """Which jobs ran."""
    lo, hi = question.earliest_s, question.latest_s
    fitting = [(one, life_of_run(one)) for one in truth.runs.values() if run_fits(question, one, truth)]
    may = [one for one, life in fitting if life.may_meet(lo, hi)]
    must = [one.run for one, life in fitting if one.was_heard and life.must_meet(lo, hi)]
    since_s = min((one.begun_s for one in may), default=math.inf)
    return Expected(must=frozenset(must), may=frozenset(one.run for one in may), since_s=since_s)


def life_of_connection(one: Connection) -> Life:
    """As the kernel may have seen it. Without a close it stays open there."""
    to_hi = math.inf if one.ended_s is None else one.ended_s + STAYS_S[one.kind]
    return Life(
        from_lo=one.begun_s - FLOW_S, from_hi=one.seen_s + FLOW_S, to_lo=one.last_s - FLOW_S,
        to_hi=max(to_hi, one.seen_s),
    )  # fmt: skip


def life_of_run(one: Run) -> Life:
    """As HTCondor may have seen it."""
    from_lo = one.begun_s - RUN_BEFORE_S if one.taken_s is None else one.taken_s - APART_S
    return Life(
        from_lo=from_lo, from_hi=one.begun_s + TICK_S, to_lo=one.last_s - TICK_S, to_hi=one.ended_s + RUN_AFTER_S
    )


def connection_fits(question: Question, one: Connection) -> bool:
    """Whether it is one of those asked for, but for the time."""
    names = ("nat_address", "nat_port", "address", "port", "far_address", "far_port", "protocol")
    wanted = ((getattr(question, name), getattr(one, name)) for name in names)
    return all(want in {"", None} or want == have for want, have in wanted)


def run_fits(question: Question, one: Run, truth: Truth) -> bool:
    """Whether it is one of those asked for, but for the time."""
    address = truth.addresses.get(one.host, "")
    wanted = (
        (question.host, one.host), (question.slot, one.slot), (question.job, one.job), (question.user, one.user),
        (question.schedd, one.pool), (question.guest, one.pool), (question.image, truth.image),
        (question.address, address),
    )  # fmt: skip
    return all(want in {"", have} for want, have in wanted) and question.account in {None, one.uid}


def runs(connections: Iterable[Connection]) -> frozenset[str]:
    """Who made them."""
    return frozenset(one.run for one in connections)


def keys(truth: Truth, wanted: frozenset[str]) -> frozenset[Key]:
    """Those runs' connections."""
    return frozenset(key(one) for one in truth.connections if one.run in wanted)


def key(one: Connection) -> Key:
    """What a connection is known by, within a job."""
    return (one.protocol, one.port, one.far_address, one.far_port)


def key_of_attempt(line: Line) -> Key:
    """The same of one that nobody outside saw."""
    return (PROTOCOLS[line["kind"]], int(line.get("port", 0)), str(line["far_address"]), int(line["far_port"]))
