"""The file that figures go to: refused before a run of minutes, not after it."""

import json
import os
import pathlib
from collections.abc import Mapping

from shepherd.errors import Unavailable, UsageError


def check_writable(path: pathlib.Path | None) -> None:
    """Raises UsageError if nothing could be written there; None is well."""
    if path is None:
        return
    if not path.parent.is_dir():
        raise UsageError(f"--json {path}: {path.parent} is no directory; make it, or name another file")
    if path.is_dir():
        raise UsageError(f"--json {path} is a directory; name a file in it")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"--json {path} cannot be written; name another file")


def write_figures(path: pathlib.Path, figures: Mapping[str, object]) -> None:
    """As JSON. Raises Unavailable; they were printed before, so nothing is lost."""
    try:
        path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    except OSError as exc:
        raise Unavailable(f"{path}: the figures cannot be written: {exc.strerror}; they are printed above") from exc
