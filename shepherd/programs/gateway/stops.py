"""The gateway's reading of lease pages: whom they stop is cut off within a second, and stays so.

A collector that is silent, and pages that are not believed, change nothing. Pages are asked for beside the loop, so
that the rules are looked at whatever a collector does.
"""

import dataclasses
from collections.abc import Collection, Sequence
from typing import Protocol

from shepherd.core.firewall.gateway import BANNED, QUARANTINE_PAGE, TABLE
from shepherd.core.lease.encode import decode
from shepherd.core.lease.judge import Instant
from shepherd.core.stop.at_gateway import Cuts, Known, cuts, filling, from_json, learn, to_json
from shepherd.errors import CommandFailed, LeaseRefused, ShepherdError
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.lease import LeasePage, SignedPage
from shepherd.ports import Clock, Log, Verifier
from shepherd.ports_gateway import Filter
from shepherd.ports_stop import AnyPages, Flows
from shepherd.programs.errand import Background, Errand

SILENT_S = 5.0
"""Without a page for so long the sentence says so."""


class Kept(Protocol):
    """A text that outlives us. Raises CommandFailed."""

    def read(self) -> str | None:
        """None if there is none."""

    def write(self, text: str) -> None:
        """Replace it, all or nothing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parts:
    """What the gateway's reading works with."""

    pages: AnyPages
    verifier: Verifier
    filter: Filter
    flows: Flows
    kept: Kept
    clock: Clock
    background: Background
    log: Log


class GatewayStops:
    """Keeps two sets of the rules as the newest believed page says."""

    def __init__(self, settings: GatewaySettings, parts: Parts) -> None:
        self._settings, self._parts = settings, parts
        self._errand: Errand[Sequence[SignedPage]] = Errand(parts.background)
        self._cutting: Errand[int] = Errand(parts.background)
        self._known = self._remembered()
        self._asked_s: float | None = None
        self._heard_s: float | None = None
        self._in_force: Cuts | None = None
        """What we have put into the kernel; None: not known."""
        self._to_forget: set[str] = set()
        """Addresses whose connections are still to be forgotten."""
        self._being_forgotten: set[str] = set()
        self._problem = ""

    def tick(self) -> float:
        """Ask, judge, bring into force; seconds until the next time. Raises nothing."""
        self._judge(self._errand.take())
        now_s = self._parts.clock.steady_s()
        due = self._asked_s is None or now_s - self._asked_s >= self._settings.stops_s
        if due and self._errand.start(self._parts.pages.first):
            self._asked_s = now_s
        try:
            self._enforce()
        except ShepherdError as exc:
            self._note(exc.diagnosis())
        return self._settings.stops_s / (5 if self._errand.busy else 1)

    def wanted(self) -> Cuts:
        """Whom to cut off now."""
        return cuts(self._known, self._parts.clock.wall_s(), spared=spared(self._settings))

    def text(self) -> str:
        """For nft: fills our sets. Whoever loads the rules anew loads this with them, so that nobody is ever let go."""
        wall_s, wanted = self._parts.clock.wall_s(), self.wanted()
        return filling(BANNED, wanted.banned, TABLE, wall_s) + filling(
            QUARANTINE_PAGE, wanted.quarantined, TABLE, wall_s
        )

    def mend(self) -> bool:
        """Fill our sets anew if somebody has taken something out of them. Raises CommandFailed, Unavailable."""
        wanted = self.wanted()
        for name, meant in ((BANNED, wanted.banned), (QUARANTINE_PAGE, wanted.quarantined)):
            if meant and not set(meant) <= self._parts.filter.elements(TABLE, name):
                self._parts.filter.load(self.text())
                self._parts.log("addresses were taken out of a set by somebody else, and are in again", set=name)
                return True
        return False

    def sentence(self) -> str:
        """For `systemctl status`."""
        wanted = self.wanted()
        many = f"{len(wanted.banned)} addresses banned, {len(wanted.quarantined)} in quarantine"
        if self._heard_s is None:
            return f"{many}; no page was believed yet ({self._problem or 'not asked yet'})"
        silent_s = self._parts.clock.steady_s() - self._heard_s
        return f"{many}; no page for {silent_s:.0f} s ({self._problem})" if silent_s > SILENT_S else many

    def _judge(self, answer: Sequence[SignedPage] | ShepherdError | None) -> None:
        if isinstance(answer, ShepherdError):
            self._note(answer.diagnosis())
        elif answer is not None:
            believed, refusals = False, list[str]()
            for page in self._good(answer, refusals):
                believed = self._learn(page, refusals) or believed
            if believed:
                self._heard_s = self._parts.clock.steady_s()
            self._note("; ".join(refusals) or ("" if believed else "there is no page"))

    def _good(self, answer: Sequence[SignedPage], refusals: list[str]) -> Sequence[LeasePage]:
        """Pages that a trusted key signed, in the order of their issue."""
        good = []
        for signed in answer:
            try:
                self._parts.verifier.verify(signed)
                good.append(decode(signed.payload))
            except LeaseRefused as refused:
                refusals.append(str(refused))
        return sorted(good, key=lambda page: page.issued_at_s)

    def _learn(self, page: LeasePage, refusals: list[str]) -> bool:
        clock, settings = self._parts.clock, self._settings
        now = Instant(wall_s=clock.wall_s(), boottime_s=clock.steady_s())
        try:
            known = learn(self._known, page, pool=settings.pool, skew_s=settings.skew_s, now=now)
        except LeaseRefused as refused:
            refusals.append(str(refused))
            return False
        before, self._known = self._known, known
        if known != before:
            self._remember(known)
        return True

    def _enforce(self) -> None:
        """The sets first, then the connections: what is forgotten before it is refused would begin anew."""
        wanted, before = self.wanted(), self._in_force
        if wanted != before:
            self._parts.filter.load(self.text())
            self._in_force = wanted
            self._to_forget |= new_in(wanted, before)
            self._parts.log("stops", banned=len(wanted.banned), quarantined=len(wanted.quarantined))
        if isinstance(met := self._cutting.take(), ShepherdError):
            self._note(met.diagnosis())
            self._to_forget |= self._being_forgotten
        due = sorted(self._to_forget)
        if due and self._cutting.start(lambda: self._parts.flows.cut(due)):
            self._being_forgotten, self._to_forget = set(due), set()

    def _note(self, problem: str) -> None:
        if problem and problem != self._problem:
            self._parts.log("stops are not wholly heard or in force", problem=problem)
        self._problem = problem

    def _remember(self, known: Known) -> None:
        """A stop is obeyed also when it cannot be remembered."""
        try:
            self._parts.kept.write(to_json(known))
        except CommandFailed as failed:
            self._note(failed.diagnosis())

    def _remembered(self) -> Known:
        try:
            text = self._parts.kept.read()
            return from_json(text) if text else Known()
        except (CommandFailed, LeaseRefused) as failed:
            self._parts.log("memory of stops lost", problem=failed.diagnosis())
            return Known()


def new_in(wanted: Cuts, before: Cuts | None) -> set[str]:
    """Addresses that were not cut off before."""
    now = {*wanted.banned, *wanted.quarantined}
    return now if before is None else now - {*before.banned, *before.quarantined}


def spared(settings: GatewaySettings) -> Collection[str]:
    """The site's own services: a guest's schedd that called itself by one of their addresses would cut off all."""
    services = (place.rpartition(":")[0] for place in (settings.collector, *settings.squid))
    return {settings.gateway, settings.nat_address, *settings.dns, *settings.ntp, *services}


def page_problem(settings: GatewaySettings, pages: AnyPages, verifier: Verifier) -> str:
    """Why no page would be believed that is there now; empty if one would. Changes nothing."""
    try:
        found, problems = pages.first(), list[str]()
    except ShepherdError as exc:
        return exc.diagnosis()
    for signed in found:
        try:
            verifier.verify(signed)
            page = decode(signed.payload)
            if page.pool == settings.pool:
                return ""
            problems.append(f"page of the pool {page.pool}, not of {settings.pool}")
        except LeaseRefused as refused:
            problems.append(str(refused))
    return "; ".join(problems) or "the home collector has none"
