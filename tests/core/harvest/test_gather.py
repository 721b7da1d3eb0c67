"""What the pool gave and what it cost, against a day that was seen from outside, and against sums made by hand."""

import dataclasses

import pytest

from shepherd.core.harvest.gather import LONGEST_S, NEEDED, Gathering
from shepherd.core.replay.replay import replay
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.harvest import Harvest, IncidentKind, Period
from shepherd.model.replay import Outcome, SwitchTimes
from shepherd.model.settings import PolicyKind
from shepherd.model.standing import Standing
from tests.core.sound_settings import settings_with
from tests.sim.recorded_day import eventful_day, read_back, recorded, site_of


def gathered(entries: list[Entry], span: Period, bucket_s: float = 600.0) -> Harvest:
    gathering = Gathering(span, bucket_s)
    gathering.begin(Standing())
    for entry in entries:
        if entry.kind in NEEDED:
            gathering.add(entry)
    return gathering.harvest()
