"""Days of a large pool on disk, as the daemon writes them: those of `bench_record`, with lends and guests' jobs."""

import itertools
import pathlib
import time
from collections.abc import Iterator, Mapping

from shepherd.core import records
from shepherd.core.recorded.snapshots import body_of, known
from shepherd.edges.ledger import SqliteLedger
from shepherd.edges.trace_store.overdue import Retention
from shepherd.edges.trace_store.writer import TraceStore
from shepherd.lab.bench_hosts import lent_names, lent_records
from shepherd.lab.bench_record import EACH, MINUTES, snapshot_of
from shepherd.lab.bench_settings import bench_settings
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.past import NOTHING_PAST
from shepherd.model.trace import JobBegun, JobEnded, ScheddSeen, Segment, TraceRecord

BEGIN_S = 1_772_323_200.0
"""2026-03-01 00:00 UTC."""
DAY_S, HOUR_S = 86400.0, 3600.0
PERIOD = 8 * EACH
"""Minutes after which the hosts are as they were."""
MOVES = 2
"""Reclaims in a minute, and as many lends."""
SLOTS, JOB_H = 4, 2
"""Guests' jobs on a host at a time, and how long each runs."""
GUESTS = ("campus", "physics", "grid")

Body = Mapping[str, object]


def write_days(ledger: pathlib.Path, trace: pathlib.Path, hosts: int, days: int) -> None:
    """Ledger and trace store of so many days."""
    _write_ledger(ledger, hosts, days)
    keep = Retention(keep_days=3650, pseudonymise_days=3650)
    now = [BEGIN_S]
    store = TraceStore(trace, wall_s=lambda: now[0], retention=keep)
    store.note([_schedd(guest) for guest in GUESTS])
    for number in range(days * 24 // JOB_H):
        now[0] = BEGIN_S + number * JOB_H * HOUR_S
        jobs = tuple(_jobs(hosts, now[0]))
        store.add(Segment(source="p1", number=number + 1, sealed_at_s=now[0], records=jobs))
    store.close()


def _write_ledger(directory: pathlib.Path, hosts: int, days: int) -> None:
    ledger = SqliteLedger(directory, switch_from=records.switch_from, memory_from=records.memory_from)
    bodies = _bodies(hosts)
    for hour in range(days * 24):
        ledger.append(list(_hour(bodies, hosts, hour)))
    ledger.close()


def _bodies(hosts: int) -> list[Body]:
    """The whole, and what changes in each minute of a period."""
    timers, now = bench_settings().timers, time.time()
    told = [known(snapshot_of(hosts, minute, now), NOTHING_PAST, timers, str) for minute in range(PERIOD + 1)]
    return [body_of(None, told[0]), *(body_of(before, after) for before, after in itertools.pairwise(told))]


def _hour(bodies: list[Body], hosts: int, hour: int) -> Iterator[Entry]:
    """Each minute a look, and hosts that come home and are lent again."""
    lent, from_s = lent_records(hosts, bench_settings().flock.image), BEGIN_S + hour * HOUR_S
    if hour % 24 == 0:
        yield Entry(at_s=from_s, kind=EntryKind.SNAPSHOT, cause="cycle", body=bodies[0])
    if hour == 0:
        for host, record in lent.items():
            yield Entry(at_s=from_s, kind=EntryKind.SWITCH, cause=host, host=host, body=records.switch_body(record))
    for number in range(hour * 60, hour * 60 + 60):
        at_s, body = BEGIN_S + number * 60 + 1, bodies[1 + number % MINUTES % PERIOD]
        yield Entry(at_s=at_s, kind=EntryKind.SNAPSHOT, cause="cycle", body=body)
        for host in itertools.islice(itertools.cycle(lent), number * MOVES, number * MOVES + MOVES):
            yield Entry(at_s=at_s + 1, kind=EntryKind.SWITCH, cause=f"{host}-{number}", host=host)
            again = {"stage_at_s": at_s + 9, "granted_at_s": at_s + 2, "lease": f"{host}-{number}"}
            whole = {**records.switch_body(lent[host]), **again}
            yield Entry(at_s=at_s + 9, kind=EntryKind.SWITCH, cause=f"{host}-{number}", host=host, body=whole)


def _jobs(hosts: int, from_s: float) -> Iterator[TraceRecord]:
    """Each lent host's slots have a job, and those of one in ten hosts are of two guests."""
    for place, host in enumerate(lent_names(hosts)):
        for slot in range(SLOTS):
            guest = GUESTS[(place + (slot % 2 if place % 10 == 0 else 0)) % len(GUESTS)]
            begun = JobBegun(
                source="p1", host=host, container=f"c-{host}", slot=f"slot1_{slot}", begun=f"{slot}#{from_s:.0f}",
                at_s=from_s + slot, uid=4000 + slot, job=f"{guest}#{place}.{slot}#{from_s:.0f}", user=f"u@{guest}",
                schedd=f"ce.{guest}.example", peer="192.0.2.7:9618", cpus=1 + slot % 2,
            )  # fmt: skip
            yield begun
            yield JobEnded(
                source="p1", host=host, container=begun.container, slot=begun.slot, begun=begun.begun,
                at_s=begun.at_s + JOB_H * HOUR_S - 5, exit_code=0,
            )  # fmt: skip


def _schedd(guest: str) -> ScheddSeen:
    return ScheddSeen(
        source="shepherd", at_s=BEGIN_S - 60, schedd=f"ce.{guest}.example", address="192.0.2.7:9618",
        identity=f"guest.{guest}.1@flock", guest=guest,
    )  # fmt: skip
