"""A tool of the system, run once: with a deadline, and with its complaints translated."""

import subprocess
from collections.abc import Sequence

from shepherd.errors import CommandFailed, Unavailable

WORDS = 600
"""Characters of a complaint that are passed on."""


def run_tool(argv: Sequence[str], timeout_s: float, *, what: str, package: str, given: str = "") -> str:
    """What a tool says on its standard output. `what`: what is being done, the subject of an error's sentence;
    `package`: where the tool comes from.

    Raises CommandFailed with its own complaint, Unavailable if it has not ended by then (it is killed).
    """
    try:
        done = subprocess.run(
            argv, input=given, capture_output=True, text=True, check=False, timeout=timeout_s, cwd="/"
        )
    except subprocess.TimeoutExpired as exc:
        raise Unavailable(f"{what} was not over after {timeout_s:g} s") from exc
    except OSError as exc:
        raise CommandFailed(f"{what} needs {argv[0]} (package {package}): {exc.strerror}") from exc
    if done.returncode:
        raise CommandFailed(f"{what} failed: {done.stderr.strip()[-WORDS:]}")
    return done.stdout
