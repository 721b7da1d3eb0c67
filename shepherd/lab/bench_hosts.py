"""The hosts of a measured pool: their names, which are lent, and the shepherd's own records of those."""

import time
from collections.abc import Sequence

from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.orders import Stage, SwitchRecord

LENT_EACH = 4
NONCE = Nonce("0123456789abcdef0123456789abcdef")


def host_names(hosts: int) -> Sequence[HostName]:
    """All of them."""
    return [HostName(f"p{number}") for number in range(1, hosts + 1)]


def lent_names(hosts: int) -> Sequence[HostName]:
    """One in four."""
    return host_names(hosts)[::LENT_EACH]


def flock_name(host: HostName) -> str:
    """By the default rule."""
    return "f" + host[1:]


def lease_of(host: HostName) -> LeaseId:
    """What its keeper reports and its record says."""
    return LeaseId(f"bench-{host}")


def lent_records(hosts: int, image: str) -> dict[HostName, SwitchRecord]:
    """What a shepherd remembers of the hosts that are lent."""
    since_s = time.time() - 4000
    return {
        name: SwitchRecord(
            host=name,
            lease=lease_of(name),
            nonce=NONCE,
            image=image,
            flock_name=flock_name(name),
            stage=Stage.LENT,
            granted_at_s=since_s,
            stage_at_s=since_s,
            why="idle, and guests wait",
            cpus=16,
            drain_taken=True,
        )
        for name in lent_names(hosts)
    }
