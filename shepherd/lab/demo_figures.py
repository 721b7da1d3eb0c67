"""What the demo measured, from outside the software: process events, both collectors, the schedds' histories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shepherd.lab.eventually import eventually
from shepherd.lab.herd_log import Side
from shepherd.lab.site import Site
from shepherd.lab.spans import Span
from shepherd.lab.watch import Sighting, Watch

COMPLETED = 4
SIGHTED_S = 10.0
"""The collectors are looked at five times a second: who is home and not seen there for so long was missed."""


@dataclass(kw_only=True)
class Figures:
    """Collected while the story runs; `report` adds what only the end knows."""

    lends: list[float] = field(default_factory=list)
    reclaims: list[float] = field(default_factory=list)
    reclaims_ordered: int = 0
    burst_to_first_local_start_s: list[float] = field(default_factory=list)

    def report(self, site: Site, watch: Watch) -> dict[str, object]:
        """All figures. Seconds but for `double_run_ms`."""
        measured = watch.measured()
        local, flocked = site.history(site.cm), site.history(site.campus)
        return {
            "hosts": len(site.hosts),
            "lends": [round(s, 2) for s in lend_gaps(site, watch)],
            "reclaims": [round(s, 2) for s in self.reclaims],
            "burst_to_first_local_start_s": [round(s, 2) for s in self.burst_to_first_local_start_s],
            "local_jobs_evicted": sum(evictions(job) for job in local),
            "double_run_ms": round(measured.double_run_ms, 3),
            "longest_without_accepting_startd_s": round(measured.longest_without_accepting_startd_s, 2),
            "flocked_jobs_completed": sum(1 for job in flocked if done(job) and ran_on(job).startswith("f")),
            "local_jobs_completed": sum(1 for job in local if done(job)),
        }


def lend_gaps(site: Site, watch: Watch) -> list[float]:
    """For every life of a flocking startd: how long before it nobody of its host accepted work."""
    gaps = watch.measured().without_accepting
    starts = {host.name: [run.span(0).start_s for run in watch.runs(host.name, Side.FLOCKING)] for host in site.hosts}
    return [
        gap.length_s
        for host, begun in starts.items()
        for gap in gaps.get(host, [])
        if any(inside(gap, start_s) for start_s in begun)
    ]


def inside(gap: Span, at_s: float) -> bool:
    """Whether a moment lies in a gap."""
    return gap.start_s <= at_s <= gap.end_s


def accepting_since(sightings: Sequence[Sighting], machine: str, after_s: float) -> float | None:
    """When a machine's startd was first seen to accept work after a moment, on the monotonic clock."""
    seen = (s.at_s for s in sightings if s.machine == machine and s.at_s > after_s and s.state != "Drained")
    return next(seen, None)


def reclaim_times(
    sightings: Sequence[Sighting], machines: Sequence[str], began_s: float, within_s: float = SIGHTED_S
) -> list[float]:
    """How long after a moment each of these was seen to accept work again; `sightings` may grow meanwhile.

    Raises Unavailable, with the names, if one of them is still not seen: a figure of fewer would tell of fewer.
    """

    def missing() -> list[str]:
        return [machine for machine in machines if accepting_since(sightings, machine, began_s) is None]

    names = ", ".join(machines)
    eventually(lambda: not missing(), within_s, what=f"the regular startds of all of {names} are seen")
    back = (accepting_since(sightings, machine, began_s) for machine in machines)
    return [at_s - began_s for at_s in back if at_s is not None]


def done(job: Mapping[str, Any]) -> bool:
    """Completed, and with exit code 0."""
    return bool(job.get("JobStatus") == COMPLETED and job.get("ExitCode") == 0)


def ran_on(job: Mapping[str, Any]) -> str:
    """Machine a job last ran on."""
    return str(job.get("LastRemoteHost", "")).rpartition("@")[2]


def evictions(job: Mapping[str, Any]) -> int:
    """Starts of a job beyond the first."""
    return max(0, int(job.get("NumJobStarts", 0)) - 1)
