"""Times as people and letters write them. One without a zone is in the zone that is said; none is ever guessed."""

import datetime
import email.utils
import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator

EPOCH = re.compile(r"@?\d{9,10}(?:\.\d{1,9})?")
MILLISECONDS = re.compile(r"\d{13}")
WRITTEN = (
    "%b %d %Y %H:%M:%S", "%Y %b %d %H:%M:%S", "%b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f",
)  # fmt: skip
"""syslog with a year, wherever it stands; `date` and ctime; a web server's log; a day and a zone's name."""
NAMED = re.compile(r"(.+?)\s+(UTC|GMT|Z)")
WITH_OFFSET = re.compile(r"(.+?)\s+([+-]\d{2}):?(\d{2})")
FORMS = (
    "write e.g. '2026-03-03 14:02:10', 2026-03-03T14:02:10+01:00, 'Tue, 3 Mar 2026 14:02:10 +0100', "
    "'Mar  3 2026 14:02:10' or 1772542930"
)


def instant_s(text: str, zone: datetime.tzinfo) -> float:
    """A point in time as epoch seconds. `zone` holds for times that name none. Raises ValueError with what to write."""
    words = " ".join(text.split())
    if EPOCH.fullmatch(words):
        return float(words.removeprefix("@"))
    if MILLISECONDS.fullmatch(words):
        return int(words) / 1000
    for form in (_iso, _rfc5322, _written):
        if (moment := form(words)) is not None:
            return _epoch_s(moment, zone, text)
    raise ValueError(f"{text!r} is no time; {FORMS}")


def tolerance_s(text: str) -> float:
    """How many seconds a clock may be off: `5`, `0.5`. Raises ValueError."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= 86400:
        raise ValueError(f"{text!r} is no number of seconds up to a day")
    return seconds


def _epoch_s(moment: datetime.datetime, zone: datetime.tzinfo, text: str) -> float:
    """Refused where clocks are set back or forth: a time without an offset is then two, or none."""
    if moment.tzinfo is not None:
        return _stamp(moment, text)
    early, late = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if _stamp(early, text) != _stamp(late, text):
        raise ValueError(f"{text!r} was twice, or never, because clocks were set: give it with an offset, e.g. +01:00")
    return _stamp(early, text)


def _stamp(moment: datetime.datetime, text: str) -> float:
    try:
        return moment.timestamp()
    except (OverflowError, OSError) as exc:
        raise ValueError(f"{text!r} is out of any calendar") from exc


def _iso(text: str) -> datetime.datetime | None:
    """ISO 8601. A day without a time is no point in time."""
    if not re.match(r"\d{4}-?\d{2}-?\d{2}[T ]\d{2}", text):
        return None
    return _first(text, [datetime.datetime.fromisoformat])


def _rfc5322(text: str) -> datetime.datetime | None:
    """As in a letter's Date. Only with an offset: `-0000` means that it is not known."""
    parsed = email.utils.parsedate_tz(text)
    if parsed is None or not re.search(r"[+-]\d{4}( \(.*\))?$| (GMT|UTC|UT|Z)$", text) or " -0000" in text:
        return None
    return _first(text, [email.utils.parsedate_to_datetime])


def _written(text: str) -> datetime.datetime | None:
    """syslog with a year, `date`, a web server's log, each with or without an offset or UTC."""
    for words, zone in _zones(text.strip("[]")):
        if (moment := _first(words, [functools.partial(_in_form, form) for form in WRITTEN])) is not None:
            return moment if zone is None else moment.replace(tzinfo=zone)
    return None


def _zones(text: str) -> Iterator[tuple[str, datetime.tzinfo | None]]:
    if matched := NAMED.fullmatch(text):
        yield matched[1], datetime.UTC
    if (matched := WITH_OFFSET.fullmatch(text)) and int(matched[2][1:]) < 24 and int(matched[3]) < 60:
        minutes = int(matched[2][1:]) * 60 + int(matched[3])
        yield matched[1], datetime.timezone(datetime.timedelta(minutes=-minutes if matched[2][0] == "-" else minutes))
    if matched := re.fullmatch(r"(.+\d) UTC (\d{4})", text):
        yield f"{matched[1]} {matched[2]}", datetime.UTC
    yield text, None


def _in_form(form: str, text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, form)  # noqa: DTZ007 - the zone is what is asked for next


def _first(text: str, forms: Iterable[Callable[[str], datetime.datetime]]) -> datetime.datetime | None:
    for form in forms:
        try:
            return form(text)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
