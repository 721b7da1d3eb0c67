"""The whole audit, in order; what is not as it must be is told at once."""

from collections.abc import Callable
from pathlib import Path

from shepherd.errors import ShepherdError
from shepherd.lab.audit import crowd, neighbours, rooted, stolen_token
from shepherd.lab.audit.parts import Guests, Results
from shepherd.lab.audit.place import place
from shepherd.lab.audit.report import SHUT, Result, figures
from shepherd.lab.progress import Progress
from shepherd.lab.report_file import write_report
from shepherd.lab.settings import Table

TALK: Table = {"profile": "talk", "guard": False, "flock_pool": ""}
"""The talk's own `docker run`, on a dockerd as it comes."""


def run_audit(path: Path | None, *, baseline: bool) -> int:
    """Audit a site, and with `baseline` one of the talk's. Exit code: 0 only without leaks and broken needs."""
    progress = Progress()
    results = audited(progress, {}, remap=True)
    found = figures(results)
    if baseline:
        progress.say("the same against the talk's own `docker run`")
        found["talk_baseline_leaks"] = sum(one.is_open_door for one in audited(progress, TALK, remap=False))
    if path:
        write_report(path, found)
    leaks, broken = sum(one.is_leak for one in results), sum(one.is_broken_need for one in results)
    progress.say(
        f"{found['probes']} probes, {found['as_expected']} as expected, {leaks} leaks, {broken} broken needs; "
        f"the talk's docker run: {found.get('talk_baseline_leaks', 'not tried')} leaks"
    )
    return 1 if leaks or broken else 0


def audited(progress: Progress, node: Table, *, remap: bool) -> list[Result]:
    """One audit of one site."""
    with place(progress, node, remap=remap) as site:
        guests = Guests.on(site)
        parts: dict[str, Callable[[], Results]] = {
            "a job tries what it must not reach": guests.trespass,
            "what a guest needs": guests.needs,
            "ways around the job's walls": guests.around,
            "taking all of everything": guests.greed,
            "the container's root": lambda: rooted.tried(guests),
            "the wire, for somebody with all rights in the container": lambda: neighbours.wire(guests),
            "a container's token in the wrong hands": lambda: stolen_token.tried(guests),
            "one container against the flock pool": lambda: crowd.flood(guests),
            "staying after the end": guests.staying,
        }
        results: list[Result] = []
        for title, part in parts.items():
            with progress.step(title):
                results += collected(title, part, progress)
    return results


def collected(title: str, part: Callable[[], Results], progress: Progress) -> list[Result]:
    """What a part found; a part that cannot be made counts as a leak."""
    results: list[Result] = []
    try:
        for result in part():
            results.append(result)
            if result.got != result.must:
                progress.say(f"  {result.id}: {result.got}, must be {result.must}: {result.tries} {result.detail}")
    except ShepherdError as exc:
        progress.say(f"  {title}: cannot be tried: {exc.diagnosis()}")
        results.append(Result(id=title, tries="a part of the audit", must=SHUT, got="broken", detail=exc.diagnosis()))
    return results
