"""What would be heard of a host that is in another herd than it was."""

import dataclasses

from shepherd.core.recorded.facts import FLOCK, KEEPER, MASTER, REGULAR
from shepherd.model.demand import Gives, Resources
from shepherd.model.observation import FlockStartd, HostFacts, KeeperPhase, KeeperReport, RegularMaster, RegularStartd
from shepherd.model.orders import Stage, SwitchRecord

FRESH_S = float("inf")
KEEPER_NOW: KeeperReport = dataclasses.replace(KEEPER, heard_at_s=FRESH_S)
MASTER_NOW: RegularMaster = dataclasses.replace(MASTER, heard_at_s=FRESH_S)


def gone(facts: HostFacts, record: SwitchRecord) -> HostFacts:
    """Of a host that is lent, or on its way home. Guests are as recorded, or fill it."""
    if record.stage is Stage.REVOKED:
        keeper = dataclasses.replace(KEEPER_NOW, phase=KeeperPhase.LEAVING, lease=record.lease)
        return dataclasses.replace(facts, regular=None, flock=None, keeper=keeper)
    keeper = dataclasses.replace(KEEPER_NOW, phase=KeeperPhase.FLOCKING, lease=record.lease)
    return dataclasses.replace(facts, regular=None, flock=facts.flock or _filled(record), keeper=keeper)


def home(facts: HostFacts, record: SwitchRecord, idle_since_s: float) -> HostFacts:
    """Of a host that was lent, and would be local."""
    if facts.regular is not None and not facts.regular.draining:
        return facts
    whole, largest, _ = record.gives
    regular = dataclasses.replace(
        REGULAR,
        cpus=record.cpus,
        memory_mib=whole.memory_mib,
        disk_kib=whole.disk_kib,
        gpus=whole.gpus,
        heard_at_s=FRESH_S,
        idle_since_s=idle_since_s,
        largest=largest if largest.cpus else None,
    )
    return dataclasses.replace(facts, regular=regular, master=MASTER_NOW, flock=None, keeper=KEEPER_NOW)


def idle_since(facts: HostFacts, at_s: float) -> HostFacts:
    """With an idle regular startd that has been so since then."""
    if facts.regular is None:
        return facts
    return dataclasses.replace(facts, regular=dataclasses.replace(facts.regular, idle_since_s=at_s))


def working(facts: HostFacts, gives: Gives, jobs: int) -> HostFacts:
    """With so many more jobs, after which it gives this."""
    if facts.regular is None:
        return facts
    slots = facts.regular.claimed_slots + jobs
    regular = dataclasses.replace(facts.regular, claimed_slots=slots, free=gives.free, idle_since_s=None)
    return dataclasses.replace(facts, regular=regular)


def jobs_on(regular: RegularStartd) -> tuple[Resources, int]:
    """What its jobs ask for, each as much as the others, and how many there are."""
    jobs = regular.claimed_slots
    whole, _, free = regular.gives
    if not jobs:
        return Resources(), 0
    used = [max(0, have - left) // jobs for have, left in zip(whole, free, strict=True)]
    return Resources(*used)._replace(cpus=max(1, used[0]), disk_kib=0), jobs


def _filled(record: SwitchRecord) -> FlockStartd:
    since_s = record.stage_at_s if record.stage is Stage.LENT else 0.0
    return dataclasses.replace(
        FLOCK, claimed_slots=1, claimed_cpus=record.cpus, working_since_s=since_s, heard_at_s=FRESH_S
    )
