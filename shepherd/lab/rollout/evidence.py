"""Steps of the rollout: what each was to show, what was seen, and whether it held."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from shepherd.errors import CommandFailed, ShepherdError
from shepherd.lab.progress import Progress
from shepherd.lab.rollout import look
from shepherd.lab.rollout.machine import Machine

Seen = dict[str, Any]
NOT_TRIED = "not tried, because a step before it did not hold"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step. `work` fills in what it saw, and raises an error of ours if that is not as it must be."""

    name: str
    shows: str
    work: Callable[[Seen], None]
    is_needed: bool = False
    """Whether the steps after it make no sense without it."""


@dataclass(kw_only=True)
class Outcome:
    """What became of a step."""

    step: str
    shows: str
    held: bool
    took_s: float = 0.0
    problem: str = ""
    seen: Seen = field(default_factory=dict)


def taken(steps: Sequence[Step], progress: Progress) -> Iterator[Outcome]:
    """Every step's outcome, in order; told as they come."""
    lost = False
    for step in steps:
        if lost:
            yield Outcome(step=step.name, shows=step.shows, held=False, problem=NOT_TRIED)
            continue
        outcome = _taken(step)
        lost = step.is_needed and not outcome.held
        mark = "ok    " if outcome.held else "FAILED"
        progress.say(f"{mark} {step.shows} ({outcome.took_s:.1f} s)")
        if outcome.problem:
            progress.say(f"       {outcome.problem}")
        yield outcome


def _taken(step: Step) -> Outcome:
    began_s = time.monotonic()
    outcome = Outcome(step=step.name, shows=step.shows, held=False)
    try:
        step.work(outcome.seen)
        outcome.held = True
    except ShepherdError as exc:
        outcome.problem = exc.diagnosis()
    outcome.took_s = round(time.monotonic() - began_s, 1)
    return outcome


def figures(outcomes: Sequence[Outcome], packages: Mapping[str, str]) -> dict[str, object]:
    """The report as data: a field for each step."""
    return {
        "held": all(one.held for one in outcomes) and bool(outcomes),
        "packages": dict(packages),
        "steps": {one.step: {k: v for k, v in asdict(one).items() if k != "step"} for one in outcomes},
    }


def check(what: str, holds: object) -> None:
    """Raises CommandFailed unless it holds."""
    if not holds:
        raise CommandFailed(f"does not hold: {what}")


# -- looking -----------------------------------------------------------------------------------------------------------

LOOK = Path(look.__file__).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Sight:
    """One look at a machine."""

    facts: Mapping[str, Any]

    def running(self, what: str, *, contained: bool) -> list[Mapping[str, Any]]:
        """Processes of that kind, in a container or outside of one."""
        return [one for one in self.facts["processes"] if one["what"] == what and bool(one["container"]) == contained]

    @property
    def container(self) -> Mapping[str, Any]:
        """The first process of the flock container; empty if there is none."""
        return next(iter(self.running("flock-init", contained=True)), {})

    @property
    def is_local(self) -> bool:
        """Whether a regular startd runs, and no container."""
        return bool(self.running("condor_startd", contained=False)) and not self.container

    @property
    def is_lent(self) -> bool:
        """Whether a container's startd runs, and no regular one."""
        regular, flocking = (self.running("condor_startd", contained=one) for one in (False, True))
        return bool(flocking) and not regular


def sight(machine: Machine) -> Sight:
    """Look at it. Raises CommandFailed, Unavailable."""
    return Sight(json.loads(machine.must(("/usr/bin/python3", "-IS", "-c", LOOK))))


def tells(machine: Machine, argv: Sequence[str]) -> list[str]:
    """What a command there says, by lines; an empty list if it fails."""
    with contextlib.suppress(ShepherdError):
        done = machine.run(argv)
        return done.stdout.splitlines() if done.returncode == 0 else []
    return []
