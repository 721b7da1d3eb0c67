"""What is known of a host as a small JSON object, and back: only what decisions depend on, and only what is unusual.

Left out: numbers that every ad renews, when the ad is fresh, and what only the switch or the firewall needs. Disk is
rounded down to five binary digits, because a startd tells what is free of it at the moment.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import TypeVar

from shepherd.core.recorded.members import Json, amounts, fields_of, names
from shepherd.core.switch.belief import is_fresh
from shepherd.model.demand import Resources
from shepherd.model.host import HostPair, LeaseId, Nonce
from shepherd.model.observation import (
    FlockStartd,
    HostFacts,
    KeeperPhase,
    KeeperReport,
    LockHolder,
    RegularMaster,
    RegularStartd,
)
from shepherd.model.settings import TimerSettings

Ad = RegularStartd | RegularMaster | FlockStartd | KeeperReport
T = TypeVar("T", bound=Ad)
Alias = Callable[[str], str]
"""Another name for a user, the same each time. Decisions only ask which hosts have the same users, and the ledger names
none: it is not encrypted, and kept for ever."""

REGULAR = RegularStartd(
    cpus=0, memory_mib=0, gpus=0, claimed_slots=0, draining=False, drained=False, drain_reason="",
    started_at_s=0.0, heard_at_s=0.0,
)  # fmt: skip
MASTER = RegularMaster(startd_off=False, heard_at_s=0.0)
FLOCK = FlockStartd(claimed_slots=0, started_at_s=0.0, heard_at_s=0.0)
KEEPER = KeeperReport(
    nonce=Nonce(""), phase=KeeperPhase.IDLE, lock=LockHolder.NOBODY, lease=None, container=None, image=None,
    problem=None, sent_at_s=0.0, heard_at_s=0.0,
)  # fmt: skip
USUAL: Mapping[str, Ad] = {"regular": REGULAR, "master": MASTER, "flock": FLOCK, "keeper": KEEPER}
"""What is not told is as in these."""

UNTOLD = frozenset(
    {"started_at_s", "heard_at_s", "sent_at_s", "nonce", "lock", "container", "image", "version", "leak_at_s",
     "address", "mac", "spooled", "quarantine"}
)  # fmt: skip
TOLD = {
    type(ad): tuple(field.name for field in dataclasses.fields(ad) if field.name not in UNTOLD) for ad in USUAL.values()
}
DISK_DIGITS = 5


def facts_row(facts: HostFacts, now: float, timers: TimerSettings, alias: Alias) -> Json:
    """One host. An ad that is not there has no member; one that is too old to be believed says from when it is."""
    ads = {"regular": facts.regular, "master": facts.master, "flock": facts.flock, "keeper": facts.keeper}
    rows = {name: _ad_row(ad, USUAL[name], now, timers) for name, ad in ads.items() if ad is not None}
    if facts.flock is not None and facts.flock.guests:
        rows["flock"] = {**rows["flock"], "guests": sorted(map(alias, facts.flock.guests))}
    return rows


def facts_from(pair: HostPair, row: Json) -> HostFacts:
    """The host a row tells of; ads that were fresh are so for ever. Raises ValueError on a row it cannot read."""
    try:
        return HostFacts(
            pair=pair,
            regular=_ad_from(row.get("regular"), REGULAR),
            master=_ad_from(row.get("master"), MASTER),
            flock=_ad_from(row.get("flock"), FLOCK),
            keeper=_ad_from(row.get("keeper"), KEEPER),
        )
    except TypeError as exc:
        raise ValueError(f"not what is known of a host: {exc}") from exc


def resources_row(resources: Resources) -> list[int]:
    """Cpus, memory in MiB, disk in KiB, GPUs."""
    return list(resources._replace(disk_kib=_rounded(resources.disk_kib)))


def resources_from(row: object) -> Resources:
    """The inverse. Raises ValueError."""
    return Resources(*amounts(row, "cpus, MiB, KiB and GPUs", len(Resources._fields)))


def _ad_row(ad: Ad, usual: Ad, now: float, timers: TimerSettings) -> Json:
    values = ((name, getattr(ad, name)) for name in TOLD[type(ad)])
    row = {name: _value(name, value) for name, value in values if value is not None and value != getattr(usual, name)}
    return row if is_fresh(ad.heard_at_s, now, timers) else {**row, "heard_at_s": ad.heard_at_s}


def _value(name: str, value: object) -> object:
    match value:
        case Resources():
            return resources_row(value)
        case KeeperPhase():
            return value.value
        case tuple():
            return list(value)
        case int() if name == "disk_kib":
            return _rounded(value)
    return value


def _rounded(number: int) -> int:
    digits = max(0, number.bit_length() - DISK_DIGITS)
    return number >> digits << digits


def _ad_from(row: object, usual: T) -> T | None:
    if not isinstance(row, Mapping):
        return None
    fields = {name: _value_from(name, value) for name, value in fields_of(type(usual), row).items()}
    return dataclasses.replace(usual, **{"heard_at_s": math.inf, **fields})  # type: ignore[arg-type]


def _value_from(name: str, value: object) -> object:
    match name:
        case "largest" | "free":
            return resources_from(value)
        case "phase":
            return KeeperPhase(value)
        case "lease":
            return LeaseId(str(value))
        case "guests":
            return names({name: value}, name)
    return tuple(value) if isinstance(value, list) else value
