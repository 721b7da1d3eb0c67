"""Ruff and mypy, as pyproject.toml sets them, find nothing."""

import subprocess
import sys

import pytest

from tests.house import sources

PYTHON_FOLDERS = ("shepherd", "tests", "images", "puppet", "hatch_build.py")


def complaints(*command: str) -> str:
    """What a checker prints when it is not content; empty when it is."""
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=sources.ROOT, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


def test_ruff_is_content() -> None:
    """A name that nothing defines was found by a user, at night, on the error path."""
    found = complaints("ruff", "check", "--output-format=concise", ".")
    assert not found, found


@pytest.mark.limit(290)
def test_mypy_is_content() -> None:
    """Seconds were once given where minutes were meant; a type would have said so."""
    folders = sorted({sources.name(path).split("/")[0] for path in sources.python_files()})
    found = complaints("mypy", *(f for f in folders if f in PYTHON_FOLDERS))
    assert not found, found
