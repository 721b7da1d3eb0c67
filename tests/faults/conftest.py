"""One site for all fault scenarios; each begins calm and ends with the invariants checked."""

from collections.abc import Iterator

import pytest

from shepherd.lab.site import Site
from shepherd.lab.watch import Watch
from tests.faults.scene import Scene, spec


@pytest.fixture(scope="package")
def fault_site() -> Iterator[tuple[Site, Watch]]:
    """Two hosts, keepers and shepherd running, watched from outside."""
    with Site(spec()) as site, Watch(site) as watch:
        yield site, watch


@pytest.fixture
def scene(fault_site: tuple[Site, Watch]) -> Iterator[Scene]:
    """Calm before, checked after."""
    site, watch = fault_site
    made = Scene(site=site, watch=watch)
    made.calm()
    yield made
    made.check()
