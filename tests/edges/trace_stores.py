"""Trace stores to test on, and records to fill them with."""

import hashlib
import pathlib
from collections.abc import Callable, Iterable, Sequence

from shepherd.edges.trace_store.overdue import Retention
from shepherd.edges.trace_store.writer import TraceStore
from shepherd.model.trace import (
    FlowBegun,
    FlowEnded,
    JobBegun,
    JobEnded,
    ScheddSeen,
    Segment,
    StayBegun,
    StayEnded,
    TraceRecord,
)
from tests.left_open import closed_at_the_end

MARCH_1 = 1_772_323_200.0
"""2026-03-01 00:00 UTC, a Sunday."""
DAY_S = 86400.0
KEEP = Retention(keep_days=180, pseudonymise_days=30)


class Clock:
    """Time that a test says."""

    def __init__(self, now: float = MARCH_1 + 3600) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def counted_keys() -> Callable[[], bytes]:
    """Keys that are the same in each run."""
    made = [0]

    def key() -> bytes:
        made[0] += 1
        return hashlib.sha256(str(made[0]).encode()).digest()

    return key


def store_in(directory: pathlib.Path, clock: Callable[[], float], retention: Retention = KEEP) -> TraceStore:
    return closed_at_the_end(TraceStore(directory, wall_s=clock, retention=retention, new_key=counted_keys()))


def segment(records: Iterable[TraceRecord], number: int = 1, source: str = "p220") -> Segment:
    return Segment(source=source, number=number, sealed_at_s=MARCH_1, records=tuple(records))


def stay(at_s: float, host: str = "p220", lease: str = "p220-1", address: str = "10.20.0.20") -> StayBegun:
    return StayBegun(
        source=host, host=host, at_s=at_s, herd="flock", lease=lease, container=f"c-{lease}",
        image="sha256:" + "ab" * 32, address=address, mac="02:00:0a:14:00:14",
    )  # fmt: skip


def stay_over(at_s: float, host: str = "p220", lease: str = "p220-1") -> StayEnded:
    return StayEnded(source=host, host=host, at_s=at_s, lease=lease, why="reclaimed")


def job(at_s: float, number: int = 1, user: str = "alice@campus.example", host: str = "p220") -> JobBegun:
    return JobBegun(
        source=host, host=host, container=f"c-{host}-1", slot=f"slot1_{number}", begun=f"{number}#{at_s}", at_s=at_s,
        uid=4000 + number, job=f"ce.campus.example#{number}.0#{at_s:.0f}", user=user, owner=user.partition("@")[0],
        schedd="ce.campus.example", peer="192.0.2.7:9618", cpus=number,
    )  # fmt: skip


def job_over(begun: JobBegun, at_s: float) -> JobEnded:
    return JobEnded(
        source=begun.source, host=begun.host, container=begun.container, slot=begun.slot, begun=begun.begun,
        at_s=at_s, exit_code=0,
    )  # fmt: skip


def flow(at_s: float, number: int = 1, address: str = "10.20.0.20", far: str = "198.51.100.9") -> FlowBegun:
    return FlowBegun(
        source="gateway", flow=number, at_s=at_s, protocol=6, address=address, port=40000 + number % 20000,
        nat_address="203.0.113.5", nat_port=30000 + number % 30000, far_address=far, far_port=443,
    )  # fmt: skip


def flow_over(begun: FlowBegun, at_s: float) -> FlowEnded:
    return FlowEnded(
        source=begun.source, flow=begun.flow, begun_s=begun.at_s, at_s=at_s, sent_packets=3, sent_bytes=400,
        received_packets=2, received_bytes=9000,
    )  # fmt: skip


def schedd(at_s: float, identity: str = "guest.campus@flock") -> ScheddSeen:
    return ScheddSeen(
        source="shepherd", at_s=at_s, schedd="ce.campus.example", address="192.0.2.7:9618", identity=identity,
        guest="campus",
    )  # fmt: skip


def days_of(directory: pathlib.Path) -> Sequence[str]:
    return [path.stem for path in sorted(directory.glob("*.sqlite"))]
