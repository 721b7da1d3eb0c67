"""Fill a collector with the ads of a big pool: `python -m shepherd.lab.bench_fill HOSTS SLOTS SHAPE`.

Every host has a master, a startd, `SLOTS` slot ads of about the size that real ones have, and a keeper. One in four is
lent: it has no regular startd but a flocking one in the flock collector.
"""

import sys
import time
from collections.abc import Iterable, Iterator

import classad2
import htcondor2

from shepherd.edges.htcondor.reports import to_ad
from shepherd.lab.bench_hosts import NONCE, flock_name, host_names, lease_of, lent_names
from shepherd.lab.bench_pool import FLOCK, HOME
from shepherd.model.host import HostName
from shepherd.model.observation import KeeperPhase, KeeperReport, LockHolder

BATCH = 500
FILLERS = {f"BenchFiller{number}": number for number in range(50)}

Ad = dict[str, object]


def main() -> None:
    """Advertise everything once."""
    hosts, slots, shape = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    names, lent = host_names(hosts), set(lent_names(hosts))
    regular = [name for name in names if name not in lent]
    _send(HOME, "UPDATE_MASTER_AD", map(_master, names))
    _send(HOME, "UPDATE_AD_GENERIC", (_keeper(name, lent=name in lent) for name in names))
    _send(HOME, "UPDATE_STARTD_AD", (ad for name in regular for ad in _slots(name, slots, shape)))
    _send(FLOCK, "UPDATE_STARTD_AD", (ad for name in lent for ad in _slots(flock_name(name), slots, shape)))


def _send(collector: str, command: str, ads: Iterable[Ad]) -> None:
    batch: list[classad2.ClassAd] = []
    there = htcondor2.Collector(collector)
    for ad in ads:
        batch.append(classad2.ClassAd(ad))
        if len(batch) >= BATCH:
            there.advertise(batch, command)
            batch = []
    there.advertise(batch, command)


def _address(machine: str, port: int) -> str:
    number = int(machine[1:])
    return f"<10.{100 + number // 65536}.{number // 256 % 256}.{number % 256}:{port}>"


def _slots(machine: str, slots: int, shape: str) -> Iterator[Ad]:
    """`shape` "dynamic": one partitionable slot with all others carved out of it; "static": all alike."""
    now = int(time.time())
    for number in range(slots):
        parent, child = shape == "dynamic" and number == 0, shape == "dynamic" and number > 0
        used = child or (shape == "static" and number % 2 == 1)
        yield {
            **FILLERS,
            "MyType": "Machine",
            "Machine": machine,
            "Name": f"slot1_{number}@{machine}" if child else f"slot{number + 1}@{machine}",
            "SlotID": 1 if child else number + 1,
            "MyAddress": _address(machine, 9618),
            "State": "Claimed" if used else "Unclaimed",
            "Activity": "Busy" if used else "Idle",
            "SlotType": "Dynamic" if child else "Partitionable" if parent else "Static",
            **({"DynamicSlot": True} if child else {}),
            **({"PartitionableSlot": True, "NumDynamicSlots": slots - 1} if parent else {}),
            "TotalSlotCpus": slots if parent else 1,
            "TotalSlotMemory": 2048 * (slots if parent else 1),
            "TotalSlotGPUs": 0,
            "DaemonStartTime": now - 90000 - int(machine[1:]),
            "EnteredCurrentState": now - 4000,
            "EnteredCurrentActivity": now - 4000,
            "NumDynamicSlotsTime": now - 4000,
        }


def _master(machine: str) -> Ad:
    now = int(time.time())
    about = {"MyType": "DaemonMaster", "Machine": machine, "Name": machine, "MyAddress": _address(machine, 9000)}
    return {**FILLERS, **about, "STARTD_StartTime": now - 90000, "MASTER_StartTime": now - 90001}


def _keeper(machine: HostName, *, lent: bool) -> Ad:
    report = KeeperReport(
        nonce=NONCE,
        phase=KeeperPhase.FLOCKING if lent else KeeperPhase.IDLE,
        lock=LockHolder.FLOCK if lent else LockHolder.REGULAR,
        lease=lease_of(machine) if lent else None,
        container="0123456789ab" if lent else None,
        image=None,
        problem=None,
        sent_at_s=time.time(),
        heard_at_s=0.0,
        version="bench",
    )
    return dict(to_ad(machine, report))


if __name__ == "__main__":
    main()
