"""Adding and removing guests in the fake world, interrupted between any two steps."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from shepherd.core.guest.snippet import snippet_file, token_name
from shepherd.errors import PoolUnavailable, Unavailable, UsageError
from shepherd.model.guest import Anew, Standing, Wanted
from shepherd.programs.guests import Guests
from shepherd.sim.crash import Crashes, ShepherdCrash
from shepherd.sim.guest_pool import ABOUT
from tests.programs.guest_place import NEW, OTHER, Place

ACTS = 100


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def interrupted(place: Callable[[], Place], do: Callable[[Place, Guests], object]) -> list[tuple[str, Place]]:
    """Worlds in which `do` was killed at each of its acts, before and after it, by the name of that act."""
    worlds = []
    for at in range(2 * ACTS):
        world, crashes = place(), Crashes()
        crashes.at = at
        try:
            do(world, world.verbs(crashes))
        except ShepherdCrash as crash:
            worlds.append((str(crash), world))
            continue
        return worlds
    raise AssertionError("it never came to an end")


def worlds_in(tmp_path: Path, prepare: Callable[[Place], object]) -> Callable[[], Place]:
    """Each a world of its own, prepared alike."""

    def make() -> Place:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        world = Place(folder)
        prepare(world)
        return world

    return make


def test_a_guest_is_let_in_with_what_was_handed_over(place: Place) -> None:
    """The token was good, and the pool did not know it."""
    made = place.add()
    assert (made.standing, made.added_by, made.identity) == (Standing.ADMITTED, "anna", "guest.campus.1@flock.sim")
    assert place.pool.advertise(place.token(), "submit")
    assert place.guest() == made
    assert ABOUT.collector in (place.place / "handover/campus" / snippet_file(ABOUT)).read_text()


def test_the_token_is_told_nowhere_but_in_its_file(place: Place) -> None:
    """It stood in the shell's scroll-back, and in the backup of /etc."""
    place.add()
    secret = place.token().strip()
    holders = [path.name for path in place.place.rglob("*") if path.is_file() and secret in path.read_text()]
    assert holders == [token_name(ABOUT)]
    assert not any(secret in line for line in place.said)
    assert secret not in repr(place.pool.mint("guest.campus.1@flock.sim", 60.0))


def test_adding_again_changes_nothing(place: Place) -> None:
    """Configuration management ran it every half hour, and each time the guest had to be given a new token."""
    place.add()
    before = {path: path.read_text() for path in place.place.rglob("*") if path.is_file()}
    place.now_s += 1000
    place.add()
    assert {path: path.read_text() for path in place.place.rglob("*") if path.is_file()} == before


def test_removing_ends_everything_at_once(place: Place) -> None:
    """The guest was out of the list, and its jobs ran on for a day."""
    place.add()
    place.add("other", OTHER)
    old, others = place.token(), place.token("other")
    place.pool.advertise(old, "submit")
    place.pool.advertise(others, "ap")
    place.pool.claim("slot1_1@f201", "alice@campus.example", "submit")
    place.pool.claim("slot1_2@f201", "carl@other.example", "ap")
    gone = place.remove()
    assert (gone.standing, gone.removed_by) == (Standing.REMOVED, "anna")
    assert place.pool.ads == {"ap": "guest.other.1@flock.sim"}
    assert [claim.slot for claim in place.pool.claims()] == ["slot1_2@f201"]
    assert not place.pool.is_known(old)
    assert place.pool.is_known(others)
    assert not (place.place / "handover/campus").exists()


def test_a_guest_who_comes_back_has_another_token(place: Place) -> None:
    """The old token, which had been the reason to remove it, was good again."""
    place.add()
    old = place.token()
    place.remove()
    place.add()
    assert not place.pool.advertise(old, "submit")
    assert place.pool.advertise(place.token(), "submit")
    assert place.guest().generation == 2


def test_all_claims_can_be_ended(place: Place) -> None:
    """A guest that posed as another in its claims survived its removal."""
    place.add()
    place.add("other", OTHER)
    place.pool.claim("slot1_1@f201", "carl@other.example", "ap")
    place.remove()
    assert place.pool.claims()
    place.remove(every_claim=True)
    assert not place.pool.claims()


def test_reissue_cuts_the_old_token_and_no_job(place: Place) -> None:
    """To change a stolen token one had to end a week's jobs, so nobody did."""
    place.add()
    old = place.token()
    place.pool.claim("slot1_1@f201", "alice@campus.example", "submit")
    place.add(anew=Anew.REISSUE, wanted=Wanted())
    assert not place.pool.is_known(old)
    assert place.pool.is_known(place.token())
    assert place.pool.claims()


def test_renew_leaves_the_old_token(place: Place) -> None:
    """Between the end of one token and the arrival of the next nothing flocked."""
    place.add()
    old = place.token()
    place.add(anew=Anew.RENEW, wanted=Wanted())
    assert place.token() != old
    assert place.pool.is_known(old)


def test_other_limits_leave_ads_and_claims(place: Place) -> None:
    """A larger limit began with a pause."""
    place.add()
    place.pool.advertise(place.token(), "submit")
    place.add(wanted=Wanted(hosts=7), anew=Anew.CHANGE)
    assert place.guest().hosts == 7
    assert place.pool.ads == {"submit": "guest.campus.1@flock.sim"}


def test_other_schedds_take_the_old_ones_out(place: Place) -> None:
    """A schedd that was taken from a guest was matched for a quarter of an hour."""
    place.add()
    place.pool.advertise(place.token(), "submit")
    place.add(wanted=Wanted(schedds=("second",)), anew=Anew.CHANGE)
    assert place.pool.ads == {}


def test_bad_input_changes_nothing(place: Place) -> None:
    """Half of what was wrong was written before the other half was refused."""
    place.add()
    before = {path: path.read_text() for path in place.place.rglob("*") if path.is_file()}
    for name, wanted in (("x y", NEW), ("twin", NEW), ("new", Wanted()), ("new", dataclasses.replace(OTHER, hosts=-1))):
        with pytest.raises(UsageError):
            place.add(name, wanted)
    with pytest.raises(UsageError):
        place.remove("nobody")
    assert {path: path.read_text() for path in place.place.rglob("*") if path.is_file()} == before


def test_two_at_a_time_are_not(place: Place) -> None:
    """Two administrators wrote the same file, and one guest was gone."""
    with place.files.alone(), pytest.raises(Unavailable, match="somebody else"):
        place.add()


def test_a_guest_is_added_before_the_pool_starts(place: Place) -> None:
    """A new site could not be prepared before its pool ran, nor its pool before it had guests."""
    place.pool.runs = False
    place.add()
    place.pool.start()
    assert place.pool.advertise(place.token(), "submit")


def test_a_pool_that_does_not_answer_is_no_removal(place: Place) -> None:
    """`removed`, it said, and the pool had never heard of it."""
    place.add()
    place.pool.runs = False
    with pytest.raises(PoolUnavailable, match="does not answer"):
        place.remove()
    assert place.guest().standing is Standing.REMOVING
    place.pool.start()
    assert not place.pool.is_known(place.token())
    assert place.remove().standing is Standing.REMOVED


def test_a_pool_that_lets_the_guest_in_all_the_same_is_told(place: Place) -> None:
    """The configuration was written, and another file undid it."""
    place.add()
    known = place.pool.configured()
    place.pool.configured = lambda: known
    with pytest.raises(PoolUnavailable, match="is refused"):
        place.remove()
    assert place.guest().standing is Standing.REMOVING


def test_claims_that_do_not_go_are_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that hung kept the guest's job, and the tool was content."""
    place.add()
    place.pool.claim("slot1_1@f201", "alice@campus.example", "submit")
    monkeypatch.setattr(place.pool, "end", lambda _claims: None)
    with pytest.raises(PoolUnavailable, match="claim"):
        place.remove()
    assert place.guest().standing is Standing.REMOVING


def test_an_interrupted_admission_is_completed_by_repeating(tmp_path: Path) -> None:
    """Killed between two steps, it left a guest that could neither flock nor be added."""
    made = worlds_in(tmp_path, lambda _world: None)
    worlds = interrupted(made, lambda _, verbs: verbs.add("campus", NEW, Anew.NOTHING))
    assert len(worlds) >= 12
    for at, world in worlds:
        world.add()
        assert world.guest().standing is Standing.ADMITTED, at
        assert world.pool.advertise(world.token(), "submit"), at


def test_an_interrupted_removal_is_completed_by_repeating(tmp_path: Path) -> None:
    """Killed between two steps, it left a guest that nobody showed and everybody let in."""

    def prepare(world: Place) -> None:
        world.add()
        world.pool.advertise(world.token(), "submit")
        world.add("other", OTHER)
        world.pool.advertise(world.token("other"), "ap")
        world.pool.claim("slot1_1@f201", "alice@campus.example", "submit")

    made = worlds_in(tmp_path, prepare)
    worlds = interrupted(made, lambda _, verbs: verbs.remove("campus", every_claim=False))
    assert len(worlds) >= 16
    for at, world in worlds:
        assert world.guest().standing in {Standing.ADMITTED, Standing.REMOVING, Standing.REMOVED}, at
        world.remove()
        assert world.guest().standing is Standing.REMOVED, at
        assert (world.pool.ads, list(world.pool.claims())) == ({"ap": "guest.other.1@flock.sim"}, []), at
        assert not world.pool.is_known("eyJ.guest.campus.1@flock.sim.1"), at


def test_an_interrupted_reissue_never_lets_the_old_token_in_again(tmp_path: Path) -> None:
    """The thief's token and the new one were both good, as long as nobody looked."""

    def reissue(_world: Place, verbs: Guests) -> None:
        verbs.add("campus", Wanted(), Anew.REISSUE)

    def prepare(world: Place) -> None:
        world.add()
        world.pool.advertise(world.token(), "submit")

    for at, world in interrupted(worlds_in(tmp_path, prepare), reissue):
        again = Anew.NOTHING if world.guest().standing is Standing.ADDING else Anew.REISSUE
        world.add(anew=again, wanted=Wanted())
        assert world.guest().standing is Standing.ADMITTED, at
        assert world.pool.ads == {}, at
        assert not world.pool.is_known("eyJ.guest.campus.1@flock.sim.1"), at
        assert world.pool.is_known(world.token()), at


def test_an_interrupted_change_of_schedds_leaves_no_ad_of_the_old_ones(tmp_path: Path) -> None:
    """Repeated, it found nothing to change, and the schedd that was taken from the guest was matched on."""

    def prepare(world: Place) -> None:
        world.add()
        world.pool.advertise(world.token(), "submit")

    second = Wanted(schedds=("second",))
    worlds = worlds_in(tmp_path, prepare)
    for at, world in interrupted(worlds, lambda _, verbs: verbs.add("campus", second, Anew.CHANGE)):
        world.add(wanted=second, anew=Anew.CHANGE)
        assert world.pool.ads == {}, at


def test_ads_are_withdrawn_when_the_new_configuration_is_seen_in_force(place: Place) -> None:
    """They were withdrawn first, and said again before the pool had read that they must not be."""
    place.add()
    place.pool.advertise(place.token(), "submit")
    known = place.pool.configured()
    place.pool.configured = lambda: known
    with pytest.raises(PoolUnavailable, match="has read who its guests are"):
        place.add(wanted=Wanted(schedds=("second",)), anew=Anew.CHANGE)
    assert "submit" in place.pool.ads


def test_an_ad_that_stays_all_the_same_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """`its ads are out`, it said, and had never looked."""
    place.add()
    monkeypatch.setattr(place.pool, "withdraw", lambda _guests: ["submit"])
    with pytest.raises(PoolUnavailable, match="no ad is left"):
        place.remove()
    assert place.guest().standing is Standing.REMOVING
