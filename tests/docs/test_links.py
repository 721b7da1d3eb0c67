"""Every link of every page leads somewhere, and every page can be found."""

import pathlib

import pytest

from tests.docs import pages
from tests.house import sources


def broken(page: pathlib.Path, link: str) -> bool:
    """Whether nothing is there. Anchors of pages are looked for; `:` before the place is a scheme's."""
    path, _, end = link.partition("#")
    place = (page.parent / path).resolve() if path else page
    if not place.exists():
        return True
    return bool(end) and (place.suffix != ".md" or end not in pages.anchors(place))


@pytest.mark.parametrize("page", pages.PAGES, ids=sources.name)
def test_every_link_leads_somewhere(page: pathlib.Path) -> None:
    """The first thing that a newcomer clicked was gone."""
    assert [link for link in pages.links(page) if broken(page, link)] == []


def test_every_page_is_in_the_index() -> None:
    """The page that answered it had been there for a year, and nobody knew its name."""
    index = pages.DOCS / "README.md"
    listed = {link.partition("#")[0] for link in pages.links(index)}
    assert [page.name for page in sorted(pages.DOCS.glob("*.md")) if page != index and page.name not in listed] == []


def test_a_broken_link_is_seen(tmp_path: pathlib.Path) -> None:
    """The rule itself must bite."""
    page = tmp_path / "a.md"
    page.write_text("# One thing\n```sh\n# no heading\n```\n## `And` another, too\n")
    good, bad = ["#one-thing", "a.md#and-another-too", "a.md"], ["#no-heading", "b.md", "a.md#two"]
    assert [link for link in [*good, *bad] if broken(page, link)] == bad
