"""What becomes of a guest by what is asked."""

import dataclasses

import pytest

from shepherd.core.guest.admission import added, needs_token, removing
from shepherd.errors import UsageError
from shepherd.model.guest import Anew, Deed, Guest, Standing, Wanted
from tests.core.guest.some_guests import CAMPUS, DOMAIN

DEED = Deed(who="anna", at_s=1.8e9)
NEW = Wanted(schedds=("submit.campus.example",), domain="campus.example")


def add(known: Guest | None, wanted: Wanted = Wanted(), anew: Anew = Anew.NOTHING) -> Guest:  # noqa: B008 - frozen
    return added("campus", known, wanted, anew, DEED, DOMAIN)


def test_a_new_guest_needs_schedds_and_a_domain() -> None:
    """A guest without a domain could not be told from others."""
    with pytest.raises(UsageError, match="--schedd and --domain"):
        add(None)
    made = add(None, NEW)
    assert (made.identity, made.standing, made.added_by) == ("guest.campus.1@flock.lab", Standing.ADDING, "anna")
    assert needs_token(made, Anew.NOTHING)


def test_the_same_once_more_changes_nothing() -> None:
    """A second run of the same command made a second token, and nobody knew which was handed out."""
    same = Wanted(schedds=CAMPUS.schedds, domain=CAMPUS.domain)
    assert add(CAMPUS) == add(CAMPUS, same) == CAMPUS
    assert not needs_token(CAMPUS, Anew.NOTHING)


def test_other_values_need_a_word() -> None:
    """Two campuses were merged by a name that was typed twice."""
    with pytest.raises(UsageError, match=r"hosts = 0 \(not 5\).*--change"):
        add(CAMPUS, Wanted(hosts=5))
    changed = add(CAMPUS, Wanted(hosts=5), Anew.CHANGE)
    assert changed == dataclasses.replace(CAMPUS, hosts=5, changed_by="anna", changed_at_s=DEED.at_s)


def test_another_domain_is_another_guest() -> None:
    """Claims under the old domain were nobody's any more."""
    with pytest.raises(UsageError, match="domain"):
        add(CAMPUS, Wanted(domain="new.example"), Anew.CHANGE)


def test_what_was_interrupted_is_gone_on_with_also_with_other_values() -> None:
    """A typing error could only be mended after the wrong guest had been admitted."""
    half = dataclasses.replace(CAMPUS, standing=Standing.ADDING)
    assert add(half) == half
    assert add(half, Wanted(hosts=5)).hosts == 5
    assert needs_token(half, Anew.NOTHING)


def test_reissue_gives_another_identity_and_renew_does_not() -> None:
    """A stolen token went on working beside the new one."""
    assert add(CAMPUS, anew=Anew.REISSUE).identity == "guest.campus.2@flock.lab"
    renewed = add(CAMPUS, anew=Anew.RENEW)
    assert renewed.identity == CAMPUS.identity
    assert needs_token(renewed, Anew.RENEW)


def test_a_removed_guest_comes_back_as_another() -> None:
    """The token of the year before was good again."""
    gone = dataclasses.replace(CAMPUS, standing=Standing.REMOVED, generation=4)
    again = add(gone, NEW)
    assert again.identity == "guest.campus.5@flock.lab"
    assert (again.removed_by, again.token_id) == ("", "")


def test_every_identity_that_a_name_had_is_known_with_its_time() -> None:
    """Asked about a job of last March, nobody could say which of the guest's tokens had been good then."""
    gone = dataclasses.replace(CAMPUS, standing=Standing.REMOVED, removed_by="bert", removed_at_s=1.75e9)
    again = add(gone, NEW)
    assert again.past == (
        "guest.campus.1@flock.lab: from 2023-11-14T22:13:20+00:00, by root, to 2025-06-15T15:06:40+00:00, by bert",
    )
    reissued = add(dataclasses.replace(again, standing=Standing.ADMITTED), anew=Anew.REISSUE)
    assert [line.partition("@")[0] for line in reissued.past] == ["guest.campus.1", "guest.campus.2"]


def test_a_guest_who_is_being_removed_is_not_added() -> None:
    """Half removed and half added, its old jobs ran under the new limits."""
    half = removing("campus", CAMPUS, DEED)
    assert (half.standing, half.removed_by) == (Standing.REMOVING, "anna")
    with pytest.raises(UsageError, match="guest remove campus"):
        add(half, NEW)


def test_removing_twice_keeps_who_did_it_first() -> None:
    """The record named who looked last."""
    half = removing("campus", CAMPUS, DEED)
    assert removing("campus", half, Deed(who="bert", at_s=2e9)) == half


def test_nobody_cannot_be_removed_nor_renewed() -> None:
    """A misspelt name was removed, said the tool; the guest stayed."""
    with pytest.raises(UsageError, match="there is no guest"):
        removing("campus", None, DEED)
    for anew in (Anew.CHANGE, Anew.RENEW, Anew.REISSUE):
        with pytest.raises(UsageError, match="is no guest"):
            add(None, NEW, anew)
