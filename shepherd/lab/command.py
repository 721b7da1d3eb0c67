"""Running commands of the machine: a deadline on each, failures told with what was run."""

import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from shepherd.errors import CommandFailed, Unavailable

CUT_OFF = ("setpriv", "--pdeathsig", "KILL", "--")
"""What starts so dies with whoever started it."""


def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    env: Mapping[str, str] | None = None,
    given: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `argv`; whatever it starts in its session dies with the deadline.

    Raises Unavailable if the deadline passes or the program is missing. The exit code is the caller's to judge.
    """
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=dict(env) if env is not None else None,
            start_new_session=True,
        )
    except OSError as exc:
        raise Unavailable(f"{argv[0]} cannot be started: {exc}") from exc
    return _collect(process, argv, timeout_s=timeout_s, given=given)


def _collect(
    process: subprocess.Popen[str], argv: Sequence[str], *, timeout_s: float, given: str | None
) -> subprocess.CompletedProcess[str]:
    try:
        out, err = process.communicate(given, timeout=timeout_s)
    except subprocess.TimeoutExpired as exc:
        stood = "; ".join(_where_it_stands(process.pid))
        _give_up(process)
        raise Unavailable(f"no answer within {timeout_s:g} s from: {shlex.join(argv)} ({stood})") from exc
    except BaseException:
        _give_up(process)
        raise
    return subprocess.CompletedProcess(list(argv), process.returncode, out, err)


def _give_up(process: subprocess.Popen[str]) -> None:
    kill_session(process)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _where_it_stands(session: int) -> Iterator[str]:
    """What each process of a session waits for, in the kernel's words."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().rpartition(") ")
            state, _, _, its_session, *_ = rest.split()
            if int(its_session) == session:
                stack = (stat.parent / "stack").read_text().split("\n")
                yield f"{name}) in state {state}: {' '.join(line.partition('] ')[2] for line in stack[:6])}"


def kill_session(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Kill a process started with `start_new_session` and everything in its process group. Idempotent."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def must(
    argv: Sequence[str],
    *,
    timeout_s: float = 30.0,
    env: Mapping[str, str] | None = None,
    given: str | None = None,
) -> str:
    """Run `argv` and return its output. Raises CommandFailed when it exits with anything but 0."""
    done = run(argv, timeout_s=timeout_s, env=env, given=given)
    if done.returncode != 0:
        raise CommandFailed(failure(done), by_hand=shlex.join(argv))
    return done.stdout


def failure(done: subprocess.CompletedProcess[str]) -> str:
    """One line about a command that failed: its code and the end of what it said."""
    said = (done.stderr.strip() or done.stdout.strip())[-600:]
    return f"{done.args[0]} exited with {done.returncode}: {said or 'it said nothing'}"
