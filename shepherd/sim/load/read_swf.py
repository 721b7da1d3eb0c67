"""Logs in the Standard Workload Format (SWF, of the Parallel Workloads Archive) as local jobs.

A line has 18 numbers, -1 where nothing is known; lines that begin with `;` are its header. Used are 2 submission, 4 run
time, 5 and 8 processors had and asked for, 7 and 10 memory had and asked for (KiB a processor), 12 user. A parallel
job on several hosts becomes several jobs of one host each: HTCondor's vanilla universe knows no other.
"""

from collections.abc import Iterable, Iterator

from shepherd.errors import BadInput
from shepherd.model.demand import Resources
from shepherd.model.workload import DISK_KIB, LocalJob

FIELDS = 18
LARGEST = 1e15
MOST_CPUS = 10_000_000
"""Of one job: it becomes as many jobs as it needs hosts."""
MEMORY_MIB = 1024
"""A processor's, where the log does not tell."""


def swf_jobs(lines: Iterable[str], name: str, widest: int) -> list[LocalJob]:
    """Jobs in the order of the log, from the first submission on. `widest`: cpus of the largest host. Raises BadInput,
    naming the line. Jobs that never ran are left out."""
    jobs: list[LocalJob] = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith(";"):
            where = f"{name}: line {number}"
            jobs += _jobs(_numbers(line, where), widest, where)
    return from_zero(jobs, name)


def from_zero(jobs: Iterable[LocalJob], name: str) -> list[LocalJob]:
    """The same, with the first submission at 0. Raises BadInput if there is none."""
    ordered = sorted(jobs, key=lambda job: job.submit_s)
    if not ordered:
        raise BadInput(f"{name}: there is no job in it that ran; give another file")
    first_s = ordered[0].submit_s
    return [LocalJob(job.submit_s - first_s, job.run_s, job.shape, job.owner) for job in ordered]


def _numbers(line: str, where: str) -> list[float]:
    words = line.split()
    try:
        numbers = [float(word) for word in words]
    except ValueError as exc:
        raise BadInput(f"{where}: {exc}; SWF has {FIELDS} numbers a line") from exc
    if len(numbers) < FIELDS:
        raise BadInput(f"{where} has {len(numbers)} numbers; SWF has {FIELDS} a line")
    if not all(abs(number) < LARGEST for number in numbers):
        raise BadInput(f"{where} has a number that is none, or larger than anything; mend or drop that line")
    return numbers


def _jobs(numbers: list[float], widest: int, where: str) -> Iterator[LocalJob]:
    submit_s, run_s, user = numbers[1], numbers[3], f"user{numbers[11]:.0f}"
    cpus = int(max(numbers[4], numbers[7]))
    if run_s <= 0 or cpus <= 0 or submit_s < 0:
        return
    if cpus > MOST_CPUS:
        raise BadInput(f"{where} has a job of {cpus} processors; mend or drop that line")
    kib = numbers[9] if numbers[9] > 0 else numbers[6]
    each_mib = max(1, round(kib / 1024)) if kib > 0 else MEMORY_MIB
    while cpus > 0:
        part = min(cpus, widest)
        yield LocalJob(submit_s, run_s, Resources(part, part * each_mib, DISK_KIB), user)
        cpus -= part
