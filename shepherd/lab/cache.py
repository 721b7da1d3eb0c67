"""The lab's cache: expensive trees, built once, under one lock, put in place by a rename.

A tree is named by what it was made from; beside it lies `NAME.json`, which says what is in it and how the tree looked
when it was finished, so that a damaged one is noticed and built anew instead of giving strange failures.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

DEFAULT_CACHE = Path("/var/cache/shepherd-lab")


def cache_dir() -> Path:
    """Where trees are kept: SHEPHERD_LAB_CACHE, else /var/cache/shepherd-lab. Made if missing."""
    path = Path(os.environ.get("SHEPHERD_LAB_CACHE", "") or DEFAULT_CACHE)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`; a second lab waits here instead of building the same tree."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def digest(*parts: str | bytes) -> str:
    """Twelve hexadecimal digits that stand for `parts` in a tree's name."""
    seen = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        seen.update(len(data).to_bytes(8, "big") + data)
    return seen.hexdigest()[:12]


def digest_files(paths: list[Path]) -> str:
    """Stands for names and contents of `paths`, in any order given."""
    return digest(*(part for p in sorted(paths) for part in (p.name, p.read_bytes())))


def fingerprint(tree: Path) -> str:
    """Stands for every name, kind, mode, owner, size, time and link target under `tree` (not for file contents)."""
    seen = hashlib.sha256()
    for folder, folders, files in os.walk(tree):
        folders.sort()
        for name in sorted(folders + files):
            seen.update(_trait(Path(folder, name), tree))
    return seen.hexdigest()


def _trait(path: Path, tree: Path) -> bytes:
    info = path.lstat()
    size = info.st_size if stat.S_ISREG(info.st_mode) else 0
    time = info.st_mtime_ns if stat.S_ISREG(info.st_mode) else 0
    target = os.readlink(path) if path.is_symlink() else ""
    return f"{path.relative_to(tree)}|{info.st_mode}|{info.st_uid}|{info.st_gid}|{size}|{time}|{target}\n".encode()


def find(kind: str, key: str) -> Path | None:
    """The newest undamaged tree of this kind and key, or None. A damaged one is removed."""
    for note in sorted(cache_dir().glob(f"{kind}-{key}*.json"), key=lambda p: -p.stat().st_mtime):
        tree = note.with_suffix("")
        if tree.is_dir() and json.loads(note.read_text())["fingerprint"] == fingerprint(tree):
            return tree
        discard(tree)
    return None


def facts(tree: Path) -> dict[str, str]:
    """What was noted about a finished tree."""
    noted: dict[str, str] = json.loads(tree.with_name(tree.name + ".json").read_text())
    return noted


def discard(tree: Path) -> None:
    """Remove a tree and its note. Idempotent."""
    tree.with_name(tree.name + ".json").unlink(missing_ok=True)
    shutil.rmtree(tree, ignore_errors=True)


def prune(kind: str, keep: int) -> None:
    """Remove all but the newest trees of a kind; each change of the image makes a new one."""
    notes = [n for n in cache_dir().glob(f"{kind}-*.json") if re.fullmatch(rf"{kind}-[0-9a-f]{{12}}", n.stem)]
    for note in sorted(notes, key=lambda path: -path.stat().st_mtime)[keep:]:
        discard(note.with_suffix(""))


def provide(kind: str, key: str, build: Callable[[Path], Mapping[str, str]]) -> Path:
    """The tree of this kind and key; `build(empty_dir)` makes it if there is none, and returns facts to note.

    A fact `suffix` becomes part of the tree's name. Builds are exclusive and appear only when finished.
    """
    with locked(cache_dir() / f".{kind}-{key}.lock"):
        found = find(kind, key)
        return found if found is not None else _build(kind, key, build)


def _build(kind: str, key: str, build: Callable[[Path], Mapping[str, str]]) -> Path:
    draft = cache_dir() / f".draft-{kind}-{key}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    noted = dict(build(draft))
    suffix = noted.pop("suffix", "")
    tree = cache_dir() / f"{kind}-{key}{'-' + suffix if suffix else ''}"
    discard(tree)
    note = tree.with_name(tree.name + ".json")
    aside = note.with_suffix(".new")
    aside.write_text(json.dumps({**noted, "fingerprint": fingerprint(draft)}, indent=1) + "\n")
    draft.rename(tree)
    aside.rename(note)
    return tree
