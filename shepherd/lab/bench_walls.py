"""What the walls cost: the same work as a flocked job and on the bare host, in turns; and a container's start."""

import datetime
import json
import statistics
from collections.abc import Mapping

from shepherd.lab.audit.jobs import COMPLETED, HELD, Guest
from shepherd.lab.cgroups import ROOT
from shepherd.lab.eventually import eventually
from shepherd.lab.node import SOURCE_IN_NODE, Node
from shepherd.lab.progress import Progress
from shepherd.lab.site import Site, SiteSpec

ROUNDS, TURNS = 3, 3
START_S = 3.0
KINDS = ("calculation", "files")
AUDIT = f"{SOURCE_IN_NODE}/shepherd/lab/audit"


def measure() -> Mapping[str, float]:
    """Ratios of the medians, inside to outside, by kind of work; and seconds from the lease to *armed*."""
    spec = SiteSpec(hosts=1, start_keepers=True, start_shepherd=True)
    with Site(spec, progress=Progress()) as site:
        eventually(lambda: "f201" in site.flocking_startds(), 120, 0.5, what="the host is lent")
        guest = Guest(site=site, user="alice")
        guest.prepare()
        inside: list[Mapping[str, float]] = []
        outside: list[Mapping[str, float]] = []
        for turn in range(TURNS):
            inside += rounds_inside(guest, f"work{turn}")
            outside += rounds_outside(site.hosts[0])
        return {**{kind: ratio(kind, inside, outside) for kind in KINDS}, "container_start_s": start_s(site.hosts[0])}


def rounds_inside(guest: Guest, name: str) -> list[Mapping[str, float]]:
    """As a flocked job."""
    job = guest.submit(name, "f201", ["job.work", str(ROUNDS)])
    job.wait(COMPLETED, HELD, within_s=120)
    found: list[Mapping[str, float]] = json.loads(job.text())
    return found


def rounds_outside(host: Node) -> list[Mapping[str, float]]:
    """On the host itself, as an ordinary user, in memory like a job's sandbox, and in control groups of its own as a
    service is: what the whole machine uses would slow it down."""
    groups = [f"{ROOT / name}{host.cgroup}/outside" for name in host.spec.cgroups.trees if name != "cpuset"]
    enter = " && ".join(f"mkdir -p {group} && echo $$ > {group}/cgroup.procs" for group in groups)
    work = f"cd $(mktemp -d -p /tmp) && PYTHONPATH={AUDIT} exec python3 -m job.work {ROUNDS}"
    script = f"{enter} && exec runuser -u carol -- sh -c '{work}'"
    found: list[Mapping[str, float]] = json.loads(host.must(("sh", "-c", script), timeout_s=120))
    return found


def ratio(kind: str, inside: list[Mapping[str, float]], outside: list[Mapping[str, float]]) -> float:
    """Of the medians."""
    one, other = (statistics.median(found[kind] for found in rounds) for rounds in (inside, outside))
    return round(one / other, 3)


def start_s(host: Node) -> float:
    """From `preparing` to `container started` in the keeper's log: checks, token, container, rules, leak check."""
    lines = [json.loads(line) for line in host.read("/var/log/keeper.log").splitlines() if line.startswith("{")]
    times = {line["event"]: datetime.datetime.fromisoformat(line["timestamp"]) for line in lines}
    return round((times["container started"] - times["preparing"]).total_seconds(), 2)


def slow(found: Mapping[str, float]) -> list[str]:
    """Goals that were missed."""
    late = found["container_start_s"]
    return [f"a container is armed after {late} s, not {START_S:g}"] if late > START_S else []
