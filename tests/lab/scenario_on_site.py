"""The real half of a scenario: a site of the lab, told from outside by both pools' collectors and the schedds."""

import time
from collections.abc import Iterable

from shepherd.lab.demo_figures import done
from shepherd.lab.eventually import eventually
from shepherd.lab.node import Node
from shepherd.lab.pool_queries import Ad
from shepherd.lab.site import Site, SiteSpec
from shepherd.lab.watch import ACCEPTING, Sighting, Watch
from tests.lab.scenario import JOB_MIB, Batch, Course, Moved, Scenario

FIRST_S = 90.0
"""Collectors are young at first, and nothing is lent."""
JOBS = (
    "executable = /bin/sleep\narguments = {run_s}\nrequest_cpus = {cpus}\nrequest_memory = {mib}\n"
    "request_disk = 1024\nqueue {jobs}\n"
)
RUNNING = 2


def on_site(scenario: Scenario) -> Course:
    """What a real site makes of it. Raises Unavailable."""
    spec = SiteSpec(
        hosts=scenario.hosts, cpus=scenario.cpus, memory_mib=scenario.memory_mib, start_keepers=True,
        shepherd={"policy": scenario.policy},
    )  # fmt: skip
    with Site(spec) as site, Watch(site) as watch:
        for batch in scenario.guests:
            _submit(site, site.campus, "alice", batch)
        site.cm.start("shepherd")
        first_s = eventually(lambda: _first_s(watch), FIRST_S, 0.1, what="a host is lent")
        clusters = [_submit_at(site, batch, first_s) for batch in scenario.local]
        _sleep_until(first_s + scenario.length_s)
        guests = [*site.queue(site.campus), *site.history(site.campus)]
        return Course(
            moves=tuple((at_s - first_s, move) for at_s, move in moves(watch.sightings)),
            waits_s=tuple(_waits_s(site, cluster) for cluster in clusters),
            evicted=sum(map(_thrown_off, guests)),
            completed=sum(1 for job in guests if done(job)),
        )


def moves(sightings: Iterable[Sighting]) -> list[tuple[float, Moved]]:
    """The first time that each life of a startd was seen to accept jobs, but for lives that were there at the first
    look."""
    seen: set[tuple[str, float]] = set()
    found: list[tuple[float, Moved]] = []
    first_s: float | None = None
    for sighting in sightings:
        life = (sighting.machine, sighting.started_wall_s)
        if sighting.state not in ACCEPTING or life in seen:
            continue
        first_s = sighting.at_s if first_s is None else first_s
        seen.add(life)
        if sighting.at_s > first_s:
            found.append((sighting.at_s, Moved.LENT if sighting.machine.startswith("f") else Moved.HOME))
    return found


def _first_s(watch: Watch) -> float:
    """When a host was lent, on the monotonic clock; 0: none was yet."""
    return next((at_s for at_s, move in moves(list(watch.sightings)) if move is Moved.LENT), 0.0)


def _submit(site: Site, node: Node, user: str, batch: Batch) -> int:
    return site.submit(
        node, user, JOBS.format(run_s=batch.run_s, cpus=batch.cpus, mib=JOB_MIB, jobs=batch.jobs)
    )


def _submit_at(site: Site, batch: Batch, first_s: float) -> int:
    _sleep_until(first_s + batch.at_s)
    return _submit(site, site.cm, "carol", batch)


def _sleep_until(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.monotonic()))


def _waits_s(site: Site, cluster: int) -> tuple[float, ...]:
    """Whole seconds, as job ads have them."""
    jobs = site.history(site.cm, f"ClusterId == {cluster}")
    return tuple(sorted(float(job["JobStartDate"] - job["QDate"]) for job in jobs))


def _thrown_off(job: Ad) -> int:
    """How often a guest's job lost its host. NumJobStarts is the shadow's, who tells the schedd in its own time."""
    starts = int(job.get("NumShadowStarts", 0))
    return starts - (done(job) or job.get("JobStatus") == RUNNING)
