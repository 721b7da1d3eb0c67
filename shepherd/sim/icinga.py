"""A fake Icinga: checks, downtimes of anybody, and what may be wrong with it."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from shepherd.errors import MonitoringRefused, MonitoringUnavailable
from shepherd.model.monitoring import (
    AUTHOR,
    Begin,
    Heartbeat,
    Permissions,
    Silence,
    SilenceKind,
    mark_in,
    until_in,
)
from shepherd.sim.crash import Crashes

EXPIRY_S = 60.0
"""Icinga removes downtimes that are over this often."""
SEES = (
    "actions/schedule-downtime", "actions/remove-downtime", "actions/process-check-result", "objects/query/Downtime",
    "objects/query/Service", "objects/query/Host",
)  # fmt: skip
PERMISSIONS = {"shepherd": SEES, "shepherd-checks": (*SEES, "objects/modify/Service", "objects/modify/Host")}
"""By user, as in the shipped files."""


class Trouble(enum.Enum):
    """What may be wrong with it."""

    NONE = "none"
    SILENT = "silent"
    """It does not answer, and does nothing."""
    MUTE = "mute"
    """It does what it is asked for, too late for anybody to hear."""
    RELOADING = "reloading"
    REFUSING = "refusing"
    """Our user may do nothing any more."""
    LYING = "lying"
    """Its answer is good and says that nothing was done."""
    FORGETFUL = "forgetful"
    """Its answer says that all was done, and it did nothing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Downtime:
    """One downtime, of anybody."""

    name: str
    check: str
    author: str
    comment: str
    from_s: float
    until_s: float


@dataclasses.dataclass(kw_only=True)
class Check:
    """One check and its last passive result."""

    name: str
    is_active: bool = True
    """Active checks are switched on."""
    mark: str = ""
    """Whoever switched them off."""
    beat: Heartbeat | None = None
    beat_s: float = 0.0


class SimIcinga:
    """One monitoring, whatever shepherd asks it. Its clock is its own."""

    def __init__(self, checks: Iterable[str], wall_s: Callable[[], float]) -> None:
        self.checks = {name: Check(name=name) for name in checks}
        self.downtimes: dict[str, Downtime] = {}
        self.trouble = Trouble.NONE
        self.well_since_s = 0.0
        self.ended: list[Downtime] = []
        """Every downtime that somebody ended."""
        self.wall_s = wall_s
        self._made = 0

    def befall(self, trouble: Trouble) -> None:
        """From now on this is wrong with it; NONE: nothing any more."""
        self.trouble, self.well_since_s = trouble, self.wall_s()

    def schedule(self, check: str, author: str, comment: str, from_s: float, until_s: float) -> Downtime:
        """A downtime of anybody."""
        self._made += 1
        name = f"{check}!{self._made:08x}-0000"
        made = Downtime(name=name, check=check, author=author, comment=comment, from_s=from_s, until_s=until_s)
        self.downtimes[name] = made
        return made

    def in_effect(self, check: str) -> list[Downtime]:
        """Downtimes that count now, of anybody."""
        now_s = self.wall_s()
        return [one for one in self.downtimes.values() if one.check == check and one.from_s <= now_s < one.until_s]

    def is_silent(self, check: str) -> bool:
        """Nobody is told whatever it finds."""
        return bool(self.in_effect(check)) or not self.checks[check].is_active

    def is_hidden(self, check: str) -> bool:
        """A shepherd keeps it silent."""
        return bool(self.checks[check].mark) or any(one.author == AUTHOR for one in self.in_effect(check))

    def is_stale(self, check: str) -> bool:
        """Its last sign of life is over: the freshness check says CRITICAL."""
        told = self.checks[check]
        return told.beat is None or self.wall_s() - told.beat_s > told.beat.ttl_s

    def expire(self) -> None:
        """Forget what has been over for a while."""
        now_s = self.wall_s()
        self.downtimes = {name: one for name, one in self.downtimes.items() if one.until_s > now_s - EXPIRY_S}


@dataclasses.dataclass(kw_only=True)
class SimMonitoring:
    """The Monitoring port onto it, for one shepherd."""

    icinga: SimIcinga
    crashes: Crashes = dataclasses.field(default_factory=Crashes)
    user: str = "shepherd"

    def silences(self, kind: SilenceKind) -> Sequence[Silence]:
        """What there is."""
        with self.crashes.around("monitoring list"):
            self._ask()
            self.icinga.expire()
            match kind:
                case SilenceKind.DOWNTIME:
                    self._need("objects/query/Downtime")
                    return tuple(_marked(self.icinga.downtimes.values()))
                case SilenceKind.CHECKS_OFF:
                    self._need(*(f"objects/query/{_kind(check)}" for check in self.icinga.checks))
                    return tuple(_switched_off(self.icinga.checks))

    def begin(self, wanted: Begin) -> Silence:
        """Silence a check."""
        with self.crashes.around("monitoring begin"):
            self._ask()
            check = self._check(wanted.check)
            name = wanted.check
            self._need(*self._needed(wanted.kind, "actions/schedule-downtime", wanted.check))
            match wanted.kind:
                case SilenceKind.DOWNTIME if self.icinga.trouble is not Trouble.FORGETFUL:
                    name = self.icinga.schedule(
                        wanted.check, AUTHOR, wanted.mark.text(), wanted.from_s, wanted.until_s
                    ).name
                case SilenceKind.DOWNTIME:
                    name = f"{wanted.check}!nothing"
                case SilenceKind.CHECKS_OFF:
                    if not check.is_active and not check.mark:
                        raise MonitoringRefused(f"{check.name}: its active checks were switched off by somebody else")
                    self._switch(check, wanted.mark.text(wanted.until_s))
            self._answer()
        return Silence(
            name=name, check=check.name, kind=wanted.kind, mark=wanted.mark, until_s=wanted.until_s,
            from_s=wanted.from_s,
        )  # fmt: skip

    def end(self, silence: Silence) -> None:
        """End one."""
        with self.crashes.around("monitoring end"):
            self._ask()
            self._need(*self._needed(silence.kind, "actions/remove-downtime", silence.check))
            match silence.kind:
                case SilenceKind.DOWNTIME if self.icinga.trouble is not Trouble.FORGETFUL:
                    if (gone := self.icinga.downtimes.pop(silence.name, None)) is not None:
                        self.icinga.ended.append(gone)
                case SilenceKind.DOWNTIME:
                    pass
                case SilenceKind.CHECKS_OFF:
                    self._switch(self._check(silence.check), "")
            self._answer()

    def report(self, heartbeat: Heartbeat) -> None:
        """A passive result."""
        with self.crashes.around("monitoring report"):
            self._ask()
            self._need("actions/process-check-result")
            told = self._check(heartbeat.check)
            if self.icinga.trouble is not Trouble.FORGETFUL:
                told.beat, told.beat_s = heartbeat, self.icinga.wall_s()
            self._answer()

    def permissions(self) -> Permissions:
        """What the shipped user may do."""
        self._ask()
        return Permissions(user=self.user, granted=PERMISSIONS.get(self.user, ()), version="the simulator's")

    def _needed(self, kind: SilenceKind, action: str, check: str) -> Sequence[str]:
        return (action,) if kind is SilenceKind.DOWNTIME else (f"objects/modify/{_kind(check)}",)

    def _need(self, *permissions: str) -> None:
        for one in permissions:
            if one not in PERMISSIONS.get(self.user, ()):
                raise MonitoringRefused(f"403 Missing permission: {one.lower()}")

    def _switch(self, check: Check, mark: str) -> None:
        if self.icinga.trouble is not Trouble.FORGETFUL:
            check.is_active, check.mark = not mark, mark

    def _check(self, name: str) -> Check:
        if name not in self.icinga.checks:
            raise MonitoringRefused(f"404 No objects found: {name}; no such object, or no permission")
        return self.icinga.checks[name]

    def _ask(self) -> None:
        match self.icinga.trouble:
            case Trouble.SILENT:
                raise MonitoringUnavailable("Icinga does not answer: timed out")
            case Trouble.RELOADING:
                raise MonitoringUnavailable("503 Icinga is reloading.")
            case Trouble.REFUSING:
                raise MonitoringRefused("403 Missing permission")
            case Trouble.LYING:
                raise MonitoringRefused("500 Action execution failed: 'Error: Could not create downtime.'")
            case Trouble.NONE | Trouble.MUTE | Trouble.FORGETFUL:
                pass

    def _answer(self) -> None:
        if self.icinga.trouble is Trouble.MUTE:
            raise MonitoringUnavailable("Icinga does not answer: timed out")


def _kind(check: str) -> str:
    return "Service" if "!" in check else "Host"


def _marked(downtimes: Iterable[Downtime]) -> Iterator[Silence]:
    for one in downtimes:
        mark = mark_in(one.comment) if one.author == AUTHOR else None
        if mark is not None:
            yield Silence(
                name=one.name,
                check=one.check,
                kind=SilenceKind.DOWNTIME,
                mark=mark,
                until_s=one.until_s,
                from_s=one.from_s,
            )


def _switched_off(checks: Mapping[str, Check]) -> Iterator[Silence]:
    for check in checks.values():
        if (mark := mark_in(check.mark)) is not None:
            yield Silence(
                name=check.name, check=check.name, kind=SilenceKind.CHECKS_OFF, mark=mark, until_s=until_in(check.mark)
            )
