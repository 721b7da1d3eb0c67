"""Which claims a removal ends."""

from shepherd.core.guest.claims import to_end
from shepherd.model.guest import Claim
from tests.core.guest.some_guests import OTHER

THEIRS = Claim(slot="slot1_1@f201", user="alice@campus.example", schedd="submit.campus.example")
ANOTHERS = Claim(slot="slot1_2@f201", user="carl@other.example", schedd="ap.other.example")


def test_a_guest_who_stays_keeps_its_claims() -> None:
    """One guest's removal ended everybody's jobs."""
    assert to_end([THEIRS, ANOTHERS], [OTHER], every=False) == [THEIRS]


def test_what_is_not_wholly_anothers_ends() -> None:
    """A job with another's user, or of no schedd that anybody knows, ran on after its guest was removed."""
    posing = Claim(slot="slot1_3@f201", user="carl@other.example", schedd="submit.campus.example")
    nameless = Claim(slot="slot1_4@f201", user="", schedd="")
    assert to_end([posing, nameless, ANOTHERS], [OTHER], every=False) == [posing, nameless]


def test_a_claim_that_tells_no_schedd_yet_counts_by_its_user() -> None:
    """A claim that just begins has no job, and so no schedd's name."""
    fresh = Claim(slot="slot1_5@f201", user="carl@other.example", schedd="")
    assert to_end([fresh], [OTHER], every=False) == []


def test_all_can_be_ended() -> None:
    """A schedd that lies perfectly is found by nobody, and still must go."""
    assert to_end([THEIRS, ANOTHERS], [OTHER], every=True) == [THEIRS, ANOTHERS]
