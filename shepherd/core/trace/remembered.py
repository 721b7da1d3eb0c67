"""What a host's recorder remembers, as one line of JSON: plain values, over restarts of the keeper and of the host."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from shepherd.core.trace.jobs import SLOT_REUSED, Jobs, Place, Run
from shepherd.core.trace.lines import line, record_of
from shepherd.core.trace.startd_files import Activated, JobAd, Over, Restarted
from shepherd.errors import TraceRefused
from shepherd.model.trace import JobBegun, StayBegun

VERSION = 1


@dataclasses.dataclass(kw_only=True)
class Remembered:
    """What was told last, and what is open."""

    nonce: str = ""
    """The boot it was in; empty: nothing was ever recorded here."""
    looked_s: float = 0.0
    """When everything that there was had been told. Wall clock."""
    stay: StayBegun | None = None
    jobs: Jobs | None = None
    """Of the stay's container."""
    offsets: dict[str, int] = dataclasses.field(default_factory=dict)
    """How much of each of its startd's files was read."""
    full_s: float | None = None
    """Since when nothing more could be written to them."""


def to_json(remembered: Remembered) -> str:
    """The text."""
    jobs = remembered.jobs
    members = {
        "v": VERSION,
        "nonce": remembered.nonce,
        "looked_s": remembered.looked_s,
        "stay": line(remembered.stay) if remembered.stay else None,
        "jobs": jobs_members(jobs) if jobs else None,
        "offsets": remembered.offsets,
        "full_s": remembered.full_s,
    }
    return json.dumps(members, allow_nan=False)


def jobs_members(jobs: Jobs) -> Mapping[str, object]:
    """As JSON has them."""
    return {
        "place": dataclasses.asdict(jobs.place),
        "activated": [dataclasses.asdict(one) for one in jobs.activated],
        "ads": [dataclasses.asdict(one) for one in jobs.ads],
        "over": [dataclasses.asdict(one) for one in jobs.over],
        "runs": [{**vars(run), "begun": line(run.begun)} for run in jobs.runs],
    }


def from_json(text: str) -> Remembered:
    """The inverse. Raises TraceRefused if it is damaged."""
    try:
        members = json.loads(text)
        if members["v"] != VERSION:
            raise TraceRefused(f"what the recorder remembers has version {members['v']}, not {VERSION}")
        return Remembered(
            nonce=str(members["nonce"]),
            looked_s=float(members["looked_s"]),
            stay=stay_of(members["stay"]) if members["stay"] else None,
            jobs=jobs_of(members["jobs"]) if members["jobs"] else None,
            offsets={str(name): int(offset) for name, offset in members["offsets"].items()},
            full_s=None if members["full_s"] is None else float(members["full_s"]),
        )
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as exc:
        raise TraceRefused(f"what the recorder remembers is damaged: {type(exc).__name__}") from exc


def stay_of(text: str) -> StayBegun:
    """A stay by its line."""
    record = record_of(text)
    if not isinstance(record, StayBegun):
        raise TypeError("not a stay")
    return record


def jobs_of(members: Mapping[str, Any]) -> Jobs:
    """From JSON's values."""
    return Jobs(
        place=Place(**members["place"]),
        activated=[Activated(**one) if len(one) > 1 else Restarted(**one) for one in members["activated"]],
        ads=[JobAd(**one) for one in members["ads"]],
        over=[Over(**one) for one in members["over"]],
        runs=[run_of(one) for one in members["runs"]],
    )


def run_of(members: Mapping[str, Any]) -> Run:
    """A run that has begun."""
    begun = record_of(members["begun"])
    if not isinstance(begun, JobBegun):
        raise TypeError("not a run")
    return Run(
        begun=begun,
        job=str(members["job"]),
        start=str(members["start"]),
        next_s=members["next_s"],
        next_why=str(members.get("next_why", SLOT_REUSED)),
        claimer=str(members.get("claimer", "")),
    )
