"""The Python packages of the nodes: installed once for the nodes' Python, shown to every node read-only."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from shepherd.errors import BadInput
from shepherd.lab import cache
from shepherd.lab.command import must
from shepherd.lab.progress import Progress

NODE_PYTHON = "3.14"


def provide_packages(source: Path, progress: Progress) -> Path:
    """A directory for PYTHONPATH: SHEPHERD_LAB_SITE_PACKAGES if set, else made from requirements.lock and cached."""
    given = os.environ.get("SHEPHERD_LAB_SITE_PACKAGES", "")
    if given:
        if not Path(given).is_dir():
            raise BadInput(f"SHEPHERD_LAB_SITE_PACKAGES: {given} is no directory; unset it or run ./run once")
        return Path(given)
    lock = source / "requirements.lock"

    def install(draft: Path) -> Mapping[str, str]:
        with progress.step(f"packages for the nodes' Python {NODE_PYTHON}"):
            must(_pip(lock, draft / "site"), timeout_s=300)
        return {}

    return cache.provide("site", cache.digest(NODE_PYTHON, lock.read_bytes()), install) / "site"


def _pip(lock: Path, target: Path) -> list[str]:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    return [*pip, "--target", str(target), "--python-version", NODE_PYTHON, "--only-binary=:all:", "-r", str(lock)]
