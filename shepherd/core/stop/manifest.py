"""The list of a quarantine's evidence as text, and back; what differs when somebody looks again. Pure."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shepherd.core.stop.quarantine import is_ident
from shepherd.errors import TraceRefused
from shepherd.model.evidence import Case, Manifest, Piece
from shepherd.model.one_line import one_line

VERSION = 1
LOST_CHARACTERS = 1500
"""Of what is told to others; the manifest has all of it."""
SHA256 = re.compile(r"[0-9a-f]{64}")


def manifest_text(manifest: Manifest) -> str:
    """Canonical JSON: equal manifests give equal text, and so equal hashes."""
    members = {"v": VERSION, **dataclasses.asdict(manifest)}
    return json.dumps(members, sort_keys=True, allow_nan=False, indent=1) + "\n"


def manifest_of(text: str) -> Manifest:
    """The inverse. Raises TraceRefused."""
    try:
        members = json.loads(text)
        if members.pop("v") != VERSION:
            raise TraceRefused("a manifest of another version")
        return Manifest(
            case=Case(**members.pop("case")),
            pieces=tuple(map(_piece, members.pop("pieces"))),
            layer=tuple(map(_piece, members.pop("layer"))),
            lost=tuple(map(str, members.pop("lost"))),
            **members,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise TraceRefused(f"not a manifest ({exc!r})") from exc


def case_text(case: Case) -> str:
    """As JSON."""
    return json.dumps(dataclasses.asdict(case), sort_keys=True, allow_nan=False) + "\n"


def case_of(text: str) -> Case:
    """The inverse. Raises TraceRefused."""
    try:
        case = Case(**json.loads(text))
        if not is_ident(case.ident):
            raise TraceRefused("not a quarantine's name")
    except (ValueError, TypeError, RecursionError) as exc:
        raise TraceRefused(f"not a case ({exc!r})") from exc
    return case


def lost_words(lost: Sequence[str]) -> str:
    """All of it in one line, cut."""
    return one_line("; ".join(lost), LOST_CHARACTERS)


def differences(manifest: Manifest, found: Mapping[str, Piece]) -> Iterator[str]:
    """What is not as the manifest has it, a clause each. `found`: pieces that are there, by name."""
    listed = {piece.name: piece for piece in manifest.pieces}
    for name, piece in sorted(listed.items()):
        there = found.get(name)
        if there is None:
            yield f"{name} is missing"
        elif (there.size_bytes, there.sha256) != (piece.size_bytes, piece.sha256):
            yield f"{name} was altered: {there.size_bytes} bytes, SHA-256 {there.sha256}"
    yield from (f"{name} was not there" for name in sorted(set(found) - set(listed)))


def _piece(members: Mapping[str, Any]) -> Piece:
    if not isinstance(members["size_bytes"], int) or not SHA256.fullmatch(members["sha256"]):
        raise TraceRefused(f"no size or hash for {members['name']!r}")
    return Piece(**members)
