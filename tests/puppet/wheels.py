"""The program's wheel, of this checkout and as another version of itself."""

import shutil
import subprocess
import sys
from pathlib import Path

from shepherd import __version__
from tests.house import sources

PARTS = (
    "shepherd", "puppet", "systemd", "images", "icinga", "hatch_build.py", "pyproject.toml", "README.md",
    "requirements.lock",
)  # fmt: skip
"""What the wheel is made from, as far as it is there."""
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def built(out: Path, version: str = "") -> Path:
    """A wheel in `out`; `version`: not the checkout's own."""
    source = out / f"source-{version}"
    for path in (sources.ROOT / part for part in PARTS):
        if path.is_dir():
            shutil.copytree(path, source / path.name, ignore=shutil.ignore_patterns("__pycache__", "fixtures"))
        elif path.exists():
            shutil.copy(path, source / path.name)
    if version:
        init = source / "shepherd/__init__.py"
        init.write_text(init.read_text().replace(__version__, version))
    argv = (*PIP, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out / f"wheel-{version}"), str(source))
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    [made] = (out / f"wheel-{version}").glob("*.whl")
    shutil.rmtree(source)
    return made
