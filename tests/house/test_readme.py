"""What the README points at exists."""

import re

import pytest

from tests.house import sources

README = (sources.ROOT / "README.md").read_text(encoding="utf-8")
LINKS = sorted(set(re.findall(r"\]\(([^)#:]+)\)", README)))
VERBS = sorted(set(re.findall(r"\./run ([a-z]+)", README)))


@pytest.mark.parametrize("link", LINKS)
def test_a_link_leads_somewhere(link: str) -> None:
    """The first thing a newcomer clicked was gone."""
    assert (sources.ROOT / link).exists()


@pytest.mark.parametrize("verb", VERBS)
def test_a_command_of_the_readme_is_one_of_run(verb: str) -> None:
    """The README's command had been renamed a year before."""
    assert f"./run {verb}" in (sources.ROOT / "run").read_text(encoding="utf-8")
