"""The directory that a report is written to: whole files or none."""

import contextlib
import os
import pathlib
from collections.abc import Iterator, Mapping

from shepherd.errors import Unavailable, UsageError


def check_directory(directory: pathlib.Path | None) -> None:
    """Make it, if it is not there. Raises UsageError before minutes are spent on what could not be written."""
    if directory is None:
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise UsageError(f"--output {directory}: {exc.strerror}; name a directory that you may write to") from exc
    if not os.access(directory, os.W_OK | os.X_OK):
        raise UsageError(f"--output {directory}: may not be written to by this user; name another directory")


def write_files(directory: pathlib.Path, texts: Mapping[str, str]) -> Iterator[pathlib.Path]:
    """Each file replaces the one of that name as a whole. Raises Unavailable."""
    for name, text in texts.items():
        path = directory / name
        try:
            _replace(path, text)
        except OSError as exc:
            raise Unavailable(f"{path} cannot be written: {exc.strerror}; what was there stays") from exc
        yield path


def _replace(path: pathlib.Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        draft.replace(path)
    except FileExistsError:
        raise
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
