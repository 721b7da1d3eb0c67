"""The directory of evidence on a host: root's alone, a directory for each quarantine, and the chain of custody.

custody.jsonl            who had what in hand, when and why
q-p205-…/case.json       what it is about; as long as it is there, the container's layer stays in dockerd
q-p205-…/take1/          what was taken of the frozen container; take2 by a keeper that was restarted meanwhile
q-p205-…/dockerd.json    what dockerd told of the container
q-p205-…/container.log   what the container said
q-p205-…/manifest.json   all of these with their hashes; nothing is changed once it is there
"""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shepherd.edges.evidence.layer import layer_of, layer_pieces, pack_layer
from shepherd.edges.evidence.sink import CHUNK, INDEX
from shepherd.errors import CommandFailed, Unavailable
from shepherd.model.evidence import Piece, Taking

CASE, MANIFEST, DOCKERD, LOG, CUSTODY, TAKE = (
    "case.json", "manifest.json", "dockerd.json", "container.log", "custody.jsonl", "take",
)  # fmt: skip
MODULE = "shepherd.edges.evidence.take"
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
LOG_BYTES = 64 << 20
SPARE_BYTES = 512 << 20
"""Of the disk's free space, left to others."""
LATE_S = 2.0
MIB = 1 << 20


class EvidenceDirectory:
    """`ports_node.EvidenceStore` at `path`. Raises CommandFailed."""

    def __init__(self, path: Path, *, size_mib: int, memory_mib: int) -> None:
        self._path, self._size_mib, self._memory_mib = path, size_mib, memory_mib

    def cases(self) -> Mapping[str, str]:
        """See the port."""
        try:
            names = sorted(os.listdir(self._path))
        except FileNotFoundError:
            return {}
        except OSError as exc:
            raise CommandFailed(f"{self._path}: {exc.strerror}") from exc
        texts = {name: self._read(name, CASE) for name in names}
        return {name: text for name, text in texts.items() if text is not None}

    def open(self, ident: str, case: str) -> None:
        """See the port."""
        with self._translated(ident):
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.chmod(0o700)
            (self._path / ident).mkdir(mode=0o700, exist_ok=True)
            if self._read(ident, CASE) is None:
                self.keep(ident, CASE, case)

    def keep(self, ident: str, name: str, text: str) -> None:
        """See the port."""
        with self._translated(ident):
            # A name of its own: what is recorded and what dockerd tells come at the same time.
            draft = self._path / ident / f".{name}.{secrets.token_hex(4)}"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            draft.replace(self._path / ident / name)
            sync_directory(self._path / ident)

    def read(self, ident: str, name: str) -> str | None:
        """See the port."""
        return self._read(ident, name)

    def take(self, ident: str, taking: Taking) -> None:
        """See the port."""
        number = 1 + sum(one.startswith(TAKE) for one in self._names(ident))
        now_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        given = {
            "directory": str(self._path / ident / f"{TAKE}{number}"), "container": taking.container,
            "pids": list(taking.pids), "began_s": now_s, "until_s": taking.until_s, "bytes": self._room(ident),
            "memory_bytes": self._memory_mib * MIB, "job_uid": taking.job_uid, "parent": os.getpid(),
        }  # fmt: skip
        environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            done = subprocess.run(
                [sys.executable, "-m", MODULE], input=json.dumps(given), capture_output=True, text=True, check=False,
                timeout=max(taking.until_s - now_s, 0.0) + LATE_S, cwd="/", env=environment,
            )  # fmt: skip
        except subprocess.TimeoutExpired as exc:
            raise Unavailable("the recording was not over in time, and was killed") from exc
        except OSError as exc:
            raise CommandFailed(f"the recording could not be started: {exc.strerror}") from exc
        if done.returncode:
            raise CommandFailed(f"the recording failed: {done.stderr.strip()[-400:]}")

    def pieces(self, ident: str) -> tuple[Sequence[Piece], Sequence[str]]:
        """See the port."""
        with self._translated(ident):
            self._keep_log(ident)
            lost: list[str] = []
            known = {piece.name: piece for piece in self._indexed(ident, lost)}
            found = [self._piece(ident, name, known) for name in self._files(ident)]
            there = {piece.name: piece.sha256 for piece in found}
            changed = [name for name, piece in known.items() if there.get(name) != piece.sha256]
            return found, [*lost, *(f"{name} is not what was written" for name in changed)]

    def layer(self, ident: str) -> Sequence[Piece] | None:
        """See the port."""
        with self._translated(ident):
            layer = layer_of(self._dockerd(ident))
            return list(layer_pieces(layer)) if layer is not None else None

    def found(self, ident: str) -> Mapping[str, Piece]:
        """See the port."""
        with self._translated(ident):
            return {name: self._piece(ident, name, {}) for name in self._files(ident)}

    def sizes(self) -> Mapping[str, int]:
        """See the port."""
        return {ident: self._size(ident) for ident in self.cases()}

    def export(self, ident: str, directory: Path) -> Path:
        """Copy one, with the chain of custody and its container's layer, below `directory`, where there must be no such
        thing yet. Returns where."""
        target = directory / ident
        with self._translated(ident):
            target.mkdir(mode=0o700)
            for name in (*self._files(ident), MANIFEST):
                (target / name).parent.mkdir(mode=0o700, exist_ok=True)
                shutil.copyfile(self._path / ident / name, target / name, follow_symlinks=False)
            shutil.copyfile(self._path / CUSTODY, target / CUSTODY, follow_symlinks=False)
            pack_layer(layer_of(self._dockerd(ident)), target / "layer.tar")
        return target

    def delete(self, ident: str) -> None:
        """See the port."""
        with self._translated(ident):
            # Without its case it is nothing any more, whatever is left of it when this is broken off.
            (self._path / ident / CASE).unlink(missing_ok=True)
            shutil.rmtree(self._path / ident)

    def custody(self) -> Sequence[str]:
        """See the port."""
        return (self._read("", CUSTODY) or "").splitlines()

    def note(self, make: Callable[[str], str]) -> None:
        """See the port."""
        with self._translated(CUSTODY):
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self._path / CUSTODY, flags, 0o600)
            with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                before = (file.read().splitlines() or [""])[-1]
                file.write(make(before) + "\n")
                file.flush()
                os.fsync(descriptor)

    def _room(self, ident: str) -> int:
        """What one recording may take: what the others leave of the budget, and others of the disk."""
        used = sum(size for other, size in self.sizes().items() if other != ident)
        free = shutil.disk_usage(self._path).free - SPARE_BYTES
        return max(min(self._size_mib * MIB - used, free), 0)

    def _keep_log(self, ident: str) -> None:
        """What the container said, from where dockerd has it."""
        told = self._dockerd(ident)
        if not told.get("LogPath") or LOG in self._names(ident):
            return
        with contextlib.suppress(OSError):
            descriptor = os.open(told["LogPath"], READ)
            with os.fdopen(descriptor, "rb") as file:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    self.keep(ident, LOG, file.read(LOG_BYTES).decode("utf-8", "backslashreplace"))

    def _dockerd(self, ident: str) -> Mapping[str, Any]:
        with contextlib.suppress(ValueError):
            told = json.loads(self._read(ident, DOCKERD) or "{}")
            return told if isinstance(told, dict) else {}
        return {}

    def _indexed(self, ident: str, lost: list[str]) -> Iterator[Piece]:
        """What the recordings wrote down, and what they lost."""
        takes = [name for name in self._names(ident) if name.startswith(TAKE)]
        if not takes:
            lost.append("nothing was recorded while the container was frozen")
        for take in takes:
            ended = False
            for row in rows(self._read(ident, f"{take}/{INDEX}") or ""):
                ended = ended or "end" in row
                if "lost" in row:
                    lost.append(str(row["lost"]))
                elif "name" in row:
                    yield Piece(name=f"{take}/{row['name']}", size_bytes=row["size_bytes"], sha256=row["sha256"],
                                what=str(row["what"]))  # fmt: skip
            if not ended:
                lost.append(f"{take} was broken off: its time was over, or the keeper or the machine ended")

    def _piece(self, ident: str, name: str, known: Mapping[str, Piece]) -> Piece:
        """One file as it is now, surely on the disk."""
        digest, size = hashlib.sha256(), 0
        descriptor = os.open(self._path / ident / name, READ)
        try:
            while chunk := os.read(descriptor, CHUNK):
                digest.update(chunk)
                size += len(chunk)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        what = known[name].what if name in known else ""
        return Piece(name=name, size_bytes=size, sha256=digest.hexdigest(), what=what)

    def _files(self, ident: str) -> Sequence[str]:
        """Relative paths of everything but the manifest."""
        top = self._path / ident
        every = (Path(folder, name) for folder, _, names in os.walk(top) for name in names)
        return sorted(str(path.relative_to(top)) for path in every if path != top / MANIFEST)

    def _names(self, ident: str) -> Sequence[str]:
        try:
            return sorted(os.listdir(self._path / ident))
        except FileNotFoundError:
            return ()

    def _size(self, ident: str) -> int:
        size = 0
        for name in self._files(ident):
            with contextlib.suppress(FileNotFoundError):
                size += (self._path / ident / name).lstat().st_size
        return size

    def _read(self, ident: str, name: str) -> str | None:
        try:
            descriptor = os.open(self._path / ident / name, READ)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:
            raise CommandFailed(f"{self._path / ident / name}: {exc.strerror}") from exc
        with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
            return file.read()

    @contextlib.contextmanager
    def _translated(self, ident: str) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise CommandFailed(f"{exc.filename or self._path / ident}: {exc.strerror or exc}") from exc


def rows(text: str) -> Iterator[Mapping[str, Any]]:
    """The lines of an index; the last one may be broken off."""
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            row = json.loads(line)
            if isinstance(row, dict):
                yield row


def sync_directory(path: Path) -> None:
    """A file's new name is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
