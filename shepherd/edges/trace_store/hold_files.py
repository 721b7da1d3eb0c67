"""A hold's files: `holds/NAME.sqlite` is a store of one day with its own chain, `NAME.json` says what it is."""

import contextlib
import json
import math
import os
import pathlib
import re

from shepherd.edges.day_files import sync_directory
from shepherd.edges.trace_store.keys import destroy, keys_path, write_whole
from shepherd.errors import UsageError
from shepherd.model.chain import canonical, link
from shepherd.model.trace_rows import Held, Span

NAME = "holds"
GOOD = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def holds_in(directory: pathlib.Path) -> pathlib.Path:
    """Where holds lie below the store's directory."""
    return directory / NAME


def hold_file(directory: pathlib.Path, name: str, suffix: str = ".sqlite") -> pathlib.Path:
    """A file of a hold. Raises UsageError."""
    if not GOOD.fullmatch(name):
        example = "small letters, digits, dots and hyphens, e.g. letter-2026-03-03"
        raise UsageError(f"{name!r} is no name of a hold; {example}")
    return holds_in(directory) / (name + suffix)


def manifest_text(held: Held) -> str:
    """What was made, as it stands in its file."""
    span = [None if math.isinf(time) else time for time in (held.span.from_s, held.span.to_s)]
    about = [held.name, held.why, held.by, held.at_s, span, held.records, held.hash]
    return canonical(dict(zip(("name", "why", "by", "at_s", "span", "records", "hash"), about, strict=True)))


def digest(held: Held) -> str:
    """What the store's own chain keeps of a hold."""
    return link("", [manifest_text(held)])


def held_of(directory: pathlib.Path, name: str) -> Held:
    """A hold by its manifest. Raises UsageError: there is none; ValueError, OSError: it is damaged."""
    path = hold_file(directory, name, ".json")
    if not path.exists():
        raise UsageError(f"there is no hold {name}")
    found = json.loads(path.read_text(encoding="ascii"))
    try:
        from_s, to_s = found.pop("span")
        span = Span(from_s=-math.inf if from_s is None else from_s, to_s=math.inf if to_s is None else to_s)
        return Held(**found, span=span, released_by=released_by(directory, name))
    except (KeyError, TypeError) as exc:
        raise ValueError(f"the manifest {path} is damaged: {exc}") from exc


def released_by(directory: pathlib.Path, name: str) -> str:
    """Who released it; empty: nobody."""
    with contextlib.suppress(FileNotFoundError):
        return hold_file(directory, name, ".released").read_text(encoding="utf-8").strip()
    return ""


def held_names(directory: pathlib.Path) -> list[str]:
    """Names of all holds that have a manifest."""
    place = holds_in(directory)
    return sorted(path.stem for path in place.glob("*.json") if GOOD.fullmatch(path.stem)) if place.is_dir() else []


def held_in(directory: pathlib.Path) -> list[Held]:
    """All holds whose manifest can be read."""
    found = []
    for name in held_names(directory):
        with contextlib.suppress(ValueError, OSError, UsageError):
            found.append(held_of(directory, name))
    return found


def write_manifest(directory: pathlib.Path, held: Held) -> None:
    """It is a hold from now on. Raises OSError."""
    write_whole(hold_file(directory, held.name, ".json"), manifest_text(held).encode("ascii"), "")


def write_release(directory: pathlib.Path, name: str, by: str) -> None:
    """It may go. Idempotent. Raises OSError."""
    write_whole(hold_file(directory, name, ".released"), by.encode("utf-8"), "")


def remove_hold(directory: pathlib.Path, name: str) -> None:
    """Remove its files, the manifest last. Idempotent. Raises OSError."""
    destroy(keys_path(holds_in(directory), name))
    for suffix in (".sqlite-wal", ".sqlite-shm", ".sqlite", ".json", ".released"):
        hold_file(directory, name, suffix).unlink(missing_ok=True)
    sync_directory(holds_in(directory))


def give_to_owner(path: pathlib.Path) -> None:
    """What root makes below somebody's directory is theirs. Raises OSError."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, -1)
