"""Asking both pools, and keeping what was last believed of each source."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from shepherd.core import plausible
from shepherd.core.naming import pair_hosts
from shepherd.errors import PoolUnavailable
from shepherd.model.host import HostName, HostPair
from shepherd.model.observation import (
    Doubt,
    FlockStartd,
    HostFacts,
    KeeperReport,
    Queue,
    Reading,
    RegularMaster,
    RegularStartd,
    Snapshot,
    Source,
)
from shepherd.model.settings import Settings
from shepherd.ports import Clock, Pool

T = TypeVar("T")

Together = Callable[[Sequence[Callable[[], None]]], None]
"""Does several things, in whatever order or at once, and returns when all are done; raises what one of them raised."""

HOME = (Source.HOME_STARTDS, Source.HOME_MASTERS, Source.KEEPERS, Source.QUEUE)


@dataclasses.dataclass(kw_only=True)
class Believed:
    """The last good answer of every source."""

    regular: Mapping[str, RegularStartd] = dataclasses.field(default_factory=dict)
    masters: Mapping[str, RegularMaster] = dataclasses.field(default_factory=dict)
    flock: Mapping[str, FlockStartd] = dataclasses.field(default_factory=dict)
    keepers: Mapping[str, KeeperReport] = dataclasses.field(default_factory=dict)
    queue: Queue | None = None


def one_after_another(tasks: Sequence[Callable[[], None]]) -> None:
    """The plain `Together`."""
    for task in tasks:
        task()


class Observer:
    """Builds snapshots. A source that fails keeps its last good answer, whose ads grow old by themselves."""

    def __init__(self, pool: Pool, clock: Clock, settings: Settings, together: Together = one_after_another) -> None:
        """`together` asks what need not wait for each other."""
        self._pool = pool
        self._clock = clock
        self._settings = settings
        self._together = together
        self._last = Believed()
        self._silent: set[Source] = set()
        """First sources of the collectors that did not answer since the last full look began."""
        self._machines: set[str] = set()
        self._pairing = pair_hosts((), settings.hosts)
        self._hosts: Mapping[HostName, HostFacts] = {}
        self._readings: dict[Source, Reading] = {}
        self._vanished_at: dict[Source, float] = {}

    def full(self, lent: int, out: Sequence[HostPair] = ()) -> Snapshot:
        """Ask every source for all hosts. `lent` hosts are expected to be missing from the regular ones; those
        that are `out` are in the snapshot even if nothing at home is heard of them.

        A silent collector is asked once a turn, not once a source, so that a look stays short.
        """
        self._silent = set()
        self._together([functools.partial(self._ask_in_turn, turn) for turn in self._turns(lent)])
        self._doubt_young()
        self._doubt_clock()
        self._hosts = {}
        return self._snapshot([*self._everybody(), *out])

    def some(self, hosts: Sequence[HostPair]) -> Snapshot:
        """Ask for these hosts only, in the middle of their switches; everything else stays as it was.

        A collector that was silent is asked by full looks only: each question holds the loop up to its deadline.
        """
        self._try(Source.HOME_STARTDS, lambda: self._some_home([pair.host for pair in hosts]))
        self._try(Source.FLOCK_STARTDS, lambda: self._some_flock([pair.flock_name for pair in hosts]))
        return self._snapshot(hosts)

    def _try(self, source: Source, ask: Callable[[], None]) -> None:
        if source in self._silent:
            return
        try:
            ask()
        except PoolUnavailable as exc:
            self._fail(source, str(exc), 0.0, _class_of(exc))
            self._silent |= set() if exc.refused else {source}

    def _some_home(self, names: Sequence[HostName]) -> None:
        last, pool = self._last, self._pool
        last.regular = _merged(last.regular, names, pool.regular_startds(names))
        last.keepers = _merged(last.keepers, names, pool.keepers(names))
        last.masters = _merged(last.masters, names, self._with_off_since(pool.regular_masters(names)))

    def _some_flock(self, names: Sequence[str]) -> None:
        self._last.flock = _merged(self._last.flock, names, self._pool.flock_startds(names))

    def _turns(self, lent: int) -> tuple[Mapping[Source, Callable[[], str]], ...]:
        """Questions that are asked one after another, each such turn of one collector."""
        return (
            {Source.HOME_STARTDS: lambda: self._regular(lent), Source.QUEUE: self._queue},
            {Source.HOME_MASTERS: self._masters, Source.KEEPERS: self._keepers},
            {Source.FLOCK_STARTDS: self._flock},
        )

    def _ask_in_turn(self, questions: Mapping[Source, Callable[[], str]]) -> None:
        is_silent = False
        for source, ask in questions.items():
            if is_silent:
                self._fail(source, "its collector does not answer", 0.0, Doubt.SILENT)
            elif self._ask(source, ask):
                is_silent = True
                self._silent.add(Source.HOME_STARTDS if source in HOME else source)

    def _regular(self, lent: int) -> str:
        answer = self._pool.regular_startds(None)
        doubt = self._doubt(Source.HOME_STARTDS, len(self._last.regular), len(answer) + lent)
        if not doubt:
            self._last.regular = answer
        return doubt

    def _masters(self) -> str:
        self._last.masters = self._with_off_since(self._pool.regular_masters(None))
        return ""

    def _with_off_since(self, answer: Mapping[str, RegularMaster]) -> Mapping[str, RegularMaster]:
        """Off without a break since the first time it was seen so."""
        now, before = self._clock.wall_s(), self._last.masters
        off = {
            name: dataclasses.replace(master, off_since_s=_off_since(before.get(name), now))
            for name, master in answer.items()
            if master.startd_off
        }
        return {**answer, **off}

    def _keepers(self) -> str:
        answer = self._pool.keepers(None)
        doubt = self._doubt(Source.KEEPERS, len(self._last.keepers), len(answer))
        if not doubt:
            self._last.keepers = answer
        return doubt

    def _flock(self) -> str:
        self._last.flock = self._pool.flock_startds(None)
        return ""

    def _queue(self) -> str:
        self._last.queue = self._pool.queue()
        missing = self._last.queue.missing_schedds
        return f"no word from {', '.join(missing)}" if missing else ""

    def _doubt(self, source: Source, before: int, now: int) -> str:
        """A mass disappearance is believed only when it has lasted as long as a young collector."""
        doubt = plausible.vanished(before, now)
        if not doubt:
            self._vanished_at.pop(source, None)
            return ""
        since = self._vanished_at.setdefault(source, self._clock.steady_s())
        return doubt if self._clock.steady_s() - since < self._settings.timers.young_collector_s else ""

    def _ask(self, source: Source, ask: Callable[[], str]) -> bool:
        """Ask; True if the collector was silent."""
        began = self._clock.steady_s()
        try:
            problem = ask()
        except PoolUnavailable as exc:
            self._fail(source, str(exc), self._clock.steady_s() - began, _class_of(exc))
            return not exc.refused
        took = self._clock.steady_s() - began
        doubted = problem and source is not Source.QUEUE and source in self._readings
        at = self._readings[source].at_s if doubted else self._clock.wall_s()
        doubt = (Doubt.INCOMPLETE if source is Source.QUEUE else Doubt.VANISHED) if problem else None
        self._readings[source] = Reading(source=source, at_s=at, problem=problem or None, asked_s=took, doubt=doubt)
        return False

    def _fail(self, source: Source, problem: str, took: float, doubt: Doubt) -> None:
        last = self._readings.get(source)
        at = last.at_s if last else 0.0
        self._readings[source] = Reading(source=source, at_s=at, problem=problem, asked_s=took, doubt=doubt)

    def _doubt_young(self) -> None:
        if self._silent:
            unknown = "a collector is silent: the collectors' ages are not known"
            self._mark((*HOME, Source.FLOCK_STARTDS), unknown, Doubt.SILENT)
            return
        try:
            home, flock = self._pool.collector_age_s()
        except PoolUnavailable as exc:
            self._mark((*HOME, Source.FLOCK_STARTDS), f"the collectors' ages are not known: {exc}", _class_of(exc))
            return
        limit = self._settings.timers.young_collector_s
        self._mark(HOME, plausible.young(home, limit), Doubt.YOUNG)
        self._mark((Source.FLOCK_STARTDS,), plausible.young(flock, limit), Doubt.YOUNG)

    def _doubt_clock(self) -> None:
        last = self._last
        heard = [ad.heard_at_s for ads in (last.regular, last.masters, last.keepers) for ad in ads.values()]
        silent_s = self._settings.timers.stale_factor * self._settings.timers.ad_period_s
        if heard:
            self._mark(HOME, plausible.own_clock(max(heard), self._clock.wall_s(), silent_s), Doubt.CLOCK)

    def _mark(self, sources: Iterable[Source], problem: str, doubt: Doubt) -> None:
        for source in sources:
            reading = self._readings.get(source)
            if problem and reading is not None and not reading.problem:
                self._readings[source] = dataclasses.replace(reading, problem=problem, doubt=doubt)

    def _snapshot(self, looked_at: Sequence[HostPair]) -> Snapshot:
        """Of all hosts; the facts of those looked at are new."""
        self._hosts = {**self._hosts, **{pair.host: self._facts(pair) for pair in looked_at}}
        return Snapshot(
            at_s=self._clock.wall_s(),
            hosts=self._hosts,
            queue=self._last.queue,
            readings=dict(self._readings),
            unmanaged=self._pairing.unmanaged,
            naming_problems=tuple(
                f"hosts.regular, hosts.flock: {collision.why}; put all but one into hosts.pairs or hosts.exclude"
                for collision in self._pairing.collisions
            ),
        )

    def _everybody(self) -> list[HostPair]:
        """Hosts in the pool or named by the settings. Excluded ones are seen and shown like any other; the policy
        refuses to lend them."""
        machines = {*self._last.regular, *self._last.keepers, *self._settings.hosts.pairs}
        if machines != self._machines:
            self._machines, self._pairing = machines, pair_hosts(machines, self._settings.hosts)
        return [*self._pairing.pairs, *self._pairing.excluded]

    def _facts(self, pair: HostPair) -> HostFacts:
        last = self._last
        return HostFacts(
            pair=pair,
            regular=last.regular.get(pair.host),
            master=last.masters.get(pair.host),
            flock=last.flock.get(pair.flock_name),
            keeper=last.keepers.get(pair.host),
        )


def _class_of(exc: PoolUnavailable) -> Doubt:
    return Doubt.REFUSED if exc.refused else Doubt.SILENT


def _merged(old: Mapping[str, T], asked: Iterable[str], answer: Mapping[str, T]) -> Mapping[str, T]:
    """`old` with the asked names replaced, or dropped where the answer has none."""
    names = set(asked)
    return {**{name: value for name, value in old.items() if name not in names}, **answer}


def _off_since(before: RegularMaster | None, now: float) -> float:
    return now if before is None or before.off_since_s is None else before.off_since_s
