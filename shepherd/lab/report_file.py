"""The file that measured figures go to: refused before a run of minutes, not after it."""

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path

from shepherd.errors import Unavailable


def report_file(text: str) -> Path:
    """The argument of `--json`. Raises argparse.ArgumentTypeError if nothing could be written there."""
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text}: {path.parent} is no directory; make it, or name another file")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a directory; name a file in it")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text} cannot be written; name another file")
    return path


def write_report(path: Path, figures: Mapping[str, object]) -> None:
    """The figures for machines. Raises Unavailable; they were printed before, so nothing is lost."""
    try:
        path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    except OSError as exc:
        raise Unavailable(f"{path}: the figures cannot be written: {exc.strerror}; they are printed above") from exc
