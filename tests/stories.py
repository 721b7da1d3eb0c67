"""What the sites of a failed test said last."""

from collections.abc import Iterable, Iterator

import pytest

from shepherd.errors import ShepherdError
from shepherd.lab import story
from shepherd.lab.site import Site


def stories(item: pytest.Item) -> list[str]:
    """The story of each site that the test's fixtures hold, itself or as their `site`."""
    held = getattr(item, "funcargs", {}).values()
    return [_story(site) for site in {id(one): one for one in _sites(held)}.values()]


def _sites(held: Iterable[object]) -> Iterator[Site]:
    for one in held:
        if isinstance(one, Site):
            yield one
        elif isinstance(found := getattr(one, "site", None), Site):
            yield found
        elif isinstance(one, tuple):
            yield from _sites(one)


def _story(site: Site) -> str:
    try:
        return story.of_site(site)
    except ShepherdError as exc:
        return exc.diagnosis()
