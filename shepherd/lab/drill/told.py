"""What an answer comes to, whichever way it was asked: its verdict, the jobs it names and their connections. Pure."""

import dataclasses

from shepherd.lab.drill.expected import Key
from shepherd.lab.drill.truth import Truth
from shepherd.model.tracing import Verdict

NEAR_S = 30.0
"""How far apart a job's own begin and the one on record are at most."""


@dataclasses.dataclass(frozen=True, kw_only=True, order=True)
class Named:
    """A job that an answer names, with all that it says of it."""

    job: str
    user: str
    host: str
    slot: str
    uid: int
    schedd: str
    guest: str
    begun_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Told:
    """An answer."""

    verdict: Verdict
    named: frozenset[Named]
    possible: frozenset[Named] = frozenset()
    """Of these, who is only named as one of those who can have made some connection."""
    flows: frozenset[Key] = frozenset()
    """Connections of the jobs that are named, if they were asked for."""
    took_s: float = 0.0


def run_of(one: Named, truth: Truth) -> str:
    """The run that is named; empty: there is none that all of it is true of."""
    fitting = [
        run for run in truth.runs.values()
        if (run.job, run.user, run.host, run.slot, run.pool) == (one.job, one.user, one.host, one.slot, one.schedd)
        and run.uid in {-1, one.uid} and one.guest in {"", run.pool} and abs(run.begun_s - one.begun_s) <= NEAR_S
    ]  # fmt: skip
    return min(fitting, key=lambda run: abs(run.begun_s - one.begun_s)).run if fitting else ""
