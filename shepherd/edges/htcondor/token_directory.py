"""HTCondor's tools take tokens by directory: one with a single token in it, for as long as a tool runs."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from shepherd.errors import CommandFailed


@contextlib.contextmanager
def token_directory(place: Path, token: str) -> Iterator[dict[str, str]]:
    """Make `place`, root's alone, with this token and nothing else; the environment by which tools look there.

    What was there before is removed, and so is all of it at the end. Raises CommandFailed.
    """
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
        with os.fdopen(os.open(place / "own", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token)
    except OSError as exc:
        raise CommandFailed(f"{place}: {exc.strerror}") from exc
    try:
        where = str(place)
        yield {"_CONDOR_SEC_TOKEN_SYSTEM_DIRECTORY": where, "_CONDOR_SEC_TOKEN_DIRECTORY": where}
    finally:
        shutil.rmtree(place, ignore_errors=True)
