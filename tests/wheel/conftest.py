"""The wheel, built once, and installed once into an environment of its own."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.house import sources

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def build(out: Path) -> Path:
    """The wheel of this checkout, in `out`."""
    argv = (*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", out, sources.ROOT)
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    [made] = out.glob("*.whl")
    return made


@pytest.fixture(scope="package")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="package")
def prefix(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment as on a real machine: the wheel, what it needs in the locked versions, nothing else."""
    home = tmp_path_factory.mktemp("opt") / "shepherd"
    venv.create(home, with_pip=False, symlinks=True)
    install = (*PIP, "--python", str(home / "bin/python"), "install", "--quiet", "--no-deps")
    lock = ("-r", str(sources.ROOT / "requirements.lock"))
    done = subprocess.run((*install, *lock, str(wheel)), capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    return home
