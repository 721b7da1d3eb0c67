"""The one suite, asked of the fake world and of the lab."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from shepherd.lab.site import Site
from shepherd.model.observation import KeeperPhase
from shepherd.model.orders import StepKind
from tests.contract.fake_place import FakePlace
from tests.contract.lab_place import LabPlace, site_spec
from tests.contract.place import Lend, Place, keeper, regular

NUMBERS = itertools.count(1)
LAB = (pytest.mark.real, pytest.mark.large("contract", sample=1))
"""The lab takes some ten seconds for each: a run draws nine of them, --full asks all."""


@pytest.fixture(scope="package")
def lab_place() -> Iterator[LabPlace]:
    """One site for the whole suite; `calm` lies between two tests."""
    with Site(site_spec()) as site:
        place = LabPlace(site)
        yield place
        place.relay.close()


@pytest.fixture(params=["fake", pytest.param("lab", marks=LAB)])
def place(request: pytest.FixtureRequest) -> Place:
    """The host at home and idle, its keeper ready."""
    made: Place = FakePlace() if request.param == "fake" else request.getfixturevalue("lab_place")
    calm(made)
    return made


@pytest.fixture
def new_lend(place: Place) -> Callable[..., Lend]:
    """Lends with names of their own."""
    return lambda **more: Lend(place, next(NUMBERS), **more)


def calm(place: Place) -> None:
    """Take the host home by an empty page that says flockoff, then let flocking on again."""

    def at_home() -> bool:
        ad = regular(place)
        return ad is not None and not ad.draining and not ad.claimed_slots and not place.guests_alive()

    place.pages.publish([], flockoff=True)
    if (ad := regular(place)) is not None and ad.draining:
        Lend(place, 0).order(StepKind.UNDRAIN)
    assert place.wait(at_home, 60)
    assert place.wait(lambda: keeper(place).phase is KeeperPhase.IDLE, 30)
    place.pages.publish([], flockoff=False)
