"""What the flock pool does for `shepherd guest`: the fake one and the real one are held to the same."""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import pytest

from shepherd.core.guest.naming import identity_of
from shepherd.core.guest.pool_config import FILE, pool_config
from shepherd.lab.eventually import eventually
from shepherd.lab.pools import FLOCK_CONFIG_D
from shepherd.model.guest import Guest, Standing, Token
from shepherd.ports_guest import FlockPoolHands
from shepherd.sim.guest_pool import SimFlockPool
from tests.contract.lab_place import LabPlace, Relay, Remote

DIRECTORY = "/run/contract-token"
AS_HOLDER = {
    "_CONDOR_SEC_TOKEN_DIRECTORY": DIRECTORY, "_CONDOR_SEC_TOKEN_SYSTEM_DIRECTORY": DIRECTORY,
    "_CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS": "IDTOKENS",
}  # fmt: skip
WITHIN_S = 15.0


class FlockPlace(Protocol):
    """A flock pool, what is written for it, and somebody with a token."""

    hands: FlockPoolHands

    def configure(self, text: str) -> None: ...
    def advertise(self, token: Token, schedd: str) -> None: ...
    def ads(self) -> Mapping[str, str]: ...


class FakeFlockPlace:
    """The fake world's."""

    def __init__(self) -> None:
        self._text = ""
        self._pool = SimFlockPool(configured=lambda: self._text, wall_s=lambda: 1.8e9)
        self.hands: FlockPoolHands = self._pool

    def configure(self, text: str) -> None:
        self._text = text

    def advertise(self, token: Token, schedd: str) -> None:
        self._pool.advertise(token.text, schedd)

    def ads(self) -> Mapping[str, str]:
        return self._pool.ads


class LabFlockPlace:
    """The lab's: asked on the central manager as root, and from the foreign pool by the token's holder."""

    def __init__(self, place: LabPlace) -> None:
        self._site = place.site
        self.relay = Relay(place.site.cm, "flock")
        self.hands: Any = Remote(self.relay, "flock")

    def configure(self, text: str) -> None:
        self._site.cm.write(f"{FLOCK_CONFIG_D}/{FILE}", text)

    def advertise(self, token: Token, schedd: str) -> None:
        """An ad that means to stay for decades, once it is withdrawn."""
        address = "<203.0.113.50:1>"
        ad = f'MyType = "Scheduler"\nName = "{schedd}"\nMachine = "campus"\nMyAddress = "{address}"\n'
        lives = f"ClassAdLifetime = ifThenElse(LastHeardFrom =?= 0, {2**31 - 1}, undefined)\n"
        self._site.campus.write("/run/contract.ad", ad + f'ScheddIpAddr = "{address}"\n' + lives)
        self._site.campus.write(f"{DIRECTORY}/own", token.text, mode=0o600)
        say = ("condor_advertise", "-pool", "cm-wan:9619", "-tcp", "UPDATE_SCHEDD_AD", "/run/contract.ad")
        self._site.campus.run(say, env=AS_HOLDER)

    def ads(self) -> Mapping[str, str]:
        asked = ("Name", "AuthenticatedIdentity")
        found = self._site.collector_ads(self._site.cm, "schedd", pool=self._site.flock_pool, attributes=asked)
        return {str(ad["Name"]): str(ad["AuthenticatedIdentity"]) for ad in found}


@pytest.fixture(name="place", params=["fake", pytest.param("lab", marks=pytest.mark.real)])
def every_flock_pool(request: pytest.FixtureRequest) -> Iterator[FlockPlace]:
    if request.param == "fake":
        yield FakeFlockPlace()
        return
    lab: LabPlace = request.getfixturevalue("lab_place")
    made = LabFlockPlace(lab)
    before = lab.site.cm.read(f"{FLOCK_CONFIG_D}/{FILE}")
    yield made
    made.configure(before)
    assert made.hands.reload()
    made.relay.close()


def guest_of(place: FlockPlace, generation: int = 1) -> Guest:
    identity = identity_of("contract", generation, place.hands.about().trust_domain)
    return Guest(
        name="contract", generation=generation, standing=Standing.ADMITTED, identity=identity,
        schedds=("ap.contract.example",), domain="contract.example",
    )  # fmt: skip


def told(place: FlockPlace, *guests: Guest) -> None:
    """The pool has read that these are its guests."""
    place.configure(pool_config(guests))
    assert place.hands.reload()


def soon(question: Callable[[], bool], what: str) -> None:
    eventually(question, WITHIN_S, 0.1, what=what)


def test_a_token_is_good_for_who_is_known_and_for_nobody_else(place: FlockPlace) -> None:
    """A token is proof of who one is, never of being welcome."""
    guest = guest_of(place)
    token = place.hands.mint(guest.identity, 600.0)
    assert re.fullmatch(r"[0-9a-f]{32}", token.ident)
    told(place)
    soon(lambda: not place.hands.lets_in(token), "it is refused")
    told(place, guest)
    soon(lambda: place.hands.lets_in(token), "it is let in")
    told(place, dataclasses.replace(guest_of(place, 2)))
    soon(lambda: not place.hands.lets_in(token), "the next generation's pool refuses it")


def test_what_is_written_counts_when_it_is_read(place: FlockPlace) -> None:
    """The order of the steps depends on it."""
    guest = guest_of(place)
    token = place.hands.mint(guest.identity, 600.0)
    told(place)
    soon(lambda: not place.hands.lets_in(token), "it is refused")
    place.configure(pool_config([guest]))
    assert not place.hands.lets_in(token)


def test_only_ads_that_no_guest_may_advertise_are_withdrawn(place: FlockPlace) -> None:
    """With one guest's ads all others' went, until they said them again."""
    guest = guest_of(place)
    told(place, guest)
    token = place.hands.mint(guest.identity, 600.0)
    soon(lambda: place.hands.lets_in(token), "it is let in")
    place.advertise(token, "ap.contract.example")
    soon(lambda: place.ads().get("ap.contract.example") == guest.identity, "its ad is there")
    assert not place.hands.withdraw([guest])
    assert "ap.contract.example" in place.ads()
    others = dataclasses.replace(guest, schedds=("second.contract.example",))
    soon(lambda: not place.hands.withdraw([others]), "nothing is left of a schedd that is not its own any more")
    assert "ap.contract.example" not in place.ads()


def test_the_pool_tells_whose_guests_it_has_read_of(place: FlockPlace) -> None:
    """Ads were withdrawn while the old configuration was in force, and came back at once."""
    guest = guest_of(place)
    told(place)
    soon(lambda: place.hands.obeys([]), "it has none")
    told(place, guest)
    soon(lambda: place.hands.obeys([guest]), "it has read of the guest")
    assert not place.hands.obeys([])
    assert not place.hands.obeys([dataclasses.replace(guest, schedds=("second.contract.example",))])


def test_without_jobs_there_are_no_claims_and_ending_none_is_nothing(place: FlockPlace) -> None:
    """A removal of a guest without jobs failed for lack of them."""
    assert list(place.hands.claims()) == []
    place.hands.end([])
