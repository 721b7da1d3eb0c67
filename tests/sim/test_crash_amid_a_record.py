"""A shepherd that is killed after it has looked and before its decision is on record, by name."""

import itertools

import pytest

from shepherd.core.recorded.moments import moments
from shepherd.core.replay.again import made_again
from shepherd.model.entry import EntryKind
from shepherd.model.host import Herd
from shepherd.model.settings import PolicyKind
from shepherd.model.standing import Standing
from shepherd.sim.ports import AMIDST
from shepherd.sim.site import Site
from tests.sim.recorded_day import burst, read_back, recorded, site_of

WHICH = (0, 3, -1)
"""Of its decisions: the first of all, one that lends, one after the burst."""


def short_day(site: Site) -> None:
    """Lends, and a burst."""
    site.run(300)
    burst(site, 100)
    site.run(200)


def places() -> list[int]:
    """Where a shepherd that is not killed has looked and has not recorded what it decided."""
    site = site_of(PolicyKind.DEMAND)
    short_day(site)
    return [at for at, place in enumerate(site.shepherds[-1].crashes.passed) if place == AMIDST]


def killed_there(which: int) -> tuple[Site, int]:
    """The same day with a kill; and how many records there were."""
    site = site_of(PolicyKind.DEMAND)
    site.shepherds[-1].crashes.at = places()[which]
    short_day(site)
    assert not site.shepherds[-1].alive
    return site, len(site.ledger.entries)


def kinds_of(site: Site) -> list[EntryKind]:
    return [entry.kind for entry in site.ledger.entries]


@pytest.mark.parametrize("which", WHICH)
def test_killed_between_a_snapshot_and_its_verdict_neither_is_on_record(which: int) -> None:
    """A snapshot without the decision that it was for is explained as a look at which nothing was decided."""
    site, _ = killed_there(which)
    kinds = kinds_of(site)
    verdicts = [at for at, kind in enumerate(kinds) if kind is EntryKind.VERDICT]
    assert len(verdicts) == places().index(site.shepherds[-1].crashes.at or 0)
    assert all(kinds[at - 1] is EntryKind.SNAPSHOT for at in verdicts)


@pytest.mark.parametrize("which", WHICH)
def test_what_the_next_shepherd_records_is_read_together_with_what_there_was(which: int) -> None:
    """The day of a crash is the day that somebody wants explained."""
    site, before = killed_there(which)
    site.start_shepherd()
    site.run(400)
    found = recorded(site)
    said = [moment for moment in found if moment.said is not None]
    assert len(said) == kinds_of(site).count(EntryKind.VERDICT)
    assert len(found) == kinds_of(site).count(EntryKind.SNAPSHOT)
    assert all(one.said is not None and one.said.at_s == one.at_s for one in said)
    again = [made_again(moment, site.spec.settings()) for moment in said]
    assert [one.orders for one in again] == [one.said.orders for one in said if one.said]
    assert any(order.herd is Herd.FLOCK for one in again for order in one.orders)
    assert len(site.ledger.entries) > before
    assert site.breaches() == ()


def test_a_snapshot_whose_verdict_is_missing_all_the_same_is_a_look_that_decided_nothing() -> None:
    """Half a record, from a copy that was cut off there: the rest of the day must still be told, and told rightly."""
    site = site_of(PolicyKind.DEMAND)
    short_day(site)
    stored = list(read_back(site))
    at = next(
        at for at, (one, other) in enumerate(itertools.pairwise(stored), 1)
        if (one.entry.kind, other.entry.kind) == (EntryKind.SNAPSHOT, EntryKind.VERDICT) and at > len(stored) // 2
    )  # fmt: skip
    whole = list(moments(Standing(), stored))
    told = list(moments(Standing(), [*stored[:at], *stored[at + 1 :]]))
    lost = [(one, other) for one, other in zip(whole, told, strict=True) if one != other]
    assert [(one.said is None, other.said is None) for one, other in lost] == [(False, True)]
    cut = list(moments(Standing(), stored[:at]))
    assert cut == told[: len(cut)]
    assert cut[-1].said is None
