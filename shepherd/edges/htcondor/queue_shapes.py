"""What the idle jobs of one schedd ask for: the questions, and what is made of the answers. Runs in the worker.

The schedd groups them itself (`GroupBy`), in a process that it forks for the question: one walk over its queue, and an
answer as long as there are kinds of jobs. Each reply holds the attributes that were asked for and whatever these refer
to, so that expressions like the default RequestMemory can be evaluated here. The constraint is applied to jobs and
then once more to the reply: what it names must be asked for, too, or every group is thrown away.
"""

from collections.abc import Callable, Iterable, Sequence

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
LATER = [
    *REQUESTS, "TotalSubmitProcs", "JobMaterializeNextProcId", "DAG_NodesReady", "DAG_JobsIdle", "DAG_JobsRunning",
]  # fmt: skip
MEMORY_STEP_MIB, DISK_STEP_KIB = 128, 1024
"""A partitionable slot gives in such steps: MODIFY_REQUEST_EXPR_…, HTCondor's defaults."""
PARALLEL = 11
MOST_SHAPES = 1000
MOST_EXACT = 800
"""Of these so many that most jobs have; the others are told less exactly."""


def told(groups: Sequence[Ad], later: Sequence[Ad]) -> list[object]:
    """Rows of cpus, MiB, KiB, GPUs, idle jobs and such in store, and how many nodes DAGs hold back."""
    idle = counted((shape_of(ad), (count(ad.get("JobCount")) or 0) * hosts_of(ad)) for ad in groups)
    store = counted((shape_of(ad), in_store(ad)) for ad in later)
    held_back = sum(map(held_back_by, later))
    return [[[*shape, jobs, store.get(shape, 0)] for shape, jobs in few(idle).items()], held_back]


def shape_of(ad: Ad) -> Shape:
    """What a job asks for, in the steps in which slots give. One cpu unless it says otherwise."""
    cpus, memory, disk, gpus = (count(ad.get(name)) for name in REQUESTS)
    return max(1, cpus or 0), up(memory or 0, MEMORY_STEP_MIB), up(disk or 0, DISK_STEP_KIB), gpus or 0


def up(amount: int, step: int) -> int:
    """The next multiple of `step`."""
    return -(-amount // step) * step


def hosts_of(ad: Ad) -> int:
    """Slots that one job needs at once: those of the parallel universe may need several. Others may say so, too."""
    return max(1, count(ad.get("MaxHosts")) or 1) if ad.get("JobUniverse") == PARALLEL else 1


def in_store(ad: Ad) -> int:
    """Jobs that a cluster has not made yet. Only one that makes jobs as it goes has a next one."""
    made = count(ad.get("JobMaterializeNextProcId"))
    return 0 if made is None else max(0, (count(ad.get("TotalSubmitProcs")) or 0) - made)


def held_back_by(ad: Ad) -> int:
    """Nodes that a DAG may submit soon: of those that are ready as many as it has jobs in the queue. A DAG that keeps
    to ten jobs has ten thousand ready for weeks."""
    ready, idle, running = (count(ad.get(name)) or 0 for name in ("DAG_NodesReady", "DAG_JobsIdle", "DAG_JobsRunning"))
    return min(ready, idle + running)


def counted(rows: Iterable[tuple[Shape, int]]) -> dict[Shape, int]:
    """Jobs by shape."""
    found: dict[Shape, int] = {}
    for shape, jobs in rows:
        if jobs:
            found[shape] = found.get(shape, 0) + jobs
    return found


def few(idle: dict[Shape, int]) -> dict[Shape, int]:
    """At most MOST_SHAPES: if there are more, the rarest are rounded down until they are few, so that no job that fits
    somewhere seems to fit nowhere."""
    if len(idle) <= MOST_SHAPES:
        return idle
    ranked = sorted(idle.items(), key=lambda one: (-one[1], one[0]))
    rest = ranked[MOST_EXACT:]
    for rounded in COARSER:
        rest = list(counted((rounded(shape), jobs) for shape, jobs in rest).items())
        if len(rest) <= MOST_SHAPES - MOST_EXACT:
            break
    return counted([*ranked[:MOST_EXACT], *rest])


def digits(amount: int, number: int) -> int:
    """The first binary digits of an amount."""
    shift = max(0, amount.bit_length() - number)
    return amount >> shift << shift


COARSER: Sequence[Callable[[Shape], Shape]] = (
    lambda shape: (digits(shape[0], 4), digits(shape[1], 4), digits(shape[2], 4), digits(shape[3], 4)),
    lambda shape: (digits(shape[0], 1), digits(shape[1], 1), digits(shape[2], 1), digits(shape[3], 1)),
    lambda shape: (digits(shape[0], 1), digits(shape[1], 1), 0, 0),
    lambda shape: (digits(shape[0], 1), 0, 0, 0),
)
"""To an eighth, to a half, without disk and GPUs, cpus alone."""
