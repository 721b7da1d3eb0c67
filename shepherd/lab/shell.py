"""Commands and files of a machine, whatever way a command gets there."""

import json
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from shepherd.errors import CommandFailed

_WRITER = """
import json, os, shutil, sys
for one in json.load(sys.stdin):
    os.makedirs(os.path.dirname(one["path"]), exist_ok=True)
    aside = one["path"] + ".lab-new"
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, one["mode"]), "w") as out:
        out.write(one["text"])
    os.chmod(aside, one["mode"])
    shutil.chown(aside, one["owner"], one["owner"])
    os.replace(aside, one["path"])
"""


@dataclass(frozen=True, kw_only=True)
class File:
    """A file to put into a node; `owner` is a user who has a group of the same name."""

    path: str
    text: str
    mode: int = 0o644
    owner: str = "root"


class Shell:
    """What is built on `run` alone."""

    @property
    def name(self) -> str:
        """The machine's host name."""
        raise NotImplementedError

    def run(
        self,
        argv: Sequence[str],
        *,
        user: str | None = None,
        timeout_s: float = 30.0,
        env: Mapping[str, str] | None = None,
        given: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end. Raises Unavailable past the deadline; its exit code is the caller's to judge."""
        raise NotImplementedError

    def must(self, argv: Sequence[str], *, user: str | None = None, timeout_s: float = 30.0,
             env: Mapping[str, str] | None = None, given: str | None = None) -> str:  # fmt: skip
        """Run a command and return its output. Raises CommandFailed unless it exits with 0."""
        done = self.run(argv, user=user, timeout_s=timeout_s, env=env, given=given)
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip())[-600:]
            raise CommandFailed(f"on {self.name}: {shlex.join(argv)} exited with {done.returncode}: {said}")
        return done.stdout

    def put(self, files: Sequence[File]) -> None:
        """Write files, each in one atomic step; missing directories are made."""
        listed = json.dumps([asdict(one) for one in files])
        self.must(("/usr/bin/python3", "-IS", "-c", _WRITER), given=listed)

    def write(self, path: str, text: str, mode: int = 0o644, owner: str = "root") -> None:
        """Write one file."""
        self.put([File(path=path, text=text, mode=mode, owner=owner)])

    def read(self, path: str) -> str:
        """A file's text. Raises CommandFailed if it cannot be read."""
        return self.must(("cat", path))
