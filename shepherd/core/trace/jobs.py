"""Which job ran in which slot of a container, from when to when: what its startd wrote, joined."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence

from shepherd.core.trace.startd_files import Activated, JobAd, Over, Restarted
from shepherd.model.stop import JobSeen
from shepherd.model.trace import EndSeen, JobBegun, JobEnded, TraceRecord

CLOCK_STEP_S = 600.0
"""By so much a clock may have been set back since the container began."""
AD_WAIT_S = 3.0
"""So long an activation waits for its job's ad, which stands in another file."""
OVER_WAIT_S = 10.0
"""So long a run that was over waits to be told how it ended."""
BEGUN_S = 2.0
"""The startd's second of a beginning and the event that tells of it are no further apart."""
KEPT = 2000
"""Ads, and ends, that nothing was found for: as many are kept."""
SLOT_REUSED = "its end was not told; its slot had another job"
STARTD_ANEW = "its end was not told; its startd began anew"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """The container whose jobs these are."""

    source: str
    host: str
    container: str
    since_s: float
    """Nothing in it is older."""
    first_uid: int
    """Account of `slot1_1`, by the image's recipe; the next slot has the next."""
    slots: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """A job that has begun, and of which no end was told."""

    begun: JobBegun
    job: str
    start: str = ""
    next_s: float | None = None
    """When the next run began in its slot, or its startd began anew: it was over by then."""
    next_why: str = SLOT_REUSED
    """What is told of it if its end never is."""
    claimer: str = ""
    """The user that the claim was made for; its job may say another."""


@dataclasses.dataclass(kw_only=True)
class Jobs:
    """What is known and not yet told. All of it is plain values: it outlives the process that gathers it."""

    place: Place
    activated: list[Activated | Restarted] = dataclasses.field(default_factory=list)
    """That wait for an ad, and what came after."""
    ads: list[JobAd] = dataclasses.field(default_factory=list)
    runs: list[Run] = dataclasses.field(default_factory=list)
    over: list[Over] = dataclasses.field(default_factory=list)

    def learn(
        self, events: Iterable[Activated | Restarted], ads: Iterable[JobAd], over: Iterable[Over], now_s: float
    ) -> list[TraceRecord]:
        """Take in what was written since the last time; what can be told of it, in the order of time."""
        self.activated += events
        self.ads += ads
        self.over += over
        return [*self._begin(now_s, math.inf), *self._end(now_s)]

    def settle(self, now_s: float) -> list[TraceRecord]:
        """Everything was read that there is: what still misses something has waited for it, or goes on waiting."""
        return [*self._begin(now_s, AD_WAIT_S), *self._end(now_s), *self._overtaken(now_s)]

    def finish(self, gone_s: float, how: EndSeen, why: str) -> list[TraceRecord]:
        """The container is gone, and nothing more will be written: everything that is open ends."""
        told: list[TraceRecord] = [*self._begin(gone_s, 0.0), *self._end(gone_s)]
        told += [
            self._lost(run, run.next_s) if run.next_s else self._ended(run, gone_s, how=how, why=why)
            for run in self.runs
        ]
        self.runs, self.ads, self.over = [], [], []
        return told

    def running(self) -> tuple[tuple[int, JobSeen], ...]:
        """By account, each name that what runs now goes by."""
        open_ = [run for run in self.runs if run.next_s is None]
        told = [(run.begun.uid, JobSeen(user=run.begun.user, address=run.begun.peer)) for run in open_]
        claimed = [(run.begun.uid, JobSeen(user=run.claimer, address=run.begun.peer)) for run in open_ if run.claimer]
        soon = [event for event in self.activated if isinstance(event, Activated) and event.ok]
        found = [*told, *claimed, *((self._uid(event), JobSeen(user=event.user)) for event in soon)]
        return tuple(dict.fromkeys((uid, job) for uid, job in found if uid >= 0))

    def _begin(self, now_s: float, wait_s: float) -> list[TraceRecord]:
        """Each activation with the ad that was written for it."""
        told: list[TraceRecord] = []
        waiting: list[Activated | Restarted] = []
        for event in self.activated:
            if isinstance(event, Restarted):
                self._followed(self._inside(event.at_s, now_s), STARTD_ANEW, lambda _: True)
                continue
            ad = self._ad_for(event)
            if ad is None and now_s - event.at_s < wait_s:
                waiting.append(event)
            elif event.ok:
                told.append(self._started(event, ad, now_s))
        self.activated = waiting
        del self.ads[:-KEPT]
        return told

    def _inside(self, at_s: float, now_s: float) -> float:
        """A time within the container's life; a clock may have been set meanwhile."""
        return min(max(at_s, self.place.since_s - CLOCK_STEP_S), now_s)

    def _followed(self, next_s: float, why: str, is_over: Callable[[Run], bool]) -> None:
        """These runs were over by then; how they ended may still be told."""
        self.runs = [
            dataclasses.replace(run, next_s=next_s, next_why=why) if run.next_s is None and is_over(run) else run
            for run in self.runs
        ]

    def _ad_for(self, event: Activated) -> JobAd | None:
        """The oldest ad of that slot and job; older ones of the slot were for what came to nothing."""
        of_slot = [ad for ad in self.ads if ad.slot == event.slot]
        matching = next((ad for ad in of_slot if ad.job == event.job or not event.job), None)
        if matching is not None:
            gone = of_slot[: of_slot.index(matching) + 1]
            self.ads = [ad for ad in self.ads if not any(ad is one for one in gone)]
        return matching

    def _started(self, event: Activated, ad: JobAd | None, now_s: float) -> JobBegun:
        at_s = self._inside(event.at_s, now_s)
        self._followed(at_s, SLOT_REUSED, lambda run: run.begun.slot == event.slot)
        ident = ad.ident if ad else ""
        begun = JobBegun(
            source=self.place.source,
            host=self.place.host,
            container=self.place.container,
            slot=event.slot,
            begun=f"{event.at_s:.3f}/{event.starter}",
            at_s=at_s,
            uid=self._uid(event),
            job=ident or event.job,
            user=(ad.user if ad else "") or event.user,
            owner=ad.owner if ad else "",
            schedd=ident.partition("#")[0] if "#" in ident else "",
            peer=ad.peer if ad else "",
            cpus=ad.cpus if ad else 0,
        )
        self.runs.append(Run(begun=begun, job=event.job, start=ad.start if ad else "", claimer=event.user))
        return begun

    def _uid(self, event: Activated) -> int:
        known = event.slot.startswith("slot1_") and 0 < event.number <= self.place.slots
        return self.place.first_uid + event.number - 1 if known else -1

    def _end(self, now_s: float) -> list[TraceRecord]:
        """Each end with a run of that job."""
        told: list[TraceRecord] = []
        waiting, self.over = self.over, []
        for over in waiting:
            runs = _nearest(over, [run for run in self.runs if _is_of(over, run)])
            if len({run.begun.slot for run in runs}) > 1:
                told += self._end_together(over, runs, now_s)
            elif (run := _run_of(over, runs)) is None:
                self.over.append(over)
            else:
                told.append(self._end_of(run, over, now_s))
        del self.over[:-KEPT]
        return told

    def _end_of(self, run: Run, over: Over, now_s: float) -> TraceRecord:
        self.runs = [one for one in self.runs if one is not run]
        at_s = min(over.at_s + 1.0, now_s, run.next_s or now_s)
        why = "" if over.exit_code is not None or over.exit_signal is not None else "no exit of the job was told"
        return self._ended(run, at_s, exit_code=over.exit_code, exit_signal=over.exit_signal, why=why)

    def _end_together(self, over: Over, runs: Sequence[Run], now_s: float) -> list[TraceRecord]:
        """Several slots run what calls itself one job, since the same second: whose end this is nobody can tell, and a
        schedd must not end one by another. They end when all of them have."""
        same = [one for one in self.over if _nearest(one, [run for run in runs if _is_of(one, run)]) == runs]
        if len(same) + 1 < len(runs):
            self.over.append(over)
            return []
        self.over = [one for one in self.over if one not in same]
        return [self._end_of(run, over, now_s) for run in runs]

    def _overtaken(self, now_s: float) -> list[TraceRecord]:
        """Runs that were over some time ago, and whose end nobody told."""
        lost = [run for run in self.runs if run.next_s is not None and now_s - run.next_s >= OVER_WAIT_S]
        self.runs = [run for run in self.runs if not any(run is one for one in lost)]
        return [self._lost(run, run.next_s or now_s) for run in lost]

    def _lost(self, run: Run, next_s: float) -> JobEnded:
        return self._ended(run, next_s, how=EndSeen.BY_LOOK, why=run.next_why)

    def _ended(
        self,
        run: Run,
        at_s: float,
        *,
        how: EndSeen = EndSeen.SEEN,
        exit_code: int | None = None,
        exit_signal: int | None = None,
        why: str = "",
    ) -> JobEnded:
        return JobEnded(
            source=self.place.source,
            host=self.place.host,
            container=self.place.container,
            slot=run.begun.slot,
            begun=run.begun.begun,
            at_s=max(at_s, run.begun.at_s),
            how=how,
            exit_code=exit_code,
            exit_signal=exit_signal,
            why=why,
        )


def _is_of(over: Over, run: Run) -> bool:
    """Whether an end is that of a run. One that began after it is another."""
    same = over.ident == run.begun.job if over.ident else over.job == run.job
    is_start = not over.start or not run.start or over.start == run.start
    return same and is_start and over.at_s + 1.0 >= run.begun.at_s


def _nearest(over: Over, runs: list[Run]) -> list[Run]:
    """Of the runs that call themselves one job those that began when the startd says that this one did."""
    if over.begun_s is None or not runs:
        return runs
    apart_s = [abs(over.begun_s - run.begun.at_s) for run in runs]
    return [run for run, one_s in zip(runs, apart_s, strict=True) if one_s <= min(apart_s) + BEGUN_S]


def _run_of(over: Over, runs: Sequence[Run]) -> Run | None:
    """Of the runs of one job the newest that had begun in the second before; of those that began in the very second of
    the end the first."""
    before = [run for run in runs if run.begun.at_s <= over.at_s]
    return before[-1] if before else next(iter(runs), None)
