"""Records that somebody altered, or a disk: read as far as they make sense, else refused with a reason."""

import dataclasses
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shepherd.cli.recorded import settings_by
from shepherd.core.recorded.moments import moments
from shepherd.core.recorded.switch_times import switch_times
from shepherd.core.replay.replay import replay
from shepherd.core.story.cycle import cycle_story
from shepherd.core.story.host import host_story
from shepherd.core.story.lend import leases_of, lend_story, result_of
from shepherd.errors import ShepherdError
from shepherd.model.entry import Entry, Stored
from shepherd.model.host import Herd
from shepherd.model.moment import Moment
from shepherd.model.settings import PolicyKind
from shepherd.model.standing import Standing
from shepherd.sim.load.recorded import recorded_load
from shepherd.views.replay import replay_json, replay_text
from shepherd.views.story import cycle_json, cycle_text, host_json, host_text
from tests.sim.recorded_day import eventful_day, site_of

ODD: tuple[Any, ...] = (
    None, True, 0, -1, -5.5, 1e308, float("nan"), float("inf"), 10**400, "", "x", "1/2/3", "\x1b[31m", [], [1], [[]],
    {}, {"a": 1}, {"": {}},
)  # fmt: skip
FEW = 40


@pytest.fixture(name="entries", scope="module")
def the_records_of_a_day() -> list[Entry]:
    pool = site_of(PolicyKind.DEMAND)
    eventful_day(pool)
    return list(pool.ledger.entries)


def places_in(value: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """Paths to all members."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield (*path, key)
        yield from places_in(inner, *path, key)


def altered(entry: Entry, data: st.DataObject) -> Entry:
    """With one member of its body another one."""
    body = json.loads(json.dumps(entry.body))
    place = data.draw(st.sampled_from(list(places_in(body)) or [("x",)]))
    inner = body
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = data.draw(st.sampled_from(ODD))
    return dataclasses.replace(entry, body=body)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_an_altered_record_is_told_or_refused_and_never_a_defect(entries: list[Entry], data: st.DataObject) -> None:
    """One flipped bit on a disk made every question to that day end in "please report it", and nobody knew that it was
    the disk."""
    number = data.draw(st.integers(0, len(entries) - 1))
    some = list(entries[: max(FEW, number + 10)])
    some[number] = altered(some[number], data)
    stored = [Stored(seq=seq, entry=entry, hash="") for seq, entry in enumerate(some, 1)]
    reasons = []
    for act in (replayed, simulated, told):
        try:
            act(stored)
        except (ValueError, ShepherdError) as exc:
            reasons.append(str(exc))
    assert all(reasons)


def is_json(value: object) -> bool:
    """For everybody, not for Python alone."""
    return not {"NaN", "Infinity", "-Infinity"} & set(re.split(r"[\s,\]}]+", json.dumps(value)))


def looks(stored: Sequence[Stored]) -> Iterator[Moment]:
    return moments(Standing(), stored)


def replayed(stored: Sequence[Stored]) -> None:
    others = {"other": settings_by({"policy.reserve": 0.5})}
    times = switch_times(one.entry for one in stored)
    found = replay(looks(stored), settings_by({}), others, times)
    assert (found is None) == (not any(looks(stored)))
    if found is None:
        return
    assert "\x1b" not in replay_text(found, with_moves=True)
    assert is_json(replay_json(found, []))


def simulated(stored: Sequence[Stored]) -> None:
    assert recorded_load(looks(stored), "day").hosts


def told(stored: Sequence[Stored]) -> None:
    entries = [one.entry for one in stored]
    lends = [lend_story(lease, [one for one in entries if one.cause == lease]) for lease in leases_of(entries)]
    assert all(result_of(herd, 0.0, entries) for herd in Herd)
    for moment in [one for one in looks(stored) if one.said][-2:]:
        assert moment.said is not None
        site = settings_by({})(moment.settings)
        story = cycle_story(moment, moment.said, site, ())
        stories = [host_story(moment, host, site, [moment.said], lends) for host in moment.snapshot.hosts]
        texts = [cycle_text(story), *(host_text(one) for one in stories if one)]
        assert not any("\x1b" in text for text in texts)
        assert is_json([cycle_json(story), *(host_json(one) for one in stories if one)])
