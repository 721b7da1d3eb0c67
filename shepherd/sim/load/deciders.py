"""Who decides in a run: nobody, or the daemon's `decide` at its looks and cycles."""

from __future__ import annotations

from typing import Protocol

from shepherd.core.policy.decide import decide
from shepherd.model.host import Herd
from shepherd.model.orders import Order
from shepherd.model.past import NOTHING_PAST
from shepherd.model.settings import Settings
from shepherd.sim.load.agenda import Agenda
from shepherd.sim.load.seen import Seen
from shepherd.sim.load.switching import Switching


class Decider(Protocol):
    """Gives orders. It is begun once, and enters its own turns on the agenda."""

    def begin(self) -> None:
        """Enter the first turn."""


class Nobody:
    """Nothing is lent."""

    def begin(self) -> None:
        """There is no turn."""


class Daemon:
    """The daemon's looks and cycles, with its own `decide`."""

    def __init__(self, agenda: Agenda, settings: Settings, seen: Seen, switching: Switching) -> None:
        self.sentence = ""
        self._agenda = agenda
        self._settings = settings
        self._seen = seen
        self._switching = switching
        self._past = NOTHING_PAST
        self._cycle_s = 0.0

    def begin(self) -> None:
        """Look at once."""
        self._agenda.after(0.0, self._look, None)

    def _look(self, _: object) -> None:
        self._agenda.after(self._settings.timers.look_s, self._look, None)
        if self._switching.stopped:
            return
        now = self._agenda.now_s
        is_cycle = now >= self._cycle_s
        if is_cycle:
            self._cycle_s = now + self._settings.timers.cycle_s
        self._decide(now, is_cycle=is_cycle)

    def _decide(self, now: float, *, is_cycle: bool) -> None:
        switching = self._switching
        looked_at = set(switching.records) if is_cycle else self._seen.changed()
        snapshot = self._seen.look(now, all_of_them=is_cycle)
        verdict = decide(
            snapshot,
            switching.records,
            switching.memories,
            None,
            self._settings,
            now,
            is_cycle=is_cycle,
            past=self._past,
        )
        self._past, self.sentence = verdict.past, verdict.sentence
        for order in verdict.orders:
            obey(switching, order)
        switching.follow(looked_at)


def obey(switching: Switching, order: Order) -> None:
    """Carry an order to the switch."""
    match order.herd:
        case Herd.LOCAL:
            switching.reclaim(order)
        case Herd.FLOCK:
            switching.lend(order)
