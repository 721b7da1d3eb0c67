"""What tests/conftest.py promises, shown on a small suite of its own in another process."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from tests.house import sources

SUITE = """
import pytest, time
from shepherd.lab.site import Site

@pytest.mark.large("matrix", sample=3)
@pytest.mark.parametrize("cell", range(20))
def test_cell(cell):
    assert cell >= 0

@pytest.mark.real
def test_real():
    assert True

class Told(Site):
    def __init__(self): pass

@pytest.fixture
def place():
    return type("Place", (), {"site": Told()})()

def test_of_a_site(place, monkeypatch):
    from shepherd.lab import story
    monkeypatch.setattr(story, "of_site", lambda site: "the shepherd said so")
    assert False

@pytest.mark.limit(0.2)
def test_hung():
    time.sleep(30)
"""


@pytest.fixture
def suite(tmp_path: pathlib.Path) -> pathlib.Path:
    shutil.copy(sources.ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_suite.py").write_text(SUITE)
    return tmp_path


def outcome(suite: pathlib.Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit status and output of one run of the small suite."""
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-o", f"cache_dir={suite}/cache", "--rootdir", str(suite), *arguments],
        cwd=suite, env={**os.environ, "CI": "", "PYTHONPATH": str(sources.ROOT), **environment},
        capture_output=True, text=True, check=False, timeout=50,
    )  # fmt: skip
    return ended.returncode, ended.stdout


def cells(output: str) -> str:
    found = re.search(r"matrix: 3 of 20 cells: (.*)", output)
    assert found, output
    return found.group(1)


def test_a_matrix_is_sampled_by_a_seed_that_repeats_it(suite: pathlib.Path) -> None:
    """A cell failed in CI once; nobody could tell which others ran with it, or run them again."""
    first = outcome(suite, "-k", "cell", SHEPHERD_SAMPLE_SEED="1")
    again = outcome(suite, "-k", "cell", SHEPHERD_SAMPLE_SEED="1")
    other = outcome(suite, "-k", "cell", SHEPHERD_SAMPLE_SEED="2")
    assert [status for status, _ in (first, again, other)] == [0, 0, 0]
    assert cells(first[1]) == cells(again[1]) != cells(other[1])
    assert "3 passed" in first[1]


def test_full_runs_every_cell(suite: pathlib.Path) -> None:
    """Before a release, a sample is not enough."""
    status, output = outcome(suite, "-k", "cell", "--full")
    assert (status, "20 passed" in output) == (0, True)


def test_a_hung_test_fails_and_the_suite_goes_on(suite: pathlib.Path) -> None:
    """One daemon that never answered kept CI until its host was switched off."""
    status, output = outcome(suite)
    assert status == 1
    assert "the test was not over after 0.2 s" in output
    assert "2 failed, 4 passed" in output.splitlines()[-1]


def test_a_failure_on_a_site_shows_what_its_programs_said(suite: pathlib.Path) -> None:
    """A host was not lent within a minute, once and elsewhere, and nothing told why."""
    status, output = outcome(suite, "-k", "of_a_site")
    assert (status, "the shepherd said so" in output) == (1, True)


def test_the_runs_on_real_components_are_counted_before_the_last_line(suite: pathlib.Path) -> None:
    """Green said nothing of how little of it had touched HTCondor."""
    status, output = outcome(suite, "-k", "real", CI="true")
    assert status == 0
    assert "on real components: 1 of 1 tests passed" in output
    assert "1 passed" in output.splitlines()[-1]


def test_a_ci_run_without_anything_real_fails(suite: pathlib.Path) -> None:
    """A lab that was quietly left out made CI green."""
    status, output = outcome(suite, "-k", "cell", CI="true")
    assert (status, "on real components: 0 of 0 tests passed" in output) == (1, True)


def test_what_a_folder_shares_ends_with_the_folder() -> None:
    """Without its `__init__.py` a folder's site lived until the end: seven sites kept two processors busy."""
    shared = [path for path in sources.ROOT.glob("tests/**/conftest.py") if 'scope="package"' in path.read_text()]
    assert [path for path in shared if not (path.parent / "__init__.py").exists()] == []
    assert shared
    assert [path for path in sources.ROOT.glob("tests/**/*.py") if 'scope="ses' + 'sion"' in path.read_text()] == []
