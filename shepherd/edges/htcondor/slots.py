"""Slot ads to one row a host. Runs in the worker, so that the daemon never holds an ad.

Dynamic slots are not read at all: their partitionable slot counts them (`NumDynamicSlots`), and one exists only while
somebody has a claim on it. At 100 000 slots that is what keeps a look small.
"""

import dataclasses
from collections.abc import Iterable, Mapping

from shepherd.edges.htcondor.values import Ad, count, number, text

WHOLE_SLOTS = "DynamicSlot =!= true"
"""Constraint: partitionable and static slots."""
PARTS = ("DaemonStartTime % 2 =?= 0", "DaemonStartTime % 2 =!= 0")
"""Constraints: all slots of a startd are in one of these, which halves what a big answer needs of memory. Each more
would cost the collector another look at every ad."""

REGULAR = [
    "Machine", "State", "Activity", "TotalSlotCpus", "TotalSlotMemory", "TotalSlotDisk", "TotalSlotGPUs", "Cpus",
    "Memory", "Disk", "GPUs", "NumDynamicSlots", "NumDynamicSlotsTime", "Draining", "DrainReason", "DaemonStartTime",
    "EnteredCurrentActivity", "LastHeardFrom",
]  # fmt: skip
CLAIM = [
    "State", "Cpus", "EnteredCurrentState", "RemoteUser", "JobStart", "AllowedJobDuration", "AllowedExecuteDuration",
]  # fmt: skip
CHILDREN = [f"Child{name}" for name in CLAIM]
"""What a partitionable slot tells of its dynamic ones, a list each."""
FLOCK = ["Machine", "NumDynamicSlots", "DaemonStartTime", "LastHeardFrom", *CLAIM, *CHILDREN]
TOTALS = ("TotalSlotCpus", "TotalSlotMemory", "TotalSlotDisk", "TotalSlotGPUs")
FREE = ("Cpus", "Memory", "Disk", "GPUs")

_HELD = frozenset({"Claimed", "Matched", "Preempting"})


@dataclasses.dataclass(slots=True)
class Regular:
    """One host's regular startd so far."""

    cpus: int = 0
    memory_mib: int = 0
    gpus: int = 0
    claimed: int = 0
    draining: bool = False
    drained: bool = True
    reason: str = ""
    started_at_s: float = 0.0
    heard_at_s: float = 0.0
    idle_since_s: float = 0.0
    disk_kib: int = 0
    largest: list[int] = dataclasses.field(default_factory=lambda: [0, 0, 0, 0])
    """Cpus, MiB, KiB of disk and GPUs of the largest slot."""
    free: list[int] = dataclasses.field(default_factory=lambda: [0, 0, 0, 0])
    """The same of all that is unclaimed."""

    def add(self, ad: Ad) -> None:
        """Take one slot into account."""
        slot = [count(ad.get(name)) or 0 for name in TOTALS]
        self.cpus += slot[0]
        self.memory_mib += slot[1]
        self.disk_kib += slot[2]
        self.gpus += slot[3]
        self.largest = max(self.largest, slot)
        self._add_use(ad)
        self.draining = self.draining or ad.get("Draining") is True
        self.reason = self.reason or text(ad.get("DrainReason")) or ""
        self.started_at_s = max(self.started_at_s, number(ad.get("DaemonStartTime")) or 0.0)
        self.heard_at_s = _oldest(self.heard_at_s, ad)

    def _add_use(self, ad: Ad) -> None:
        state, children = text(ad.get("State")), count(ad.get("NumDynamicSlots")) or 0
        self.claimed += children + (0 if _would_drain(state, ad) else 1)
        self.drained = self.drained and state == "Drained" and children == 0
        if state == "Unclaimed":
            self.free = [before + (count(ad.get(name)) or 0) for before, name in zip(self.free, FREE, strict=True)]
        times = ("EnteredCurrentActivity", "NumDynamicSlotsTime")
        self.idle_since_s = max(self.idle_since_s, *(number(ad.get(name)) or 0.0 for name in times))


@dataclasses.dataclass(slots=True)
class Flock:
    """One host's flocking startd so far."""

    claimed: int = 0
    started_at_s: float = 0.0
    heard_at_s: float = 0.0
    claimed_cpus: int = 0
    since_s: float = 0.0
    """When the claims' present jobs began, or else the claims, each times its cpus, added up; epoch seconds."""
    users: list[str] = dataclasses.field(default_factory=list)
    ends_s: float = 0.0
    """When the last of the jobs that may not run for ever ends, epoch seconds."""
    endless: int = 0
    """Claims of which nothing says when they end."""

    def add(self, ad: Ad) -> None:
        """Take one slot into account."""
        self.claimed += (count(ad.get("NumDynamicSlots")) or 0) + (text(ad.get("State")) in _HELD)
        for claim in ([ad.get(name) for name in CLAIM], *_children(ad)):
            if text(claim[0]) in _HELD:
                self._add_claim(*claim[1:])
        self.started_at_s = max(self.started_at_s, number(ad.get("DaemonStartTime")) or 0.0)
        self.heard_at_s = _oldest(self.heard_at_s, ad)

    def _add_claim(self, cpus: object, since_s: object, user: object, job_start_s: object, *limits_s: object) -> None:
        number_of, began_s = count(cpus) or 0, number(job_start_s)
        limits = [limit for one in limits_s if (limit := number(one)) is not None]
        if began_s is None or not limits:
            self.endless += 1
        else:
            self.ends_s = max(self.ends_s, began_s + min(limits))
        self.claimed_cpus += number_of
        self.since_s += number_of * max(number(since_s) or 0.0, began_s or 0.0)
        if (name := text(user)) and name not in self.users:
            self.users.append(name)


def _children(ad: Ad) -> list[list[object]]:
    """What a partitionable slot says of its dynamic ones, in the order of CLAIM; the last may be missing."""
    lists = [value if isinstance(value := ad.get(name), list) else [] for name in CHILDREN]
    return [[one[at] if at < len(one) else None for one in lists] for at in range(len(lists[0]))]


def regular(ads: Iterable[Ad]) -> Mapping[str, Regular]:
    """By machine. Ads without a machine are nobody's."""
    found: dict[str, Regular] = {}
    for ad in ads:
        if machine := text(ad.get("Machine")):
            found.setdefault(machine, Regular()).add(ad)
    return found


def newest(parts: Iterable[Mapping[str, Regular]]) -> Mapping[str, Regular]:
    """Answers for several parts as one. A startd that was restarted between two questions may be in both."""
    found: dict[str, Regular] = {}
    for part in parts:
        for machine, row in part.items():
            if machine not in found or row.started_at_s > found[machine].started_at_s:
                found[machine] = row
    return found


def flock(ads: Iterable[Ad]) -> Mapping[str, Flock]:
    """By machine, the container's hostname."""
    found: dict[str, Flock] = {}
    for ad in ads:
        if machine := text(ad.get("Machine")):
            found.setdefault(machine, Flock()).add(ad)
    return found


def drain_reason(ads: Iterable[Ad]) -> str:
    """Why one startd is Drained; empty unless every slot of it is."""
    whole = Regular()
    rows = list(ads)
    for ad in rows:
        whole.add(ad)
    return whole.reason if rows and whole.drained else ""


def _would_drain(state: str | None, ad: Ad) -> bool:
    """Whether the atomic drain's check holds for this slot, or it is drained already.

    Owner and Benchmarking slots are in use in this sense: a drain is refused, and START said no to local work too.
    """
    return state == "Drained" or (state == "Unclaimed" and text(ad.get("Activity")) == "Idle")


def _oldest(so_far: float, ad: Ad) -> float:
    heard = number(ad.get("LastHeardFrom")) or 0.0
    return heard if so_far == 0.0 else min(so_far, heard)
