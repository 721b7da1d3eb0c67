"""What the shepherd has on record of a scenario: asked by the verb that a security officer uses, until it is whole."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shepherd.model.trace import EndSeen, JobBegun, JobEnded, StayBegun
from shepherd.model.trace_rows import Job
from tests.faults.scene import Scene

RECORDED_S = 90.0
"""A host seals what it has, the shepherd fetches it (`fetch_s`) and stores it."""
ANSWERED = (0, 1)
"""There is an answer, or none."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OnRecord:
    """Of all hosts, since the scenario began."""

    stays: tuple[StayBegun, ...]
    jobs: tuple[Job, ...]


def on_record(scene: Scene) -> OnRecord:
    """What there is now. Raises CommandFailed if that is no answer."""
    found = [stay for host in scene.site.hosts for stay in asked(scene, host.name)]
    jobs = {key(job["job"]["begun"]): job_of(job["job"]) for stay in found for job in stay["jobs"]}
    begun = tuple(StayBegun(**stay["stay"]["begun"]) for stay in found)
    return OnRecord(stays=begun, jobs=tuple(jobs.values()))


def asked(scene: Scene, host: str) -> Iterator[Mapping[str, Any]]:
    """A host's stays, with the jobs in each."""
    when = ("--from", f"@{scene.began_wall_s:.3f}", "--until", f"@{time.time():.3f}")
    said = scene.site.cm.run(("shepherd", "trace", *when, "--host", host, "--json"))
    assert said.returncode in ANSWERED, said.stderr
    yield from json.loads(said.stdout)["stays"]


def key(begun: Mapping[str, Any]) -> tuple[str, ...]:
    """What joins a run's records."""
    return (begun["host"], begun["container"], begun["slot"], begun["begun"])


def job_of(told: Mapping[str, Any]) -> Job:
    """A run, as the answer has it."""
    ended = told["ended"]
    return Job(
        begun=JobBegun(**told["begun"]),
        ended=ended and JobEnded(**{**ended, "how": EndSeen(ended["how"])}),
    )  # fmt: skip


def wrong_at_last(scene: Scene, compare: Callable[[OnRecord], list[str]]) -> list[str]:
    """What is still wrong when everything has had the time to arrive."""
    end_s = time.monotonic() + RECORDED_S
    while (wrong := compare(on_record(scene))) and time.monotonic() < end_s:
        time.sleep(1.0)
    return wrong
