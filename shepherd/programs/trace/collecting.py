"""The shepherd's collecting of what hosts and the gateway record: beside the loop, which only plans and acknowledges.

A few sources are asked at a time, each in a worker of its own, so that a silent host holds up nobody; one worker writes
to the store. A source is acknowledged, on the next lease pages, only when the store has said that it has it.
"""

import dataclasses
from collections.abc import Iterable, Mapping

from shepherd.core.trace.collect import believed, lost, oldest
from shepherd.errors import InvariantBroken, ShepherdError, TraceRefused
from shepherd.model.host import HostName
from shepherd.model.trace import Gap, Segment, TraceRecord
from shepherd.ports import Clock, Log
from shepherd.ports_trace import SpoolSource, TraceWriter
from shepherd.programs.errand import Background, Errand
from shepherd.programs.pages import LeasePages

AT_ONCE = 8
"""Segments of one source that are fetched in one go."""
RETRY_S, RETRY_MOST_S = 5.0, 300.0
"""A source that does not hand anything out is asked again after this, doubled each time."""
TOGETHER = 10
"""Sources that one worker asks, one after the other."""
CAUGHT_MOST = 100
"""While so much waits for the store, nothing more is fetched."""
TRIES = 3
"""So often a segment that makes no sense is asked for before it is given up."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Catch:
    """What one worker brings from one source."""

    segments: tuple[Segment, ...] = ()
    notes: tuple[TraceRecord, ...] = ()
    """About segments that nobody will have."""
    reached: int = 0
    """All up to this one were fetched, or are lost."""
    gaps: int = 0
    """Told of in these."""
    lost: str = ""
    """Why the newest of them are lost, if that is not among `notes` yet: until when they were is told by the next one
    that can be had."""
    problem: str = ""


@dataclasses.dataclass(kw_only=True)
class Source:
    """How far one source was followed."""

    reached: int
    """Its newest segment that is stored, or on its way there."""
    stored: int
    until_s: float = 0.0
    """When its last segment that could be had was sealed; 0: not known."""
    lost: str = ""
    """As a catch has it."""
    not_before_s: float = 0.0
    retry_s: float = RETRY_S
    problem: str = ""
    tries: int = 0


class Collecting:
    """Follows every source that says it has something. Used from the loop's thread."""

    def __init__(
        self,
        *,
        source: SpoolSource,
        store: TraceWriter,
        background: Background,
        clock: Clock,
        log: Log,
        pages: LeasePages,
        fetchers: int,
        fetch_s: float,
    ) -> None:
        """`pages` carry what is stored at their next issue; none is made for it alone."""
        self.fetch_s = fetch_s
        self._source, self._store, self._clock, self._log = source, store, clock, log
        self.pages = pages
        self._idle = [Errand[list[tuple[str, Catch]]](background) for _ in range(fetchers)]
        self._busy: list[Errand[list[tuple[str, Catch]]]] = []
        self._asked: set[str] = set()
        """Sources that a worker has."""
        self._write: Errand[Mapping[str, int]] = Errand(background)
        self._sources: dict[str, Source] | None = None
        """None: what is stored is not known yet."""
        self._caught: list[tuple[str, Catch]] = []
        self._notes: list[TraceRecord] = []
        self._writing: tuple[list[tuple[str, Catch]], list[TraceRecord]] = ([], [])
        self._retry_s = 0.0
        self.stored_at_s = 0.0
        """When something was stored last, epoch seconds; 0: not yet."""
        self.gaps = 0
        """In what was stored since the start."""
        self.problem = ""
        """Why nothing can be stored; empty if all is well."""

    def note(self, records: list[TraceRecord]) -> None:
        """What the shepherd itself has seen."""
        self._notes += records

    def follow(self, spooled: Mapping[str, int]) -> None:
        """Take in what came back; fetch and store what is due. `spooled`: by source, its newest sealed segment."""
        self._stored()
        if self._sources is None:
            self._begin_write()
            return
        self._take_fetched()
        if len(self._caught) < CAUGHT_MOST:
            self._begin_fetches(spooled)
        self._begin_write()

    # --- fetching ---

    def _begin_fetches(self, spooled: Mapping[str, int]) -> None:
        """Give sources that have something new to workers: those that answered last time together, others alone."""
        due = [name for name in sorted(spooled) if self._is_due(name, spooled[name])]
        well = [name for name in due if not self._known(name).problem]
        rounds = [well[at : at + TOGETHER] for at in range(0, len(well), TOGETHER)]
        for names in [*rounds, *([name] for name in due if self._known(name).problem)][: len(self._idle)]:
            errand = self._idle.pop()
            asked = [(name, dataclasses.replace(self._known(name)), spooled[name]) for name in names]
            if errand.start(lambda asked=asked: caught_from_all(self._source, asked)):  # type: ignore[misc]
                self._busy.append(errand)
                self._asked |= set(names)

    def _known(self, name: str) -> Source:
        if self._sources is None:
            raise InvariantBroken("sources are followed before it is known what is stored of them")
        return self._sources.setdefault(name, Source(reached=0, stored=0))

    def _is_due(self, name: str, newest: int) -> bool:
        source = self._known(name)
        return newest > source.reached and name not in self._asked and self._clock.steady_s() >= source.not_before_s

    def _take_fetched(self) -> None:
        for errand in list(self._busy):
            outcome = errand.take()
            if outcome is None:
                continue
            self._busy.remove(errand)
            self._idle.append(errand)
            if isinstance(outcome, ShepherdError):
                raise outcome
            for name, catch in outcome:
                self._take_in(name, catch)

    def _take_in(self, name: str, catch: Catch) -> None:
        source = self._known(name)
        self._asked.discard(name)
        source.not_before_s = self._clock.steady_s() + self.fetch_s
        self._complain(name, source, catch.problem)
        if catch.reached > source.reached:
            source.reached, source.lost = catch.reached, catch.lost
            source.until_s = catch.segments[-1].sealed_at_s if catch.segments else source.until_s
            self._caught.append((name, catch))
            if len(catch.segments) == AT_ONCE and not catch.problem:
                source.not_before_s = 0.0

    def _complain(self, name: str, source: Source, problem: str) -> None:
        """Ask again later, and say why once."""
        if not problem:
            source.problem, source.retry_s, source.tries = "", RETRY_S, 0
            return
        if not source.problem:
            self._log("what a source has recorded cannot be fetched", source=name, problem=problem)
        source.problem, source.tries = problem, source.tries + 1
        source.not_before_s = self._clock.steady_s() + source.retry_s
        source.retry_s = min(source.retry_s * 2, RETRY_MOST_S)

    # --- storing ---

    def _begin_write(self) -> None:
        due = self._sources is None or self._caught or self._notes
        if not due or self._write.busy or self._clock.steady_s() < self._retry_s:
            return
        caught, notes = self._caught, self._notes
        if self._write.start(lambda: stored(self._store, caught, notes)):
            self._writing, self._caught, self._notes = (caught, notes), [], []

    def _stored(self) -> None:
        """What the store has, once it has said so. What it did not take is tried again: twice is once there."""
        outcome = self._write.take()
        if outcome is None:
            return
        if isinstance(outcome, ShepherdError):
            if not self.problem:
                self._log("what hosts have recorded cannot be stored", problem=outcome.diagnosis())
            self.problem, self._retry_s = outcome.diagnosis(), self._clock.steady_s() + RETRY_S
            self._caught, self._notes = [*self._writing[0], *self._caught], [*self._writing[1], *self._notes]
            return
        self.problem = ""
        known = self._sources or {}
        self._sources = {name: Source(reached=number, stored=number) for name, number in outcome.items()} | known
        if self._writing != ([], []):
            self.stored_at_s = self._clock.wall_s()
        self.gaps += gaps_in(self._writing[1]) + sum(catch.gaps for _, catch in self._writing[0])
        for name, catch in self._writing[0]:
            self._sources[name].stored = max(self._sources[name].stored, catch.reached)
        self.acknowledge()

    def acknowledge(self) -> None:
        """Put what is stored beside the leases; pages that are made anew are given it, too."""
        said = sorted((HostName(name), one.stored) for name, one in (self._sources or {}).items() if one.stored)
        if tuple(said) != self.pages.beside.spooled:
            self.pages.beside = dataclasses.replace(self.pages.beside, spooled=tuple(said))

    @property
    def behind(self) -> int:
        """Sources whose records cannot be fetched."""
        return sum(bool(source.problem) for source in (self._sources or {}).values())

    @property
    def stored(self) -> Mapping[str, int]:
        """By source, the newest segment that the store has."""
        return {name: source.stored for name, source in (self._sources or {}).items()}


def gaps_in(records: Iterable[TraceRecord]) -> int:
    """How many of them tell of a gap."""
    return sum(isinstance(record, Gap) for record in records)


def stored(
    store: TraceWriter, caught: list[tuple[str, Catch]], notes: list[TraceRecord]
) -> Mapping[str, int]:
    """Store all of it; by source, what the store has then. What is told of lost segments comes first: whoever dies in
    between tells it twice, and not never. Raises LedgerUnavailable."""
    told = [*notes, *(note for _, catch in caught for note in catch.notes)]
    if told:
        store.note(told)
    for _, catch in caught:
        for segment in catch.segments:
            store.add(segment)
    return store.stored()


def caught_from_all(spools: SpoolSource, asked: list[tuple[str, Source, int]]) -> list[tuple[str, Catch]]:
    """The next segments of some sources: of each what could be had, and why no more."""
    caught = []
    for name, known, newest in asked:
        try:
            catch = caught_from(spools, name, known, newest)
        except ShepherdError as exc:
            catch = Catch(reached=known.reached, problem=exc.diagnosis())
        caught.append((name, catch))
    return caught


@dataclasses.dataclass(kw_only=True)
class Pull:
    """One go at the next segments of a source."""

    spools: SpoolSource
    name: str
    known: Source
    newest: int
    reached: int
    missed: str
    segments: list[Segment] = dataclasses.field(default_factory=list)
    notes: list[TraceRecord] = dataclasses.field(default_factory=list)

    def step(self) -> str:
        """One more; why it cannot be had, empty if it can. Raises Unavailable, CommandFailed."""
        try:
            segment = fetched(self.spools, self.name, self.reached + 1) or self._oldest()
        except TraceRefused as refused:
            if self.known.tries < TRIES or self.segments:
                return str(refused)
            self.reached += 1
            self.missed = f"segment {self.reached} makes no sense: {refused}"
            return ""
        if segment is None:
            return "it has none of the segments that it speaks of"
        if self.missed:
            until_s = self.segments[-1].sealed_at_s if self.segments else self.known.until_s
            self.notes += lost(self.name, until_s, segment.sealed_at_s, self.missed)
        self.segments.append(segment)
        self.reached, self.missed = segment.number, ""
        return ""

    def _oldest(self) -> Segment | None:
        """The first segment after those that are gone."""
        segment = oldest_of(self.spools, self.name, self.reached, self.newest)
        if segment is not None and self.reached and not self.missed:
            gone = f"{self.reached + 1} to {segment.number - 1}"
            self.missed = f"segments {gone} were gone before they were fetched"
        return segment

    def caught(self, problem: str) -> Catch:
        """What it has brought."""
        return Catch(
            segments=tuple(self.segments),
            notes=tuple(self.notes),
            gaps=gaps_in(self.notes) + sum(gaps_in(segment.records) for segment in self.segments),
            reached=self.reached,
            lost=self.missed,
            problem=problem,
        )


def caught_from(spools: SpoolSource, name: str, known: Source, newest: int) -> Catch:
    """The next segments of one source. Raises Unavailable, CommandFailed if not even one could be asked for."""
    pull = Pull(spools=spools, name=name, known=known, newest=newest, reached=known.reached, missed=known.lost)
    problem = ""
    for _ in range(AT_ONCE):
        if problem or pull.reached >= newest:
            break
        try:
            problem = pull.step()
        except ShepherdError as exc:
            if not pull.segments:
                raise
            problem = exc.diagnosis()
    return pull.caught(problem)


def fetched(spools: SpoolSource, name: str, number: int) -> Segment | None:
    """One segment that can be believed; None if it is gone. Raises TraceRefused and what the port does."""
    segment = spools.fetch(name, number)
    return believed(segment, name, number) if segment is not None else None


def oldest_of(spools: SpoolSource, name: str, above: int, newest: int) -> Segment | None:
    """The first segment after those that are gone. Raises as `fetched`."""
    number = oldest(newest, above, lambda one: spools.fetch(name, one) is not None)
    return fetched(spools, name, number) if number is not None else None
