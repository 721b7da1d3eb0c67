"""One container against the flock pool's collector, and what the others notice of it."""

import time
from collections.abc import Iterator
from pathlib import Path

from shepherd.lab.addresses import CM_FLOCK, FLOCK_PORT
from shepherd.lab.audit.neighbours import listening
from shepherd.lab.audit.parts import Guests
from shepherd.lab.audit.place import POOL_CONNECTIONS, container
from shepherd.lab.audit.report import Result, need, shut

FLOOD = Path(__file__).with_name("flood.py")
BEYOND = 200
"""How many more than the limit are tried."""
HOLD_S = 30
LOCAL_S = 12.0
"""Two negotiation cycles of the lab: within the flood, so that a pool that only recovers after it does not count."""


def flood(guests: Guests) -> Iterator[Result]:
    """Whoever has all rights in a container opens what connections it can, and holds them."""
    tried = POOL_CONNECTIONS + BEYOND
    with listening(as_pilot(guests, (CM_FLOCK, str(FLOCK_PORT), str(tried), str(HOLD_S)))) as flooding:
        began_s = time.monotonic()
        before = heard_at(guests)
        what = "local work while the flock collector is flooded"
        local = guests.local_work("need-local-work-in-flood", what, LOCAL_S)
        heard = guests.true(lambda: heard_at(guests) > before, HOLD_S - LOCAL_S)
        heard_s = time.monotonic() - began_s
        told, _ = flooding.communicate(timeout=HOLD_S + 20)
    held = int(told.split()[-1])
    detail = f"{held} of {tried} connections"
    tries = "all connections of the flock collector"
    yield shut("flood-collector", tries, held > POOL_CONNECTIONS, detail, was_tried=held > POOL_CONNECTIONS // 2)
    what = "news of another container in the flock collector while it is flooded"
    yield need("need-collector-in-flood", what, works=heard and heard_s < HOLD_S, detail=f"{heard_s:.1f} s")
    yield local


def as_pilot(guests: Guests, words: tuple[str, ...]) -> list[str]:
    """The command line of a flood by the container's root: to its rules, nobody of the host is anybody."""
    first = container(guests.site, guests.host)
    into = ["nsenter", f"--target={first}", "--user", "--net", "--setuid=0", "--setgid=0", "--"]
    return [*into, "/usr/bin/python3", "-IS", "-c", FLOOD.read_text(encoding="utf-8"), *words]


def heard_at(guests: Guests) -> int:
    """When the flock collector last heard of the other container, epoch seconds."""
    site = guests.site
    mine = f'Machine == "{guests.neighbour}"'
    ads = site.collector_ads(site.cm, "startd", pool=site.flock_pool, constraint=mine, attributes=("LastHeardFrom",))
    return max((int(ad["LastHeardFrom"]) for ad in ads), default=0)
