"""A site whose ledger a fake shepherd has written, moved so that it ends now."""

import dataclasses
import itertools
import pathlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

from shepherd.edges.day_files import utc_day
from shepherd.model.entry import Entry
from shepherd.model.settings import PolicyKind
from tests.cli.sites import Site
from tests.sim.recorded_day import eventful_day, site_of

EPOCHS = (1.79e9, 1.81e9)
"""The fake world's times; no other number of a record is like them."""


def moved(value: Any, by_s: float) -> Any:
    """The same, so much later."""
    match value:
        case Mapping():
            return {key: moved(one, by_s) for key, one in value.items()}
        case list() | tuple():
            return [moved(one, by_s) for one in value]
        case float() | int() if not isinstance(value, bool) and EPOCHS[0] < value < EPOCHS[1]:
            return value + by_s
    return value


def later(entries: Sequence[Entry], by_s: float) -> list[Entry]:
    return [dataclasses.replace(one, at_s=one.at_s + by_s, body=moved(one.body, by_s)) for one in entries]


class Recorded:
    """An eventful day of five hosts, and what `shepherd -s` showed at its end."""

    def __init__(self) -> None:
        self.pool = site_of(PolicyKind.DEMAND)
        eventful_day(self.pool)
        self.entries = list(self.pool.ledger.entries)
        self.present = self.pool.ledger.present

    def written(self, place: pathlib.Path, ends_s: float | None = None, **changes: object) -> Site:
        """A ledger of it below `place`, which ends now."""
        site = Site(place)
        by_s = (time.time() if ends_s is None else ends_s) - self.entries[-1].at_s - 1
        ledger = site.ledger()
        for _, of_day in itertools.groupby(later(self.entries, by_s), lambda one: utc_day(one.at_s)):
            ledger.append(list(of_day))
        ledger.publish_present({**moved(self.present, by_s), **changes})
        ledger.close()
        return site
