"""The chain of custody: lines that are only ever added, each with the hash of the one before. Pure."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence

from shepherd.errors import TraceRefused
from shepherd.model.evidence import Custody, Hand


def line(custody: Custody) -> str:
    """Canonical JSON, without an end of line."""
    return json.dumps({**dataclasses.asdict(custody), "hand": custody.hand.value}, sort_keys=True, allow_nan=False)


def custody_of(text: str) -> Custody:
    """The inverse. Raises TraceRefused."""
    try:
        members = json.loads(text)
        custody = Custody(**{**members, "hand": Hand(members["hand"])})
    except (ValueError, TypeError, KeyError, RecursionError) as exc:
        raise TraceRefused(f"not a line of custody ({exc!r}): {text[:80]!r}") from exc
    if line(custody) != text:
        raise TraceRefused(f"not in canonical form: {text[:80]!r}")
    return custody


def link(text: str) -> str:
    """What the next line says of this one."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def faults(lines: Sequence[str]) -> Iterator[str]:
    """What is wrong with the chain, a clause each; none if it is whole. What is done to its last line alone leaves it
    whole: the trace store has the hashes of manifests, which this machine cannot change."""
    before = ""
    for number, text in enumerate(lines, 1):
        try:
            custody = custody_of(text)
        except TraceRefused as refused:
            yield f"custody line {number}: {refused}"
        else:
            if custody.before != link(before):
                yield f"custody line {number} does not follow the one before"
        before = text


def manifest_noted(lines: Sequence[str], ident: str) -> str:
    """The manifest's hash as it was when the evidence was made; empty if no line says so."""
    noted = ""
    for text in lines:
        try:
            custody = custody_of(text)
        except TraceRefused:
            continue
        if custody.ident == ident and custody.hand is Hand.MADE:
            noted = custody.manifest
    return noted
