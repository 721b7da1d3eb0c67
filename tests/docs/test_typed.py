"""Every command that a page shows is typed, and does what it is shown for."""

import os
import pathlib
import shlex

import pytest

from shepherd.cli.main import main
from shepherd.model.entry import Entry
from tests.cli.sites import Site
from tests.docs import pages
from tests.docs.pages import Command
from tests.docs.typed import PACKAGES, TypingSite, two_days
from tests.house import sources

SMALL = {"simulate": ("--hosts", "8", "--days", "0.05", "--processes", "1", "--policy", "demand")}
"""What makes minutes seconds."""
NOT_TYPED = {
    "./run": "tests/docs/test_commands.py, its words: it builds sites, or runs these tests",
    "shepherd image push": "tests/lab/test_site_registry.py",
    "shepherd drill run": "tests/cli/test_drill.py",
    "shepherd check": "tests/cli/test_check.py, and on a site that lends tests/lab/test_site_check.py",
}
"""Where that is tried which needs more than a site's files."""


def beginning(command: Command) -> str:
    return next((one for one in NOT_TYPED if f"{' '.join(command.words)} ".startswith(f"{one} ")), "")


def is_typed(command: Command) -> bool:
    return not beginning(command) or "--effective" in command.words or command.words[:2] == ("./run", "simulate")


SHOWN = sorted({command for page in pages.PAGES for command in pages.commands(page) if command.whole})
TYPED = list({command.words: command for command in SHOWN if is_typed(command)}.values())


@pytest.fixture(name="days", scope="module")
def the_records_of_two_days() -> list[list[Entry]]:
    with pytest.MonkeyPatch.context() as patch:
        return list(two_days(patch))


@pytest.fixture(name="site")
def a_site(tmp_path: pathlib.Path, days: list[list[Entry]], monkeypatch: pytest.MonkeyPatch) -> TypingSite:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.chdir(tmp_path)
    return TypingSite(tmp_path, days, monkeypatch)


def type_in(site: TypingSite, command: Command) -> int:
    """The exit code; paths of the pages are those of the site."""
    words = list(command.words[1:])
    verb = next(word for word in words if not word.startswith("--"))
    words = [site.paths.get(word, word) for word in words]
    return main(["--settings", str(site.settings_of(verb, words)), *words, *SMALL.get(verb, ())])


@pytest.mark.parametrize("command", TYPED, ids=lambda command: shlex.join(command.words))
def test_a_command_of_the_pages_does_what_it_is_shown_for(site: TypingSite, command: Command, capsys) -> None:
    """It was typed from the page, and the page was of another year."""
    code = type_in(site, command)
    told = capsys.readouterr()
    assert code == 0, f"{command}: {told.out}{told.err}"
    assert "defect" not in told.err


def test_what_is_not_typed_is_tried_elsewhere() -> None:
    """An exception outlived what it was for."""
    left_out = {beginning(command) for command in SHOWN if not is_typed(command)}
    assert left_out == set(NOT_TYPED)
    named = [place.partition(",")[0] for place in NOT_TYPED.values() if place.startswith("tests/")]
    assert [place for place in named if not (sources.ROOT / place).is_file()] == []
    assert len(TYPED) > 30


def test_the_image_is_made_of_what_the_recipe_names() -> None:
    """The page had one package less than the recipe, and the image could not be built."""
    [line] = [line.text for line in pages.code(pages.DOCS / "install.md") if "--no-install-recommends" in line.text]
    recipe = (sources.ROOT / "images/flock/recipe.toml").read_text(encoding="utf-8")
    assert tuple(line.split("--no-install-recommends ")[1].split()) == PACKAGES
    assert f"packages = [{', '.join(map(repr, PACKAGES))}]".replace("'", '"') in recipe


def test_a_check_that_is_shown_says_what_is_missing(site: TypingSite) -> None:
    """Its page is opened on a machine on which nothing is right yet."""
    done = Site.run(site, "check")
    assert done.returncode == 1
    assert "To mend: " in done.stdout
