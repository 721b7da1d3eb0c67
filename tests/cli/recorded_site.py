"""A site's files with the ledger of the fake site's eventful day, as if it had just ended."""

import dataclasses
import functools
import itertools
import json
import pathlib
import time

from shepherd.edges.day_files import utc_day
from shepherd.edges.ledger import SqliteLedger
from shepherd.model.settings import PolicyKind
from shepherd.sim import site as simulated
from tests.cli.sites import Site
from tests.sim.recorded_day import eventful_day, site_of

TIMES = frozenset({"at_s", "since_s", "until_s", "cycle_at_s", "deadline_s", "blocked_until_s"})


@functools.cache
def the_day() -> simulated.Site:
    """Lends, bursts, a hung keeper, a dead shepherd, a ban, a flockoff and its end."""
    pool = site_of(PolicyKind.DEMAND)
    eventful_day(pool)
    return pool


def recorded_site(place: pathlib.Path, **changes: object) -> tuple[Site, SqliteLedger]:
    """Files and the ledger, which is open as a living daemon has it: whoever closes it has the daemon dead. `changes`:
    of what is published."""
    pool, site = the_day(), Site(place)
    entries = list(pool.ledger.entries)
    body = json.loads(json.dumps(pool.ledger.present))
    shift_s = time.time() - body["at_s"]
    ledger = site.ledger()
    later = [dataclasses.replace(one, at_s=one.at_s + shift_s, body=shifted(one.body, shift_s)) for one in entries]
    for _, of_day in itertools.groupby(later, key=lambda one: utc_day(one.at_s)):
        ledger.append(list(of_day))
    ledger.publish_present({**shifted(body, shift_s), **changes})
    return site, ledger


def shifted(body: object, shift_s: float) -> dict[str, object]:
    """The same later."""
    found = _shifted(body, shift_s, "")
    assert isinstance(found, dict)
    return found


def _shifted(value: object, shift_s: float, name: str) -> object:
    if isinstance(value, dict):
        return {key: _shifted(one, shift_s, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shifted(one, shift_s, name) for one in value]
    return value + shift_s if name in TIMES and isinstance(value, float) and value else value
