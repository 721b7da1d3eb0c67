"""Packing a tree into an image: the same tree gives the same bytes.

Written without dockerd, so that nothing of the machine it runs on gets in: names in order, one time, numbers for
owners, no set-id bits, no devices, sockets or extended attributes (file capabilities among them).
"""

import hashlib
import io
import os
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from shepherd.errors import CommandFailed
from shepherd.model.image import Built

Member = tuple[tarfile.TarInfo, bytes | Path | None]
GoesIn = Callable[[str], bool]


class ModeOf(Protocol):
    """Permissions in the image by those in the tree."""

    def __call__(self, mode: int, *, is_file: bool) -> int:
        """Twelve bits."""


class Layer:
    """One layer on its way into a file."""

    def __init__(self, path: Path, epoch_s: int) -> None:
        self.path, self._epoch_s = path, epoch_s
        self.size_bytes = 0

    def write(self, members: Iterable[Member]) -> str:
        """Write all members in their order. The layer's digest, `sha256:…`."""
        with tarfile.open(self.path, "w", format=tarfile.GNU_FORMAT) as archive:
            for info, content in members:
                info.mtime = self._epoch_s
                self._add(archive, info, content)
        return "sha256:" + digest_of(self.path)

    def _add(self, archive: tarfile.TarFile, info: tarfile.TarInfo, content: bytes | Path | None) -> None:
        self.size_bytes += info.size
        match content:
            case bytes():
                archive.addfile(info, io.BytesIO(content))
            case Path():
                with content.open("rb") as file:
                    archive.addfile(info, file)
            case None:
                archive.addfile(info)


def members_of(root: Path, goes_in: GoesIn, mode_of: ModeOf, instead: Mapping[str, bytes]) -> Iterator[Member]:
    """Everything of a tree that goes in, in the order of the names; `instead` replaces contents by path."""
    linked: dict[tuple[int, int], str] = {}
    for path in paths_of(root, goes_in):
        found = (root / path).lstat()
        info = tarfile.TarInfo(path)
        info.uid, info.gid = found.st_uid, found.st_gid
        info.mode = mode_of(found.st_mode, is_file=stat.S_ISREG(found.st_mode))
        if path in instead:
            info.size = len(instead[path])
            yield info, instead[path]
        elif (member := as_member(root / path, info, found, linked)) is not None:
            yield member


def as_member(
    path: Path, info: tarfile.TarInfo, found: os.stat_result, linked: dict[tuple[int, int], str]
) -> Member | None:
    """One path as the archive has it; None for what no image has."""
    if stat.S_ISDIR(found.st_mode):
        info.type = tarfile.DIRTYPE
        return info, None
    if stat.S_ISLNK(found.st_mode):
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(path)
        return info, None
    if not stat.S_ISREG(found.st_mode):
        return None
    first = linked.setdefault((found.st_dev, found.st_ino), info.name)
    if first != info.name:
        info.type, info.linkname = tarfile.LNKTYPE, first
        return info, None
    info.size = found.st_size
    return info, path


def paths_of(root: Path, goes_in: GoesIn) -> Iterator[str]:
    """Paths below the root that go in, parents first."""
    for folder, folders, files in os.walk(root):
        here = os.path.relpath(folder, root)
        prefix = "" if here == "." else f"{here}/"
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in links and goes_in(prefix + name))
        yield from (prefix + name for name in folders)
        yield from (prefix + name for name in sorted([*files, *links]) if goes_in(prefix + name))


def added(files: Mapping[str, tuple[bytes, int]]) -> Iterator[Member]:
    """Files of ours with their modes, and the directories they lie in, all root's."""
    folders = sorted({str(parent) for path in files for parent in Path(path).parents if str(parent) != "."})
    for folder in folders:
        info = tarfile.TarInfo(folder)
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        yield info, None
    for path, (data, mode) in sorted(files.items()):
        info = tarfile.TarInfo(path)
        info.size, info.mode = len(data), mode
        yield info, data


def write_image(
    out: Path,
    layers: Sequence[Iterable[Member]],
    *,
    describe: Callable[[Sequence[str]], bytes],
    manifest: Callable[[str, Sequence[str]], bytes],
    epoch_s: int,
) -> Built:
    """Write an archive for `docker load`; it appears only when it is whole. Raises CommandFailed.

    `describe` makes the image's configuration of the layers' digests, `manifest` the archive's list of the image's id
    (without `sha256:`) and the layers' names.
    """
    try:
        with tempfile.TemporaryDirectory(dir=out.parent) as folder:
            made = [Layer(Path(folder) / f"{number}.tar", epoch_s) for number, _ in enumerate(layers)]
            digests = [layer.write(members) for layer, members in zip(made, layers, strict=True)]
            config = describe(digests)
            ident = hashlib.sha256(config).hexdigest()
            names = [f"{digest.removeprefix('sha256:')}/layer.tar" for digest in digests]
            texts = {f"{ident}.json": config, "manifest.json": manifest(ident, names)}
            aside = Path(folder) / "image.tar"
            bundle(aside, texts, dict(zip(names, (layer.path for layer in made), strict=True)), epoch_s)
            aside.replace(out)
    except OSError as exc:
        raise CommandFailed(f"the image {out} cannot be written: {exc}") from exc
    size_bytes = sum(layer.size_bytes for layer in made)
    return Built(ident=f"sha256:{ident}", layers=tuple(digests), size_bytes=size_bytes)


def bundle(out: Path, texts: Mapping[str, bytes], files: Mapping[str, Path], epoch_s: int) -> None:
    """The outer archive."""
    with tarfile.open(out, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in sorted(texts.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), epoch_s
            archive.addfile(info, io.BytesIO(data))
        for name, path in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = path.stat().st_size, epoch_s
            with path.open("rb") as file:
                archive.addfile(info, file)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
