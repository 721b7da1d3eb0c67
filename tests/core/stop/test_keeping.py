"""What a keeper does next about a quarantined container: it ends, or is held because somebody said so."""

from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.stop.keeping import KEPT_HOST_FACTOR, LATE_S, Move, Sight, from_json, next_move, to_json
from shepherd.model.evidence import Keeping, KeepStage

KEEPINGS = st.builds(
    Keeping,
    ident=st.just("q-p205-20260301T140210"),
    who=st.text(),
    why=st.text(),
    keep_host=st.booleans(),
    container=st.text(),
    since_s=st.floats(0, 1e6),
    stage=st.sampled_from(KeepStage),
)
SIGHTS = st.builds(
    Sight,
    keeping=KEEPINGS,
    now_s=st.floats(0, 1e6),
    evidence_s=st.floats(0.1, 30),
    recorded=st.booleans(),
    recording=st.booleans(),
    lives=st.booleans(),
    released=st.booleans(),
)


@given(KEEPINGS)
def test_the_note_comes_back(keeping: Keeping) -> None:
    """A keeper that was restarted did not know its own quarantine."""
    assert from_json(to_json(keeping)) == keeping


@given(SIGHTS)
def test_after_its_time_nothing_is_frozen_that_nobody_keeps(sight: Sight) -> None:
    """A recording that hung left the host without any startd."""
    allowed_s = sight.evidence_s * (KEPT_HOST_FACTOR if sight.keeping.keep_host else 1) + LATE_S
    if sight.now_s > sight.keeping.since_s + allowed_s:
        assert next_move(sight) in ({Move.HOLD, Move.END} if sight.keeping.keep_host else {Move.END})


@given(SIGHTS)
def test_a_release_ends_it_at_once_and_an_end_is_never_taken_back(sight: Sight) -> None:
    """The release came while the container was looked at, and was forgotten."""
    if sight.released or sight.keeping.stage is KeepStage.ENDING:
        assert next_move(sight) is Move.END


@given(SIGHTS)
def test_only_what_lives_and_is_kept_is_held(sight: Sight) -> None:
    """A dead container was held, and the host with it."""
    if next_move(sight) is Move.HOLD:
        assert sight.lives
        assert sight.keeping.keep_host
