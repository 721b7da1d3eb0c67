"""The RunDir port: the host's run directory on tmpfs, root's alone but for what a container's PID 1 must read."""

import fcntl
import json
import os
import secrets
import stat
from pathlib import Path

from shepherd.errors import CommandFailed
from shepherd.model.host import Nonce
from shepherd.ports_node import NodeFile

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SHARE = "share"
PRIVATE, SHARED, PUBLIC = 0o600, 0o640, 0o644
"""Modes of files: root's; in the shared directory, whose group is the container's root; and without any secret."""


class HostRunDir:
    """`ports_node.RunDir` at `path`."""

    def __init__(self, path: Path, boot_id: Path = BOOT_ID) -> None:
        self._path, self._boot_id = path, boot_id

    def prepare(self) -> None:
        """Make the directories and the lock file, if they are not there. Idempotent; the lock is never replaced.

        Raises CommandFailed, also if somebody else than root could write there.
        """
        try:
            for directory in (self._path, self._path / SHARE):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                _refuse_loose(directory, directory.stat())
            os.close(os.open(self.lock, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        except OSError as exc:
            raise CommandFailed(f"{self._path}: {exc.strerror}") from exc

    def claim(self) -> int:
        """Be the only keeper of this host until the returned descriptor is closed. Raises CommandFailed."""
        descriptor = os.open(self._path / "keeper.lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            os.close(descriptor)
            raise CommandFailed(f"another keeper works in {self._path}") from exc
        return descriptor

    @property
    def lock(self) -> Path:
        """The host lock."""
        return self._path / SHARE / "host.lock"

    def nonce(self) -> Nonce:
        """See the port."""
        text = self._read("nonce")
        try:
            members = json.loads(text or "{}")
            if members.get("boot_id") == self._boot() and isinstance(members.get("nonce"), str):
                return Nonce(members["nonce"])
        except (ValueError, AttributeError):
            pass
        return self.renew_nonce()

    def renew_nonce(self) -> Nonce:
        """See the port."""
        nonce = Nonce(secrets.token_hex(16))
        (self._path / NodeFile.SEEN.value).unlink(missing_ok=True)
        self._write("nonce", json.dumps({"boot_id": self._boot(), "nonce": nonce}))
        return nonce

    def read(self, file: NodeFile) -> str | None:
        """See the port."""
        return self._read(file.value)

    def write(self, file: NodeFile, text: str) -> None:
        """See the port."""
        self._write(file.value, text)

    def open_to(self, group: int) -> None:
        """See the port."""
        share = self._path / SHARE
        try:
            for path, mode in ((share, 0o750), (self.lock, SHARED)):
                os.chown(path, -1, group)
                path.chmod(mode)
        except OSError as exc:
            raise CommandFailed(f"{share}: {exc.strerror}") from exc

    def clear(self) -> None:
        """See the port."""
        for file in (NodeFile.CONTROL, NodeFile.FENCE, NodeFile.TOKEN, NodeFile.RESOLVER, NodeFile.SPEC):
            (self._path / file.value).unlink(missing_ok=True)

    def _boot(self) -> str:
        return self._boot_id.read_text(encoding="ascii").strip()

    def _read(self, name: str) -> str | None:
        try:
            return (self._path / name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise CommandFailed(f"{self._path / name}: {exc.strerror}") from exc

    def _write(self, name: str, text: str) -> None:
        """Beside it, then renamed: a reader sees all of the old or all of the new."""
        path = self._path / name
        draft = path.with_name(f".{path.name}.new")
        try:
            draft.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(draft, flags, PRIVATE)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                if path.parent.name == SHARE:
                    os.fchown(descriptor, -1, path.parent.stat().st_gid)
                    os.fchmod(descriptor, SHARED)
                elif name == NodeFile.RESOLVER.value:
                    os.fchmod(descriptor, PUBLIC)
                file.write(text)
            draft.replace(path)
        except OSError as exc:
            raise CommandFailed(f"{path}: {exc.strerror}") from exc


def _refuse_loose(path: Path, seen: os.stat_result) -> None:
    """Raise CommandFailed for a directory others may write to."""
    mode = stat.S_IMODE(seen.st_mode)
    if seen.st_uid not in {0, os.geteuid()} or mode & 0o022:
        raise CommandFailed(f"{path} has mode {mode:04o} and owner {seen.st_uid}; chown root, chmod go= it")
