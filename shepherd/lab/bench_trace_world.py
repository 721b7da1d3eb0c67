"""A made-up year of a pool: what its hosts and its gateway would have recorded, day by day."""

import dataclasses
import random
from collections.abc import Iterator, Sequence

from shepherd.model.trace import (
    ClockSeen,
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

BEGIN_S = 1_772_323_200.0
"""2026-03-01 00:00 UTC."""
DAY_S = 86400.0
HOSTS = 1000
JOBS_A_HOST = 4
"""A day."""
USERS = 500
SCHEDDS = 20
POPULAR = 50
"""Servers that have a third of all flows."""
LONG_SHARE = 0.002
"""Flows that last into the next day."""
PER_SEGMENT = 5000
SEEN_EVERY = 5003
"""Every so many-th flow is remembered, to be asked for."""
NAT = "203.0.113.5"


@dataclasses.dataclass
class Truth:
    """Some of what truly happened."""

    flows: list[FlowBegun] = dataclasses.field(default_factory=list)
    jobs: list[JobBegun] = dataclasses.field(default_factory=list)
    stays: list[StayBegun] = dataclasses.field(default_factory=list)


class World:
    """The same for the same size."""

    def __init__(self, flows_a_day: int) -> None:
        """`flows_a_day` of all hosts."""
        self.truth = Truth()
        self._flows_a_day = flows_a_day
        self._chance = random.Random(20260301)
        self._flow = 0
        self._numbers = dict[str, int]()
        self._late: list[tuple[FlowBegun, float]] = []
        self._popular = [f"198.51.{n // 250}.{n % 250}" for n in range(POPULAR)]

    def day(self, day: int) -> Iterator[Segment]:
        """All segments of a day, hosts' and gateway's."""
        start = BEGIN_S + day * DAY_S
        for host in range(HOSTS):
            yield self._segment(name_of(host), start, self._of_host(host, day, start))
        for records in self._of_gateway(start):
            yield self._segment("gateway", start, records)

    def notes(self, day: int) -> Sequence[TraceRecord]:
        """What the shepherd itself sees on a day."""
        at_s = BEGIN_S + day * DAY_S
        schedds = [
            ScheddSeen(
                source="shepherd", at_s=at_s, schedd=schedd_of(n), address=f"192.0.2.{n}:9618",
                identity=f"guest.campus{n}@flock", guest=f"campus{n}",
            )
            for n in range(SCHEDDS)
        ]  # fmt: skip
        return [*schedds, ClockSeen(source="gateway", at_s=at_s, ahead_s=0.01, within_s=0.005)]

    def _segment(self, source: str, at_s: float, records: Sequence[TraceRecord]) -> Segment:
        number = self._numbers[source] = self._numbers.get(source, 0) + 1
        return Segment(source=source, number=number, sealed_at_s=at_s, records=tuple(records))

    def _of_host(self, host: int, day: int, start: float) -> list[TraceRecord]:
        name, begun_s = name_of(host), start + host * 0.5
        stay = StayBegun(
            source=name, host=name, at_s=begun_s, herd="flock", lease=f"{name}-{day}",
            container=f"{day:04x}{host:08x}", image="sha256:" + "ab" * 32, address=address_of(host),
            mac=f"02:00:0a:14:{host // 250:02x}:{host % 250:02x}",
        )  # fmt: skip
        records: list[TraceRecord] = [stay]
        if day:
            records.insert(0, StayEnded(source=name, host=name, at_s=begun_s, lease=f"{name}-{day - 1}", why="renewed"))
        for slot in range(JOBS_A_HOST):
            records += self._job(stay, slot, begun_s + 60 + slot * 9000)
        if host % 50 == day % 50:
            self.truth.stays.append(stay)
            self.truth.jobs += [one for one in records if isinstance(one, JobBegun)]
        return records

    def _job(self, stay: StayBegun, slot: int, at_s: float) -> list[TraceRecord]:
        user = self._chance.randrange(USERS)
        schedd = schedd_of(user % SCHEDDS)
        begun = JobBegun(
            source=stay.host, host=stay.host, container=stay.container, slot=f"slot1_{slot}",
            begun=f"{slot}#{at_s:.0f}", at_s=at_s, uid=4000 + slot,
            job=f"{schedd}#{self._chance.randrange(10**7)}.0#{at_s:.0f}",
            user=f"user{user}@campus{user % SCHEDDS}.example", owner=f"user{user}", schedd=schedd,
            peer=f"192.0.2.{user % SCHEDDS}:9618",
        )  # fmt: skip
        ended = JobEnded(
            source=begun.source, host=begun.host, container=begun.container, slot=begun.slot, begun=begun.begun,
            at_s=at_s + 8000, exit_code=0,
        )  # fmt: skip
        return [begun, ended]

    def _of_gateway(self, start: float) -> Iterator[list[TraceRecord]]:
        records: list[TraceRecord] = [over(begun, at_s) for begun, at_s in self._late]
        self._late = []
        for number in range(self._flows_a_day):
            begun = self._one_flow(start + number * DAY_S / self._flows_a_day)
            records.append(begun)
            if self._chance.random() < LONG_SHARE:
                self._late.append((begun, start + DAY_S + 100))
            else:
                records.append(over(begun, begun.at_s + 5 * self._chance.random()))
            if self._flow % SEEN_EVERY == 0:
                self.truth.flows.append(begun)
            if len(records) >= PER_SEGMENT:
                yield records
                records = []
        yield records

    def _one_flow(self, at_s: float) -> FlowBegun:
        bits = self._chance.getrandbits
        self._flow += 1
        anywhere = f"{20 + bits(6)}.{bits(8)}.{bits(8)}.{bits(8)}"
        far = anywhere if self._flow % 3 else self._popular[bits(16) % POPULAR]
        return FlowBegun(
            source="gateway", flow=bits(32), at_s=at_s, protocol=6, address=address_of(bits(16) % HOSTS),
            port=32768 + bits(14), nat_address=NAT, nat_port=1024 + bits(16) % 64000, far_address=far, far_port=443,
        )  # fmt: skip


def over(begun: FlowBegun, at_s: float) -> FlowEnded:
    """Its end."""
    return FlowEnded(
        source=begun.source, flow=begun.flow, begun_s=begun.at_s, at_s=at_s, sent_packets=12, sent_bytes=2_345,
        received_packets=20, received_bytes=23_456,
    )  # fmt: skip


def name_of(host: int) -> str:
    """A host."""
    return f"p{host}.example.org"


def address_of(host: int) -> str:
    """Its container's address."""
    return f"10.20.{host // 250}.{host % 250}"


def schedd_of(number: int) -> str:
    """A schedd of a guest."""
    return f"ce.campus{number}.example"
