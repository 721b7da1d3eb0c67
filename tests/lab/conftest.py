"""One real site for all tests of this folder that ask for it."""

from collections.abc import Iterator

import pytest

from shepherd.lab.site import Site, SiteSpec


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    """Three hosts, home pool, flock pool, campus, storage. Neither keepers nor the shepherd are started."""
    with Site(SiteSpec(hosts=3)) as built:
        yield built
