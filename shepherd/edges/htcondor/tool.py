"""Running one of HTCondor's tools: a deadline, and everything it started dies with it."""

import dataclasses
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

NEEDED = ("condor_drain", "condor_restart", "condor_off", "condor_vacate", "condor_fetchlog")
"""What `CondorCommands` and `FetchedSpools` run."""
TEXT_MAX = 2000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Said:
    """How a tool ended."""

    code: int | None
    """Exit code; negative: killed by that signal; None: it never started, or did not end in time."""
    text: str
    """What it said, both channels, on one line, at most TEXT_MAX characters."""
    by_hand: str
    """The same command for a shell."""


def missing_tools(directory: str) -> list[tuple[str, str, str]]:
    """Tools that orders need and that are not there, as one problem of the settings (key, problem, remedy), or none.

    `directory` empty: looked for by PATH, as `Tools` does.
    """
    missing = [name for name in NEEDED if shutil.which(name, path=directory or None) is None]
    if not missing:
        return []
    where = directory or f"any directory of PATH ({os.environ.get('PATH', os.defpath)})"
    remedy = "name the directory of HTCondor's tools, or install HTCondor here; without them no host can be lent"
    return [("paths.tools", f"{', '.join(missing)} cannot be executed in {where}", remedy)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Got:
    """What a tool wrote."""

    code: int | None
    """As in `Said`."""
    data: bytes
    """Its standard output."""
    text: str
    """Its complaint, as in `Said`."""
    by_hand: str


def missing_config(path: str) -> list[tuple[str, str, str]]:
    """A configuration file that is named and not to be had, as one problem of the settings, or none."""
    if not path or os.access(path, os.R_OK):
        return []
    remedy = "write it (docs/install.md says what goes into it), or leave it empty for HTCondor's own default"
    return [("paths.condor_config", f"{path} is not there, or cannot be read", remedy)]


class Tools:
    """HTCondor's command line tools."""

    def __init__(self, *, directory: str = "", condor_config: str = "") -> None:
        """`directory` empty: by PATH. `condor_config` empty: HTCondor's own default."""
        self._directory, self._config = directory, condor_config

    def run(
        self, argv: Sequence[str], *, within_s: float, environment: Mapping[str, str] | None = None
    ) -> Said:
        """Raises nothing: whatever happens is told by `Said`. `environment` holds no secret, and adds to ours."""
        full = [str(Path(self._directory, argv[0])) if self._directory else argv[0], *argv[1:]]
        by_hand = self._by_hand(full)
        try:
            process = subprocess.Popen(
                full,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._environment(), **(environment or {})},
                cwd="/",
                start_new_session=True,
            )
        except OSError as exc:
            text = f"{full[0]} cannot be started: {exc.strerror}; paths.tools must name the directory it is in"
            return Said(code=None, text=text, by_hand=by_hand)
        with process:
            return _ended(process, within_s, by_hand)

    def output(self, argv: Sequence[str], *, within_s: float, most_bytes: int) -> Got:
        """The bytes that a tool writes; it is killed at its deadline, and when they are too many. Raises nothing."""
        full = [str(Path(self._directory, argv[0])) if self._directory else argv[0], *argv[1:]]
        by_hand, environment = self._by_hand(full), {**os.environ, **self._environment()}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                process = subprocess.Popen(
                    ["prlimit", f"--fsize={most_bytes}", "--", *full], stdin=subprocess.DEVNULL, stdout=out,
                    stderr=err, env=environment, cwd="/", start_new_session=True,
                )  # fmt: skip
            except OSError as exc:
                return Got(code=None, data=b"", text=f"prlimit cannot be started: {exc.strerror}", by_hand=by_hand)
            with process:
                text = _waited(process, within_s)
            out.seek(0)
            err.seek(0)
            code = None if text else process.returncode
            return Got(code=code, data=out.read(most_bytes), text=text or _line(err.read(TEXT_MAX)), by_hand=by_hand)

    def _environment(self) -> dict[str, str]:
        return {"CONDOR_CONFIG": self._config} if self._config else {}

    def _by_hand(self, argv: Sequence[str]) -> str:
        settings = [f"{name}={shlex.quote(value)}" for name, value in self._environment().items()]
        return " ".join([*settings, shlex.join(argv)])


def _ended(process: subprocess.Popen[bytes], within_s: float, by_hand: str) -> Said:
    try:
        out, _ = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        _kill(process.pid)
        out, _ = process.communicate()
        text = f"no end within {within_s:.1f} s, killed; {_line(out)}".rstrip("; ")
        return Said(code=None, text=text, by_hand=by_hand)
    return Said(code=process.returncode, text=_line(out), by_hand=by_hand)


def _waited(process: subprocess.Popen[bytes], within_s: float) -> str:
    """Why it had to be killed; empty if it ended."""
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        _kill(process.pid)
        process.wait()
        return f"no end within {within_s:.1f} s, killed"
    return ""


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _line(out: bytes) -> str:
    return " ".join(out.decode(errors="replace").split())[:TEXT_MAX]
