"""Quarantines as the verbs, the clock and keepers make them."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.stop.encode import quarantine_from, quarantine_members
from shepherd.core.stop.quarantine import (
    MOST_BYTES,
    RELEASED_KEPT_S,
    Quarantines,
    barred,
    body,
    carried_out_from,
    fold,
    from_body,
    held,
    ident_of,
    is_ident,
    of_host,
    size_of,
)
from shepherd.model.intents import Intent, IntentKind

NOW_S = 1_800_000_000.0


def intent(kind: IntentKind, at_s: float, **about: str) -> Intent:
    return Intent(ident=f"{kind.value}{at_s}", kind=kind, at_s=at_s, who="ann", why="a letter", about=about)


def ordered(host: str = "p205", at_s: float = NOW_S, keep_host: str = "no") -> Intent:
    return intent(IntentKind.QUARANTINE, at_s, host=host, keep_host=keep_host)


INTENTS = st.lists(
    st.builds(
        lambda kind, after_s, host, keep: intent(kind, NOW_S + after_s, host=host, keep_host=keep),
        st.sampled_from([IntentKind.QUARANTINE, IntentKind.RELEASE, IntentKind.BAN, IntentKind.FLOCKOFF]),
        st.integers(0, 20).map(float),
        st.sampled_from(["p1", "p2", "p3.a-b", "ü/../x"]),
        st.sampled_from(["yes", "no"]),
    ),
    max_size=12,
)


def by_time(intents: list[Intent]) -> list[Intent]:
    return sorted(intents, key=lambda one: one.at_s)


@given(INTENTS)
def test_folding_once_more_changes_nothing(intents: list[Intent]) -> None:
    """A shepherd that could not remove an intent from the spool quarantined the host again after its release."""
    once = fold((), by_time(intents), NOW_S + 30)
    assert fold(once, by_time(intents), NOW_S + 30) == once


@given(INTENTS)
def test_a_host_has_one_quarantine_at_a_time_and_names_are_never_used_twice(intents: list[Intent]) -> None:
    """Two of one host held each other's release up."""
    found = fold((), by_time(intents), NOW_S + 30)
    standing = [one.host for one in found if one.released_at_s is None]
    assert len(standing) == len(set(standing))
    assert len({one.ident for one in found}) == len(found)
    assert all(is_ident(one.ident) for one in found)


@given(INTENTS)
def test_what_travels_and_what_is_recorded_comes_back(intents: list[Intent]) -> None:
    """A name that a page could not carry made all hosts refuse it."""
    found = fold((), by_time(intents), NOW_S + 30)
    assert tuple(quarantine_from(dict(quarantine_members(one))) for one in found) == found
    done = frozenset(one.ident for one in found[::2])
    written = body(found, done)
    assert (from_body(written), carried_out_from(written)) == (found, done)


def test_a_second_order_may_only_keep_more() -> None:
    """Somebody said --keep-host, and the next order let the host go."""
    found = fold((), [ordered(keep_host="yes"), ordered(at_s=NOW_S + 5)], NOW_S + 5)
    assert [one.keep_host for one in found] == [True]
    found = fold(fold((), [ordered()], NOW_S), [ordered(at_s=NOW_S + 5, keep_host="yes")], NOW_S + 5)
    assert [one.keep_host for one in found] == [True]


def test_a_release_is_told_for_days_and_then_forgotten() -> None:
    """A host that was cut off for an hour held a container for ever, because nobody spoke of its release any more."""
    found = fold((), [ordered(), intent(IntentKind.RELEASE, NOW_S + 9, host="p205")], NOW_S + 9)
    assert of_host(found, "p205") is None
    assert not barred(found)
    assert len(fold(found, [], NOW_S + RELEASED_KEPT_S)) == 1
    assert fold(found, [], NOW_S + 10 + RELEASED_KEPT_S) == ()


def test_a_release_before_the_order_is_not_for_it() -> None:
    """A release that waited in the spool ended the quarantine that was ordered after it."""
    released = intent(IntentKind.RELEASE, NOW_S - 1, host="p205")
    assert of_host(fold(fold((), [ordered()], NOW_S), [released], NOW_S), "p205") is not None


def test_what_a_shepherd_has_forgotten_is_released_by_name_and_host() -> None:
    """A shepherd with a new state directory could not give a frozen host back."""
    ident = ident_of("p205", NOW_S)
    [found] = fold((), [intent(IntentKind.RELEASE, NOW_S + 9, ident=ident, host="p205")], NOW_S + 9)
    assert (found.ident, found.released_at_s) == (ident, NOW_S + 9)
    assert fold((), [intent(IntentKind.RELEASE, NOW_S, ident="q-/../x", host="p205")], NOW_S) == ()


def test_barred_names_who_why_and_what_ends_it_and_only_kept_hosts_are_held() -> None:
    """`-s` said "cannot be lent", and nobody knew whom to ask."""
    found: Quarantines = fold((), [ordered(), ordered("p206", keep_host="yes")], NOW_S)
    why = next(why for host, why in barred(found).items() if host == "p205")
    assert "ann" in why
    assert "a letter" in why
    assert "shepherd release p205" in why
    assert held(found) == {"p206"}
    released = tuple(dataclasses.replace(one, released_at_s=NOW_S) for one in found)
    assert (barred(released), held(released)) == ({}, frozenset())


def test_quarantines_with_long_reasons_leave_room_for_leases() -> None:
    """Seven hundred of them made a page that no keeper read: all guests went home, and nobody was stopped."""
    long = [dataclasses.replace(ordered(f"p{number}", NOW_S + number), why="ü" * 400) for number in range(900)]
    found = fold((), long, NOW_S + 2000)
    assert 100 < len(found) < 900
    assert sum(map(size_of, found)) <= MOST_BYTES
    assert {one.host for one in found} == {f"p{number}" for number in range(len(found))}
