"""One container against the flock pool's collector, and what the others notice of it."""

import time
from collections.abc import Iterator
from pathlib import Path

from shepherd.lab.addresses import CM_FLOCK, FLOCK_PORT
from shepherd.lab.audit.neighbours import listening
from shepherd.lab.audit.parts import Guests
from shepherd.lab.audit.place import POOL_CONNECTIONS, in_container
from shepherd.lab.audit.report import Result, need, shut

FLOOD = Path(__file__).with_name("flood.py")
BEYOND = 200
"""How many more than the limit are tried."""
HOLD_S = 15


def flood(guests: Guests) -> Iterator[Result]:
    """Whoever has all rights in a container opens what connections it can, and holds them."""
    site = guests.site
    tried = POOL_CONNECTIONS + BEYOND
    words = (CM_FLOCK, str(FLOCK_PORT), str(tried), str(HOLD_S))
    with listening(in_container(site, guests.host, ("/usr/bin/python3", "-IS", str(FLOOD), *words))) as flooding:
        began_s = time.monotonic()
        seen = guests.neighbour in site.flocking_startds()
        answered_s = time.monotonic() - began_s
        local = guests.local_work("need-local-work-in-flood", "local work while the flock collector is flooded")
        told, _ = flooding.communicate(timeout=HOLD_S + 20)
    held = int(told.split()[-1])
    detail = f"{held} of {tried} connections"
    yield shut("flood-collector", "all connections of the flock collector", held > POOL_CONNECTIONS, detail)
    works = seen and answered_s < HOLD_S
    yield need("need-collector-in-flood", "the flock collector for others", works=works, detail=f"{answered_s:.1f} s")
    yield local
