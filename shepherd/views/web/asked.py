"""What a request may ask for, and within which bounds. Anything else is a page that says what is right."""

import re
from collections.abc import Iterable, Mapping

from shepherd.errors import UsageError
from shepherd.model.host import HostState

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
DAYS = {"1": 1, "7": 7, "30": 30}
"""Spans that pages offer."""
NEEDLE_CHARACTERS = 64
SECONDS = re.compile(r"[0-9]{9,10}(\.[0-9]{1,6})?")
RECORD = re.compile(r"[1-9][0-9]{0,7}")
"""Epoch seconds have more digits."""
SHOWN = 20
"""Characters of what was wrong that are said back."""


def only(query: Iterable[tuple[str, str]], *known: str) -> Mapping[str, str]:
    """The parameters, each once. Raises UsageError on another one."""
    found: dict[str, str] = {}
    for name, value in query:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise UsageError(f"this page knows no parameter {said(name)}: {takes}")
        if name in found:
            raise UsageError(f"{name} is given more than once")
        found[name] = value
    return found


def days(query: Mapping[str, str]) -> int:
    """Of `days`; one if it is not said. Raises UsageError."""
    text = query.get("days", "1")
    if text not in DAYS:
        raise UsageError(f"days={said(text)}: there are {', '.join(DAYS)}")
    return DAYS[text]


def at(query: Mapping[str, str]) -> float | None:
    """Of `at`, epoch seconds; None if it is not said. Raises UsageError."""
    text = query.get("at", "")
    if text and not SECONDS.fullmatch(text):
        raise UsageError(f"at={said(text)}: give epoch seconds, e.g. 1772542930")
    return float(text) if text else None


def before(query: Mapping[str, str]) -> int | None:
    """Of `before`, a record's number. Raises UsageError."""
    text = query.get("before", "")
    return record(text) if text else None


def record(text: str) -> int:
    """A record's number. Raises UsageError."""
    if not RECORD.fullmatch(text):
        raise UsageError(f"{said(text)} is no record's number")
    return int(text)


def host(text: str) -> str:
    """A machine's name. Raises UsageError."""
    if not HOST.fullmatch(text):
        raise UsageError(f"{said(text)} is no host's name")
    return text


def state(query: Mapping[str, str]) -> HostState | None:
    """Of `state`; None: all. Raises UsageError."""
    text = query.get("state", "")
    try:
        return HostState(text) if text else None
    except ValueError as exc:
        raise UsageError(f"state={said(text)}: there are {', '.join(one.value for one in HostState)}") from exc


def needle(query: Mapping[str, str]) -> str:
    """Of `name`: what names shall have in them. Raises UsageError."""
    text = query.get("name", "").strip()
    if len(text) > NEEDLE_CHARACTERS or not text.isprintable():
        raise UsageError(f"name: give at most {NEEDLE_CHARACTERS} characters of a host's name")
    return text


def said(text: str) -> str:
    """What was wrong, short and harmless."""
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")
