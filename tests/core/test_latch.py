"""The flockoff latch: two stops at once, and what of them ends when (invariant 8)."""

import dataclasses
import itertools

import pytest

from shepherd.core.latch import fold, news, stopped_by
from shepherd.model.flockoff import FlockOff, Leak, OffFile
from shepherd.model.intents import Intent, IntentKind

NOW = 1_000_000.0
GONE = OffFile(present=False)
THERE = OffFile(present=True, who="root", why="leak in the firewall")
ENDLESS, FILE = "endless", "file"


def flockoff(for_s: float | None = None, at_s: float = NOW, who: str = "anna") -> Intent:
    """`shepherd flockoff "test"`."""
    return Intent(
        ident=f"{who}-{at_s}-{for_s}", kind=IntentKind.FLOCKOFF, at_s=at_s, who=who, why="test", for_s=for_s
    )


def flockon(at_s: float) -> Intent:
    """`shepherd flockon`."""
    return Intent(ident=f"on-{at_s}", kind=IntentKind.FLOCKON, at_s=at_s, who="anna")


def after(
    off: FlockOff | None, *intents: Intent, file: OffFile = GONE, now: float = NOW, latch: bool = True
) -> FlockOff | None:
    """The latch after one look, which a second look with the same intents does not change."""
    once = fold(off, file, intents, now, latch=latch)
    assert fold(once, file, intents, now, latch=latch) == once
    return once


def test_a_short_flockoff_does_not_shorten_one_without_end():
    """`flockoff "leak"` on Friday; somebody's `flockoff "test" --for 1m` let guests in on Friday evening."""
    leak = after(None, flockoff(who="root"))
    assert after(leak, flockoff(60, NOW + 5), now=NOW + 5) == leak
    assert after(leak, flockoff(60, NOW + 5), now=NOW + 90) == leak


def test_a_short_flockoff_does_not_shorten_the_stop_by_a_file():
    """The file had been seen, tmp cleaning took it, and a minute's test made an end of the latch."""
    off = after(None, file=THERE)
    tested = after(off, flockoff(60, NOW + 5), now=NOW + 5)
    assert tested == after(tested, now=NOW + 90) == off
    assert off is not None
    assert (off.from_file, off.who) == (True, "root")


def test_of_two_flockoffs_the_later_end_counts():
    """Two people stopped flocking; the one who was done first must not resume it for the other."""
    long, short = flockoff(7200, who="root"), flockoff(60, NOW + 5)
    for first, second in itertools.permutations([long, short]):
        off = after(None, first, second, now=NOW + 5)
        assert off is not None
        assert (off.until_s, off.who) == (NOW + 7200, "root")


def test_a_later_flockoff_without_end_has_none():
    """An hour's stop became serious, and ended after the hour all the same."""
    off = after(after(None, flockoff(3600)), flockoff(at_s=NOW + 5, who="root"), now=NOW + 5)
    assert off is not None
    assert (off.until_s, off.who) == (None, "root")
    assert after(off, now=NOW + 5000) == off


def test_a_flockoff_that_is_over_does_not_name_the_next_one():
    """The view named somebody who had gone home yesterday."""
    off = after(after(None, flockoff(60, who="root")), flockoff(60, NOW + 100), now=NOW + 100)
    assert off is not None
    assert (off.who, off.until_s) == ("anna", NOW + 160)


def test_flockon_ends_the_longest_stop_but_not_a_file():
    """The way out must stay one word."""
    long = after(None, flockoff())
    assert after(long, flockon(NOW + 5), now=NOW + 5) is None
    seen = after(long, flockon(NOW + 5), file=THERE, now=NOW + 5)
    assert seen is not None
    assert (seen.from_file, seen.since_s) == (True, NOW + 5)


@pytest.mark.parametrize("first", [ENDLESS, FILE, 60.0, 7200.0])
@pytest.mark.parametrize("second", [ENDLESS, FILE, 60.0, 7200.0])
@pytest.mark.parametrize("latch", [True, False])
def test_no_order_of_two_stops_ends_earlier_than_either(first, second, latch):
    """Without the latch, the end of a file ended the two hours that somebody had ordered beside it."""
    off: FlockOff | None = None
    file = GONE
    for number, stop in enumerate([first, second]):
        now = NOW + number
        file = THERE if stop == FILE else file
        intents = [] if stop == FILE else [flockoff(None if stop == ENDLESS else float(stop), now)]
        off = after(off, *intents, file=file, now=now, latch=latch)
    off = after(off, now=NOW + 30, latch=latch)
    stops = {first, second}
    for length_s in (60.0, 7200.0):
        if stops & {ENDLESS, length_s} or (latch and FILE in stops):
            off = after(off, now=NOW + length_s - 1, latch=latch)
            assert off is not None
    end = after(off, now=NOW + 8000, latch=latch)
    assert (end is not None) == (ENDLESS in stops or (latch and FILE in stops))


def test_a_file_that_stays_outlasts_the_end_of_a_verb_beside_it():
    """Without the latch: the minute of `--for 1m` was over, the file still there, and flocking on."""
    off = after(None, flockoff(60), file=THERE, latch=False)
    assert off is not None
    assert "leak in the firewall; flockoff by anna: test" in off.why
    assert after(off, file=THERE, now=NOW + 90, latch=False) == off
    assert after(off, now=NOW + 90, latch=False) is None


# --- leaks ---

LEAK = Leak(host="p201", at_s=NOW, what="leak: a job reached 10.1.0.9:2049")


def test_a_leak_stops_flocking_until_a_person_says_so():
    """Guests went on reaching the storage on forty hosts, because one keeper's word was one host's business."""
    off = stopped_by(None, LEAK, latch=True)
    assert (off.who, off.why, off.until_s) == ("keeper of p201", LEAK.what, None)
    assert after(off, now=NOW + 90) == off
    assert after(off, flockon(NOW + 100), now=NOW + 100) is None


def test_a_leak_makes_a_short_stop_endless():
    """A test of a minute ended, and with it the stop by the leak that was found meanwhile."""
    short = after(None, flockoff(60))
    assert stopped_by(short, LEAK, latch=True).until_s is None


def test_a_leak_is_told_once_whatever_the_hosts_clock_says():
    """A host four minutes slow found a leak after `flockon`: by its clock that was before, and nobody stopped."""
    slow = dataclasses.replace(LEAK, at_s=NOW - 240)
    assert news([slow], {"p201": 0.0}, changed_at_s=NOW) == slow
    assert news([slow], {"p201": NOW - 240}, changed_at_s=NOW) is None


def test_a_leak_that_was_answered_does_not_undo_flockon():
    """The keeper remembers until its host boots; every look of the shepherd stopped flocking again."""
    fast = dataclasses.replace(LEAK, at_s=NOW + 240)
    assert news([fast], {"p201": NOW + 240}, changed_at_s=NOW) is None


def test_a_shepherd_that_was_just_started_hears_of_leaks_since_the_last_word():
    """It was restarted in the minute of the leak."""
    assert news([LEAK], {}, changed_at_s=NOW - 60) == LEAK
    assert news([LEAK], {}, changed_at_s=NOW + 60) is None
