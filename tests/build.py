"""Small builders for worlds in tests. Impossible worlds are refused, so that tests cannot lie."""

import dataclasses
from collections.abc import Mapping

from shepherd.model.host import HostName, HostPair, LeaseId, Nonce
from shepherd.model.observation import (
    FlockStartd,
    HostFacts,
    KeeperPhase,
    KeeperReport,
    LockHolder,
    Queue,
    Reading,
    RegularMaster,
    RegularStartd,
    Snapshot,
    Source,
)
from shepherd.model.orders import Stage, SwitchRecord
from shepherd.model.settings import FlockSettings, HomeSettings, HostSettings, PolicySettings, Settings, TimerSettings

NOW = 1_000_000.0
IMAGE = "sha256:" + "ab" * 32
ALL_GOOD = {source: Reading(source=source, at_s=NOW) for source in Source}


def settings(
    policy: PolicySettings | None = None, timers: TimerSettings | None = None, hosts: HostSettings | None = None
) -> Settings:
    """Valid settings of a small site."""
    return Settings(
        home=HomeSettings(name="home.lab", schedds=("cm",), schedd_identities=("condor@home.lab",)),
        flock=FlockSettings(collector="10.27.0.1:9619", image=IMAGE),
        policy=policy or PolicySettings(),
        timers=timers or TimerSettings(),
        hosts=hosts or HostSettings(),
    )


def regular(*, busy: int = 0, drain: str | None = None, drained: bool = False, **more: object) -> RegularStartd:
    """A regular startd, fresh, of four cpus."""
    if drained and (busy or drain is None):
        raise ValueError("a drained startd has a drain and no busy slot")
    made = RegularStartd(
        cpus=4,
        memory_mib=8192,
        gpus=0,
        claimed_slots=busy,
        draining=drain is not None,
        drained=drained,
        drain_reason=drain or "",
        started_at_s=NOW - 9000,
        heard_at_s=NOW,
        idle_since_s=NOW - 500,
    )
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def keeper(phase: KeeperPhase = KeeperPhase.IDLE, *, lease: str | None = None, **more: object) -> KeeperReport:
    """A keeper's fresh report."""
    made = KeeperReport(
        nonce=Nonce("n1"),
        phase=phase,
        lock=LockHolder.FLOCK if phase is KeeperPhase.FLOCKING else LockHolder.REGULAR,
        lease=LeaseId(lease) if lease else None,
        container="c0ffee" if lease else None,
        image=IMAGE if lease else None,
        problem=None,
        sent_at_s=NOW,
        heard_at_s=NOW,
    )
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def facts(
    host: str,
    *,
    regular: RegularStartd | None = None,
    keeper: KeeperReport | None = None,
    flock: FlockStartd | None = None,
    master: RegularMaster | None = None,
) -> HostFacts:
    """What is known of `host` (p201) with its flocking twin (f201)."""
    pair = HostPair(host=HostName(host), flock_name="f" + host[1:])
    return HostFacts(pair=pair, regular=regular, keeper=keeper, flock=flock, master=master)


def idle_host(host: str, *, busy: int = 0, idle_since_s: float = NOW - 500) -> HostFacts:
    """A host that could be lent at once, unless it is busy."""
    return facts(host, regular=regular(busy=busy, idle_since_s=idle_since_s), keeper=keeper())


def flock_startd(*, busy: int = 0, heard_at_s: float = NOW) -> FlockStartd:
    """A fresh flocking startd."""
    return FlockStartd(claimed_slots=busy, started_at_s=heard_at_s - 1, heard_at_s=heard_at_s)


def record(host: str, stage: Stage, **more: object) -> SwitchRecord:
    """A switch in `stage`, entered ten seconds ago."""
    made = SwitchRecord(
        host=HostName(host),
        lease=LeaseId(f"{host}.1700000000.0000abcd"),
        nonce=Nonce("n1"),
        image=IMAGE,
        flock_name="f" + host[1:],
        stage=stage,
        granted_at_s=NOW - 20,
        stage_at_s=NOW - 10,
        why="few idle jobs",
        cpus=4,
    )
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def snapshot(
    *hosts: HostFacts, idle_jobs: int | None = 0, readings: Mapping[Source, Reading] | None = None
) -> Snapshot:
    """A snapshot in which every source answered."""
    queue = None if idle_jobs is None else Queue(idle_jobs=idle_jobs, running_jobs=0, schedds=("cm",))
    return Snapshot(
        at_s=NOW,
        hosts={one.pair.host: one for one in hosts},
        queue=queue,
        readings={**ALL_GOOD, **(readings or {})},
    )
