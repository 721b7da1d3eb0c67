"""HTCondor's job history as local jobs: `condor_history -jsonl`, one ad a line.

Used are QDate, RemoteWallClockTime (else CompletionDate and JobCurrentStartDate), RequestCpus, RequestMemory,
RequestDisk, RequestGPUs, Owner and JobUniverse. A request that is an expression is taken from what was provisioned
(CpusProvisioned and so on).
"""

import json
from collections.abc import Iterable, Mapping

from shepherd.errors import BadInput
from shepherd.model.demand import Resources
from shepherd.model.workload import DISK_KIB, LocalJob
from shepherd.sim.load.read_swf import LARGEST, from_zero

BESIDE_SCHEDD = frozenset({7, 9, 12})
"""Universes whose jobs take no slot: scheduler (DAGMan), grid, local."""

Ad = Mapping[str, object]


def history_jobs(lines: Iterable[str], name: str) -> list[LocalJob]:
    """Jobs by their submission, the first at 0. Raises BadInput, naming the line. Jobs that never ran, and those that
    run beside the schedd, are left out."""
    jobs = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            job = _job(_ad(line, f"{name}: line {number}"), f"{name}: line {number}")
            if job is not None:
                jobs.append(job)
    return from_zero(jobs, name)


def _ad(line: str, where: str) -> Ad:
    try:
        ad = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise BadInput(f"{where} is no JSON: {exc}; write the file with `condor_history -jsonl`") from exc
    if not isinstance(ad, dict):
        raise BadInput(f"{where} is no ad but a {type(ad).__name__}; write the file with `condor_history -jsonl`")
    return {str(key).casefold(): value for key, value in ad.items()}


def _job(ad: Ad, where: str) -> LocalJob | None:
    submit_s = _number(ad, "qdate")
    if submit_s is None:
        raise BadInput(f"{where} has no QDate; write all attributes, or at least those that the documentation names")
    run_s = _run_s(ad)
    if run_s <= 0 or _number(ad, "jobuniverse", default=5.0) in BESIDE_SCHEDD:
        return None
    shape = Resources(
        cpus=max(1, _asked(ad, "cpus", 1)),
        memory_mib=_asked(ad, "memory", 1024),
        disk_kib=_asked(ad, "disk", DISK_KIB),
        gpus=_asked(ad, "gpus", 0),
    )
    return LocalJob(submit_s, run_s, shape, str(ad.get("owner", "unknown")))


def _run_s(ad: Ad) -> float:
    """Of its last run, as far as is told."""
    began_s, ended_s = _number(ad, "jobcurrentstartdate"), _number(ad, "completiondate")
    if began_s and ended_s and ended_s > began_s:
        return ended_s - began_s
    return (_number(ad, "remotewallclocktime") or 0.0) / max(1.0, _number(ad, "numjobstarts") or 1.0)


def _asked(ad: Ad, what: str, default: int) -> int:
    for key in (f"request{what}", f"{what}provisioned"):
        number = _number(ad, key)
        if number is not None:
            return max(0, int(number))
    return default


def _number(ad: Ad, key: str, default: float | None = None) -> float | None:
    """None for what is missing, for an expression (a string), and for what is larger than anything or no number."""
    value = ad.get(key, default)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) < LARGEST else None
