"""The shell scripts are POSIX, and shellcheck finds nothing in them."""

import pathlib
import shutil
import subprocess

import pytest

from tests.house import sources

SHEBANGS = (b"#!/bin/sh", b"#!/usr/bin/env sh", b"#!/bin/bash")


def is_script(path: pathlib.Path) -> bool:
    return path.read_bytes()[:20].startswith(SHEBANGS)


SCRIPTS = sorted(sources.name(path) for path in sources.files() if is_script(path))


def complaints(*command: str) -> str:
    ended = subprocess.run(
        command, cwd=sources.ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    return "" if ended.returncode == 0 else f"{ended.stdout}{ended.stderr} (exit {ended.returncode})"


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_parses(script: str) -> None:
    """Debian's sh is dash: what bash forgives stops the first command of a newcomer."""
    assert complaints("sh", "-n", script) == ""


@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck_is_content(script: str) -> None:
    """An unquoted empty variable made `rm -rf "$x"/` mean the machine's root."""
    assert shutil.which("shellcheck"), "shellcheck is missing: apt-get install shellcheck"
    found = complaints("shellcheck", script)
    assert not found, found


@pytest.mark.parametrize("script", ["run", ".ci/run"])
def test_the_entrances_can_be_executed(script: str) -> None:
    """A checkout whose `run` lost its x bit answers `permission denied`."""
    assert (sources.ROOT / script).stat().st_mode & 0o111 == 0o111


def test_help_names_every_verb() -> None:
    """Nobody finds a verb that help does not name."""
    shown = subprocess.run(
        ["./run", "help"], cwd=sources.ROOT, capture_output=True, text=True, check=True, timeout=10
    ).stdout
    verbs = ("demo", "tests", "bench", "lab", "clean", "lint", "quick", "shepherd", "wheel")
    assert [verb for verb in verbs if f"./run {verb}" not in shown] == []


def test_an_unknown_verb_is_refused_with_the_list_of_verbs() -> None:
    """A mistyped verb must not fall through to the one that builds a site."""
    ended = subprocess.run(
        ["./run", "dmeo"], cwd=sources.ROOT, capture_output=True, text=True, check=False, timeout=10
    )
    assert ended.returncode == 2
    assert "unknown verb 'dmeo'" in ended.stderr
    assert "./run demo" in ended.stderr
