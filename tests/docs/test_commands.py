"""Every command that a page names is one, with every option that it is given."""

import argparse
import contextlib
import importlib
import io
import re
import subprocess

import pytest

from shepherd.cli.main import VERBS, assembled, verb_of
from shepherd.lab.__main__ import parser as lab_parser
from tests.docs import pages
from tests.docs.pages import Command
from tests.house import sources

ALL = sorted({command for page in pages.PAGES for command in pages.commands(page)})
IN_THE_LAB = frozenset({"demo", "audit", "drill", "rollout", "bench", "lab"})
"""Verbs of `./run` whose words are `shepherd.lab`'s."""
HELP = (sources.ROOT / "run").read_text(encoding="utf-8").partition("<<'HELP'")[2].partition("\nHELP\n")[0]
PLACEHOLDER = re.compile(r"[A-Z]+|…")
SHEPHERD = assembled(importlib.import_module(f"shepherd.cli.{verb}") for verb in VERBS)
LAB = lab_parser()


def wrong_with(command: Command) -> str:
    """What no parser would take; empty if it is taken."""
    program, *words = command.words
    if program == "./run" and words and words[0] not in {*IN_THE_LAB, "simulate", "shepherd"}:
        return wrong_with_run(words)
    if program == "./run" and words[:1] != ["simulate"]:
        words = words[1:] if words[:1] in (["lab"], ["shepherd"]) else words
        return told(LAB if command.words[1] in IN_THE_LAB else SHEPHERD, words, whole=command.whole)
    verb = verb_of(words)
    return told(SHEPHERD, spelled_out(verb, words) if verb in VERBS else words, whole=command.whole)


def spelled_out(verb: str, words: list[str]) -> list[str]:
    """A short form that the verb itself knows, written out before it is parsed, as `main` does it."""
    spell = getattr(importlib.import_module(f"shepherd.cli.{verb}"), "spelled_out", list)
    at = words.index(verb) + 1
    return [*words[:at], *spell(words[at:])]


def wrong_with_run(words: list[str]) -> str:
    """The script's own verbs, as its help has them."""
    told = " ".join(line for line in HELP.splitlines() if f"./run {words[0]} " in line)
    options = {word for word in words[1:] if word.startswith("-")}
    takes = options if "[pytest args]" in told else set(re.findall(r"[\w-]+", told))
    is_one = words == ["help"] or (told and options <= takes)
    return "" if is_one else f"./run help knows no {words}"


def told(parser: argparse.ArgumentParser, words: list[str], *, whole: bool) -> str:
    """The parser's own complaint about a whole command; else the first word that it does not know."""
    if not whole:
        return unknown(parser, words)
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint), contextlib.redirect_stdout(io.StringIO()):
            parser.parse_args(words)
    except SystemExit as ended:
        return complaint.getvalue().splitlines()[-1] if ended.code else ""
    return ""


def unknown(parser: argparse.ArgumentParser, words: list[str]) -> str:
    """The first option, or verb, that is not there. What stands for something else (`HOST`, `…`) may be anything."""
    verbs = next((action.choices for action in parser._actions if isinstance(action.choices, dict)), None)
    for at, word in enumerate(words):
        if word.startswith("-") and word != "--":
            if word.partition("=")[0] not in parser._option_string_actions:
                return word
        elif verbs is not None and not PLACEHOLDER.fullmatch(word):
            return unknown(verbs[word], words[at + 1 :]) if word in verbs else word
    return ""


@pytest.mark.parametrize("command", ALL, ids=str)
def test_a_command_of_the_pages_is_understood(command: Command) -> None:
    """The option had been renamed a year before, and the page was opened in an emergency."""
    assert wrong_with(command) == ""


def test_every_verb_is_in_some_page() -> None:
    """A verb that no page names is one that nobody finds."""
    named = {verb_of(list(command.words[1:])) for command in ALL if command.words[0] == "shepherd"}
    assert set(VERBS) - named == set()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("shepherd ban user a@b 'why' --fore 2d", "shepherd: error: unrecognized arguments: --fore 2d"),
        ("shepherd bann user", "bann"),
        ("./run demo --hosts 0", "--hosts"),
        ("./run tset", "tset"),
        ("./run clean --cach", "--cach"),
    ],
)
def test_what_is_no_command_is_seen(line: str, complaint: str) -> None:
    """The rule itself must bite."""
    [words] = pages.calls(line)
    assert complaint in wrong_with(Command("x", 1, words, whole=True))
    [part] = pages.calls("shepherd guest show --alll campus")
    assert wrong_with(Command("x", 1, part, whole=False)) == "--alll"


@pytest.mark.parametrize("page", pages.PAGES, ids=sources.name)
def test_blocks_of_shell_are_shell(page) -> None:
    """A quote was missing in what everybody copied."""
    for number, text in pages.blocks(page, "sh"):
        done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False, timeout=10)
        assert done.returncode == 0, f"{page}:{number}: {done.stderr}"
