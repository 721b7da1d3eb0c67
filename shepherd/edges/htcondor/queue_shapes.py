"""What the idle jobs of one schedd ask for. Runs in the worker.

The schedd groups them itself (`GroupBy`), in a process that it forks for the question: one walk over its queue, and an
answer as long as there are kinds of jobs. Each reply holds the attributes that were asked for and whatever these refer
to, so that expressions like the default RequestMemory can be evaluated here. The constraint is applied to jobs and
then once more to the reply: what it names must be asked for, too, or every group is thrown away.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import classad2
import htcondor2

from shepherd.edges.htcondor.values import count

Shape = tuple[int, int, int, int]
"""Cpus, MiB, KiB of disk, GPUs."""

REQUESTS = ("RequestCpus", "RequestMemory", "RequestDisk", "RequestGPUs")
GROUPED = [*REQUESTS, "MaxHosts", "JobStatus", "JobUniverse", "JobMaterializeLimit"]
IDLE = "JobStatus == 1 && JobUniverse =!= 7 && JobUniverse =!= 9 && JobUniverse =!= 12"
"""Not of the universes scheduler, grid and local, as submitter ads count them."""
STORED = "ProcId is undefined && TotalSubmitProcs > JobMaterializeNextProcId && (JobMaterializePaused ?: 0) == 0"
"""Clusters that go on making jobs."""
DAGS = "JobUniverse =?= 7 && JobStatus =?= 2 && DAG_NodesReady > 0"
"""DAGMan jobs with nodes that could be submitted and are not."""
LATER = [*REQUESTS, "TotalSubmitProcs", "JobMaterializeNextProcId", "DAG_NodesReady"]
MEMORY_STEP_MIB, DISK_STEP_KIB = 128, 1024
"""A partitionable slot gives in such steps: MODIFY_REQUEST_EXPR_…, HTCondor's defaults."""
MOST_SHAPES = 1000


def shapes(address: str, version: str) -> list[object]:
    """Rows of cpus, MiB, KiB, GPUs, idle jobs and such in store, and the DAGs' nodes. Raises HTCondorException."""
    location = classad2.ClassAd({"MyType": "Scheduler", "MyAddress": address, "CondorVersion": version})
    schedd = htcondor2.Schedd(location)
    groups: list[Any] = schedd.query(IDLE, GROUPED, opts=htcondor2.QueryOpt.GroupBy)
    has_store = any("JobMaterializeLimit" in ad for ad in groups)
    later = schedd.query(f"({STORED}) || ({DAGS})", LATER, opts=htcondor2.QueryOpt.IncludeClusterAd)
    idle = counted((shape_of(ad), (count(ad.get("JobCount")) or 0) * hosts_of(ad)) for ad in groups)
    store = counted((shape_of(ad), in_store(ad)) for ad in later if "TotalSubmitProcs" in ad) if has_store else {}
    held_back = sum(count(value(ad, "DAG_NodesReady")) or 0 for ad in later)
    return [[[*shape, jobs, store.get(shape, 0)] for shape, jobs in few(idle).items()], held_back]


def shape_of(ad: Any) -> Shape:  # noqa: ANN401 - the bindings' ad
    """What a job asks for, in the steps in which slots give. One cpu unless it says otherwise."""
    cpus, memory, disk, gpus = (count(value(ad, name)) for name in REQUESTS)
    return max(1, cpus or 0), up(memory or 0, MEMORY_STEP_MIB), up(disk or 0, DISK_STEP_KIB), gpus or 0


def up(amount: int, step: int) -> int:
    """The next multiple of `step`."""
    return -(-amount // step) * step


def value(ad: Any, name: str) -> object:  # noqa: ANN401 - the bindings' ad
    """An attribute's value; None if it has none, or none that can be known without the job's own machine."""
    try:
        return ad.eval(name)
    except (KeyError, classad2.ClassAdException):
        return None


def hosts_of(ad: Any) -> int:  # noqa: ANN401 - the bindings' ad
    """Slots that one job needs at once: those of the parallel universe may need several."""
    return max(1, count(value(ad, "MaxHosts")) or 1)


def in_store(ad: Any) -> int:  # noqa: ANN401 - the bindings' ad
    """Jobs that a cluster has not made yet."""
    return max(0, (count(value(ad, "TotalSubmitProcs")) or 0) - (count(value(ad, "JobMaterializeNextProcId")) or 0))


def counted(rows: Iterable[tuple[Shape, int]]) -> dict[Shape, int]:
    """Jobs by shape."""
    found: dict[Shape, int] = {}
    for shape, jobs in rows:
        if jobs:
            found[shape] = found.get(shape, 0) + jobs
    return found


def few(idle: dict[Shape, int]) -> dict[Shape, int]:
    """At most MOST_SHAPES: while there are more, memory and disk are rounded up further."""
    for step in coarser():
        if len(idle) <= MOST_SHAPES:
            break
        rounded = [((c, up(mib, step), up(kib, step * 1024), g), jobs) for (c, mib, kib, g), jobs in idle.items()]
        idle = counted(rounded)
    return idle


def coarser() -> Iterator[int]:
    """MiB."""
    return (MEMORY_STEP_MIB << power for power in range(1, 16))
