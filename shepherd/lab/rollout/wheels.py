"""What a site carries to its machines: our wheel, its next release, the wheels they need, and the Puppet module.

All of it lies on a disk of its own, which the machine has below /srv.
"""

import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shepherd.lab import cache
from shepherd.lab.command import must
from shepherd.lab.packages import NODE_PYTHON
from shepherd.lab.progress import Progress
from shepherd.lab.rollout.disk import DELIVERY_LABEL, make_disk

AT = "/srv"
WHEELS, MODULES = f"{AT}/wheels", f"{AT}/modules"
DELIVERY_MIB = 512
NEXT = ".post1"
MARK = "\n# Of the next release.\n"
MARKED = {
    "systemd/shepherd-keeper.service": "/etc/systemd/system/shepherd-keeper.service",
    "systemd/condor.service.d/50-shepherd.conf": "/etc/systemd/system/condor.service.d/50-shepherd.conf",
    "shepherd/programs/guard.py": "/usr/local/libexec/shepherd/startd-guard",
}
"""Files that the next release changes, and where each lies on a machine."""
PARTS = (
    "shepherd", "puppet", "systemd", "images", "hatch_build.py", "pyproject.toml", "README.md", "requirements.lock",
)  # fmt: skip
"""What the wheel is made from."""
KEPT_WHEELS = 4
_OWN = ("--no-deps", "--no-build-isolation")
_VERSION = re.compile(r'^(__version__ = "[^"]*)(")', re.MULTILINE)
_NOT_OURS = shutil.ignore_patterns("__pycache__", "*.pyc", "spec", "fixtures")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The disk, and where on the machine the wheel of this release lies, and that of the next."""

    disk: Path
    wheel: str
    next_wheel: str


def provide_delivery(source: Path, target: Path, progress: Progress) -> Delivery:
    """The disk `target`, from the checkout `source`."""
    tree = target.with_suffix(".tree")
    shutil.copytree(_provide_needed(source, progress), tree / "wheels")
    own = [_provide_own(source, suffix, progress) for suffix in ("", NEXT)]
    for wheel in own:
        shutil.copy(wheel, tree / "wheels")
    shutil.copytree(source / "puppet", tree / "modules/shepherd", ignore=_NOT_OURS)
    make_disk(tree, target, DELIVERY_LABEL, DELIVERY_MIB)
    shutil.rmtree(tree)
    this, following = (f"{WHEELS}/{wheel.name}" for wheel in own)
    return Delivery(disk=target, wheel=this, next_wheel=following)


def _provide_needed(source: Path, progress: Progress) -> Path:
    lock = source / "requirements.lock"

    def fetch(draft: Path) -> Mapping[str, str]:
        only = ("--no-deps", "--python-version", NODE_PYTHON, "--only-binary=:all:")
        with progress.step(f"wheels for the machine's Python {NODE_PYTHON}"):
            must((*_pip("download"), *only, "-d", str(draft / "wheels"), "-r", str(lock)), timeout_s=300)
        return {}

    return cache.provide("wheels", cache.digest(NODE_PYTHON, lock.read_bytes()), fetch) / "wheels"


def _provide_own(source: Path, suffix: str, progress: Progress) -> Path:
    """Our wheel; with a `suffix` to its version it is another release, of which MARKED are other files, too."""

    def build(draft: Path) -> Mapping[str, str]:
        copy = draft / "source"
        _copy_parts(source, copy)
        version = copy / "shepherd/__init__.py"
        version.write_text(_VERSION.sub(rf"\g<1>{suffix}\2", version.read_text(encoding="utf-8")), encoding="utf-8")
        for name in MARKED if suffix else ():
            with (copy / name).open("a", encoding="utf-8") as file:
                file.write(MARK)
        with progress.step("our wheel built" if not suffix else "the wheel of the next release built"):
            must((*_pip("wheel"), *_OWN, "-w", str(draft / "wheels"), str(copy)), timeout_s=300)
        shutil.rmtree(copy)
        return {}

    made = cache.provide("wheel", cache.digest(suffix, *_contents(source)), build) / "wheels"
    cache.prune("wheel", KEPT_WHEELS)
    return next(made.glob("*.whl"))


def _copy_parts(source: Path, copy: Path) -> None:
    for part in (source / name for name in PARTS):
        if part.is_dir():
            shutil.copytree(part, copy / part.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif part.exists():
            shutil.copy(part, copy / part.name)


def _contents(source: Path) -> list[str | bytes]:
    files = [path for name in PARTS for path in (source / name, *(source / name).rglob("*")) if path.is_file()]
    ours = sorted(path for path in files if path.suffix != ".pyc")
    return [part for path in ours for part in (str(path.relative_to(source)), path.read_bytes())]


def _pip(verb: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pip", verb, "--quiet", "--disable-pip-version-check")
