"""The whole rollout in order, told as it goes; the reduced form of the tests is its beginning."""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from shepherd.lab import command
from shepherd.lab.audit.place import answer_everywhere
from shepherd.lab.progress import Progress
from shepherd.lab.report_file import write_report
from shepherd.lab.rollout.evidence import Outcome, Step, figures, taken
from shepherd.lab.rollout.leaving import Leaving
from shepherd.lab.rollout.lending import Lending
from shepherd.lab.rollout.place import Place, place
from shepherd.lab.rollout.rolling import Rolling
from shepherd.lab.rollout.upgrades import Upgrades
from shepherd.lab.rollout.walls import Walls

NEIGHBOURS = 1
"""Somebody else's container, which guests of the machine must not reach."""


def run_rollout(path: Path | None) -> int:
    """Exit code: 0 only if every step held."""
    progress, began_s = Progress(), time.monotonic()
    with place(progress, neighbours=NEIGHBOURS) as there, answering(there):
        outcomes = list(taken(all_steps(there), progress))
        packages = there.disk.packages
    found = {**figures(outcomes, packages), "took_s": round(time.monotonic() - began_s, 1)}
    if path:
        write_report(path, found)
    held = sum(one.held for one in outcomes)
    print(f"{held} of {len(outcomes)} steps held, in {found['took_s']} s", file=sys.stderr)
    return 0 if found["held"] else 1


@contextlib.contextmanager
def answering(there: Place) -> Iterator[None]:
    """Somebody answers wherever guests must not go."""
    with contextlib.ExitStack() as until:
        for process in answer_everywhere(there.site):
            until.callback(command.kill_session, process)
        yield


def begun(there: Place, until: str) -> list[Outcome]:
    """The beginning alone, up to that step, taken and told."""
    lending = Lending(there)
    steps = first_steps(lending, Rolling(there, lending))
    last = [step.name for step in steps].index(until)
    return list(taken(steps[: last + 1], there.progress))


def first_steps(lending: Lending, rolling: Rolling) -> list[Step]:
    """From a machine that is off to one that is lent and taken back."""
    return [
        Step(name="boots", shows="a machine of its own boots", work=rolling.boots, is_needed=True),
        Step(name="joins", shows="it is a plain host of the home pool", work=rolling.joins, is_needed=True),
        Step(name="puppet_changes", shows="puppet apply rolls out", work=rolling.applied, is_needed=True),
        Step(name="comes_up", shows="it comes up as a host that can be lent", work=rolling.comes_up, is_needed=True),
        Step(name="lent", shows="it is lent, over the tagged interface", work=lending.lend, is_needed=True),
        Step(name="reclaimed", shows="local jobs take it back", work=lending.reclaim),
    ]


def all_steps(there: Place) -> list[Step]:
    """Everything."""
    lending, walls = Lending(there), Walls(there)
    rolling = Rolling(there, lending)
    upgrades, leaving = Upgrades(there, lending, rolling), Leaving(there, lending, rolling)
    first = {step.name: step for step in first_steps(lending, rolling)}
    return [
        first["boots"], first["joins"], first["puppet_changes"],
        Step(name="puppet_is_done", shows="puppet apply changes nothing more", work=rolling.applied_again),
        first["comes_up"],
        first["lent"],
        Step(name="confined", shows="its container is under the AppArmor profile", work=walls.confined),
        Step(name="isolated", shows="a guest's job finds every door shut", work=walls.probe),
        Step(name="memory_limit", shows="the container's memory limit holds", work=walls.bounded),
        first["reclaimed"],
        Step(name="units", shows="units are restarted and upgraded under a lend", work=upgrades.units),
        Step(name="reboot_while_lent", shows="rebooted while lent it is local", work=lending.reboot_while_lent),
        Step(name="comes_up_after_reboot", shows="and everything came up by itself", work=rolling.comes_up),
        Step(name="absent", shows="ensure => absent ends a lend and gives the plain host back", work=leaving.absent),
    ]  # fmt: skip
