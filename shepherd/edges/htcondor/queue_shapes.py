"""What the idle jobs of one schedd ask for: the questions, and what is made of the answers. Runs in the worker.

The schedd groups them itself (`GroupBy`), in a process that it forks for the question: one walk over its queue, and an
answer as long as there are kinds of jobs. Each reply holds the attributes that were asked for and whatever these refer
to, so that expressions like the default RequestMemory can be evaluated here. The constraint is applied to jobs and
then once more to the reply: what it names must be asked for, too, or every group is thrown away.
"""

from collections.abc import Iterable, Iterator, Sequence

from shepherd.edges.htcondor.values import Ad, count

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


def told(groups: Sequence[Ad], later: Sequence[Ad]) -> list[object]:
    """Rows of cpus, MiB, KiB, GPUs, idle jobs and such in store, and how many nodes DAGs hold back."""
    idle = counted((shape_of(ad), (count(ad.get("JobCount")) or 0) * hosts_of(ad)) for ad in groups)
    store = counted((shape_of(ad), in_store(ad)) for ad in later)
    held_back = sum(count(ad.get("DAG_NodesReady")) or 0 for ad in later)
    return [[[*shape, jobs, store.get(shape, 0)] for shape, jobs in few(idle).items()], held_back]


def shape_of(ad: Ad) -> Shape:
    """What a job asks for, in the steps in which slots give. One cpu unless it says otherwise."""
    cpus, memory, disk, gpus = (count(ad.get(name)) for name in REQUESTS)
    return max(1, cpus or 0), up(memory or 0, MEMORY_STEP_MIB), up(disk or 0, DISK_STEP_KIB), gpus or 0


def up(amount: int, step: int) -> int:
    """The next multiple of `step`."""
    return -(-amount // step) * step


def hosts_of(ad: Ad) -> int:
    """Slots that one job needs at once: those of the parallel universe may need several."""
    return max(1, count(ad.get("MaxHosts")) or 1)


def in_store(ad: Ad) -> int:
    """Jobs that a cluster has not made yet. Only one that makes jobs as it goes has a next one."""
    made = count(ad.get("JobMaterializeNextProcId"))
    return 0 if made is None else max(0, (count(ad.get("TotalSubmitProcs")) or 0) - made)


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
