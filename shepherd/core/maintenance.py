"""Hours in which people work on hosts: the hosts are home when these begin, and stay there until they end."""

import dataclasses
import datetime
import fnmatch
import functools
import re
import zoneinfo
from collections.abc import Iterable, Iterator

from shepherd.model.settings import HostSettings, TimerSettings

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKLY = re.compile(
    r"(?P<first>[A-Z][a-z]{2})(-(?P<last>[A-Z][a-z]{2}))? (?P<begin>\d\d:\d\d)-(?P<end>\d\d:\d\d) (?P<hosts>\S+)"
)
ONCE = re.compile(r"(?P<begin>\d{4}-\d\d-\d\dT\d\d:\d\d)/(?P<end>\d{4}-\d\d-\d\dT\d\d:\d\d) (?P<hosts>\S+)")
WILD = re.compile(r"[*?\[]")
FORMS = "say e.g. 'Tue 08:00-12:00 p2*', 'Mon-Fri 22:00-06:00 *' or '2026-12-24T08:00/2026-12-27T18:00 p201,p202'"
BEFORE_S = 1800.0
"""A host is not lent any more so long before it would have to go home."""
BACK_S = 30.0
"""From the end of the ladder to a regular startd that accepts work, with room to spare."""

Span = tuple[datetime.datetime, datetime.datetime]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Window:
    """One entry of `hosts.maintenance`."""

    text: str
    hosts: tuple[str, ...]
    """Names, with `*` and `?`."""
    days: frozenset[int] = frozenset()
    """Monday is 0; empty: `once` counts."""
    begin: datetime.time = datetime.time()
    end: datetime.time = datetime.time()
    """Not after `begin`: of the day after."""
    once: Span | None = None

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """Those of `hosts` that stand for one machine: thousands of them are one look-up."""
        return frozenset(name.casefold() for name in self.hosts if not WILD.search(name))

    @functools.cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """The others."""
        wild = (name.casefold() for name in self.hosts if WILD.search(name))
        return tuple(re.compile(fnmatch.translate(name)) for name in wild)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hours:
    """A window that is on, or near."""

    window: Window
    begin_s: float
    end_s: float

    def names(self, machine: str) -> bool:
        """Whether it is about this machine. A name without a domain stands for it in any domain."""
        whole = machine.casefold()
        names = (whole, whole.partition(".")[0])
        if not self.window.names.isdisjoint(names):
            return True
        return any(pattern.match(name) for pattern in self.window.patterns for name in names)


def window_of(text: str) -> Window:
    """What an entry says. Raises ValueError."""
    if match := WEEKLY.fullmatch(text):
        first, last = _day(match["first"]), _day(match["last"] or match["first"])
        days = frozenset((first + more) % 7 for more in range((last - first) % 7 + 1))
        begin, end = (datetime.time.fromisoformat(match[name]) for name in ("begin", "end"))
        return Window(text=text, hosts=_hosts(match["hosts"]), days=days, begin=begin, end=end)
    if match := ONCE.fullmatch(text):
        span = (datetime.datetime.fromisoformat(match["begin"]), datetime.datetime.fromisoformat(match["end"]))
        if span[0] >= span[1]:
            raise ValueError("it ends before it begins")
        return Window(text=text, hosts=_hosts(match["hosts"]), once=span)
    raise ValueError("it is none of the forms")


def _day(name: str) -> int:
    if name not in DAYS:
        raise ValueError(f"{name} is no day of the week")
    return DAYS.index(name)


def _hosts(names: str) -> tuple[str, ...]:
    hosts = tuple(name for name in names.split(",") if name)
    if not hosts:
        raise ValueError("it names no host")
    return hosts


def hours_near(hosts: HostSettings, timers: TimerSettings, now: float) -> tuple[Hours, ...]:
    """Windows that matter at `now`, those that begin first."""
    windows = _windows(hosts.maintenance) if hosts.maintenance else ()
    if not windows:
        return ()
    zone = zoneinfo.ZoneInfo(hosts.zone)
    ahead_s = BEFORE_S + home_before_s(timers)
    found = [
        Hours(window=window, begin_s=min(_instants(begin)), end_s=max(_instants(end)))
        for window in windows
        for begin, end in _spans(window, datetime.datetime.fromtimestamp(now, zone))
    ]
    near = [hours for hours in found if hours.begin_s - ahead_s <= now < hours.end_s]
    return tuple(sorted(near, key=lambda hours: (hours.begin_s, hours.window.text)))


def _instants(wall: datetime.datetime) -> tuple[float, float]:
    """When the clock on the wall shows that: twice when it is set back, and around the hour that is left out."""
    return wall.replace(fold=0).timestamp(), wall.replace(fold=1).timestamp()


@functools.lru_cache(maxsize=8)
def _windows(texts: tuple[str, ...]) -> tuple[Window, ...]:
    return tuple(map(window_of, texts))


def _spans(window: Window, now: datetime.datetime) -> Iterator[Span]:
    """Its hours from yesterday until tomorrow; all there are of one that comes once."""
    if window.once is not None:
        yield (window.once[0].replace(tzinfo=now.tzinfo), window.once[1].replace(tzinfo=now.tzinfo))
        return
    for ahead in (-1, 0, 1):
        day = now.date() + datetime.timedelta(days=ahead)
        if day.weekday() in window.days:
            last = day if window.begin < window.end else day + datetime.timedelta(days=1)
            begin = datetime.datetime.combine(day, window.begin, now.tzinfo)
            yield begin, datetime.datetime.combine(last, window.end, now.tzinfo)


def home_before_s(timers: TimerSettings) -> float:
    """So long before its hours a lent host is called, so that it is home when they begin."""
    return timers.look_s + timers.graceful_s + timers.fast_s + timers.kill_s + BACK_S


def hours_of(machine: str, near: Iterable[Hours]) -> Hours | None:
    """The first that are about this machine."""
    return next((hours for hours in near if hours.names(machine)), None)


def sentence(hours: Hours) -> str:
    """Why a host stays, or goes home."""
    return f"maintenance ({hours.window.text} in hosts.maintenance)"
