"""Keeping checks silent while their startd is meant to be away: beside the loop, one turn of requests at a time.

The monitoring's own list of silences is what is; nothing of it is remembered over a restart. Silences are asked for in
turns of a thread, at most one at a time; the loop only plans, records before and after, and never waits.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from shepherd.core.monitoring.names import checks_of
from shepherd.core.monitoring.plan import is_silent, plan
from shepherd.core.monitoring.wishes import Wish, is_urgent, wishes_of
from shepherd.errors import ShepherdError
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.few import few
from shepherd.model.host import HostName, HostPair, LeaseId
from shepherd.model.monitoring import Begin, Call, End, Heartbeat, Silence, SilenceKind
from shepherd.model.observation import Snapshot
from shepherd.model.orders import Stage, SwitchRecord
from shepherd.model.settings import Settings
from shepherd.ports import Clock, Log, Monitoring
from shepherd.programs.diary import Diary
from shepherd.programs.errand import Background, Errand
from shepherd.programs.silencer_turn import Turn, Work

LIST_S = 60.0
"""How often the monitoring is asked what is silent. Seconds."""
MOST_CALLS = 50
"""Requests of one turn, at most: what becomes urgent meanwhile comes next."""
RETRY_S, RETRY_MOST_S = 3.0, 60.0
"""A silent monitoring is asked again after this, doubled each time up to the second. Seconds."""
REFUSED_S, REFUSED_MOST_S = 15.0, 240.0
"""The same for one check that the monitoring says no to."""
SHOWN = 3
BEATS = 3
"""Signs of life in the time for which one lasts."""
BATCH = "monitoring"
"""Cause of records that belong to no lend."""


Asked = tuple[str, type[Call]]
"""A check, and what is asked for it."""


@dataclasses.dataclass(kw_only=True)
class PutOff:
    """What the monitoring refused."""

    until_s: float
    delay_s: float
    why: str


class Silencer:
    """The silences of one pool. Used from the loop's thread."""

    def __init__(
        self,
        *,
        settings: Settings,
        monitoring: Monitoring | None,
        background: Background,
        diary: Diary,
        clock: Clock,
        log: Log,
        instance: str,
    ) -> None:
        """Without a monitoring nothing is silenced and nothing waits."""
        self._background, self._diary, self._clock, self._log = background, diary, clock, log
        self._instance = instance
        self._waiting: dict[LeaseId, float] = {}
        self._late: set[LeaseId] = set()
        self._beat: Heartbeat | None = None
        self._beat_s = 0.0
        self.adopt(settings, monitoring)

    def adopt(self, settings: Settings, monitoring: Monitoring | None) -> None:
        """Begin, or go on with other settings: everything is asked anew, and a turn under way is forgotten."""
        self._settings, self._monitoring = settings, monitoring
        self._errand: Errand[Turn] = Errand(self._background)
        self._wishes: dict[str, Wish] = {}
        self._silences: dict[str, dict[str, Silence]] = {}
        """By check, then by name; those that are being ended are not in it."""
        self._stages: dict[HostName, Stage] | None = None
        self._put_off: dict[Asked, PutOff] = {}
        self._trouble = self._beat_trouble = self._unseen = ""
        self._begun_s = self._next_s = self._plan_s = self._list_s = 0.0
        self._retry_s = RETRY_S
        self._is_listed = False
        self._is_settled = False
        """Nothing was to be asked for, and nothing has changed since."""
        self._other_kind: SilenceKind | None = _other(settings.icinga.silence)
        """To be asked for: what a shepherd with another setting left, until nothing of it is there."""

    # -- the loop's side ----------------------------------------------------------------------------------------------

    def follow(self, snapshot: Snapshot, switches: Mapping[HostName, SwitchRecord], *, is_alone: bool) -> None:
        """Take in what came back, and begin the next turn if there is something to do. Called at every tick. Nothing
        is silenced before it is known that no other shepherd runs this pool (`is_alone`)."""
        if self._monitoring is None:
            return
        now_s = self._clock.steady_s()
        if (turn := self._errand.take()) is not None:
            self._fold(turn, now_s)
        if not self._errand.busy and now_s >= self._next_s:
            self._wish(snapshot, switches, now_s)
            self._begin(self._monitoring, switches, now_s, is_alone=is_alone)

    def wants_beat(self) -> bool:
        """Whether a sign of life is due."""
        is_told = self._monitoring is not None and bool(self._settings.icinga.heartbeat)
        return is_told and self._clock.steady_s() >= self._beat_s

    def beat(self, heartbeat: Heartbeat) -> None:
        """The loop lives, and this is how it is: handed in with the next turn."""
        self._beat = heartbeat

    def waits_for(self, record: SwitchRecord) -> str:
        """Why the intended outage of a lend must wait, or the empty string. Bounded by `lend_waits_s`, by the steady
        clock, from the first time this process is asked."""
        icinga, now_s = self._settings.icinga, self._clock.steady_s()
        if self._monitoring is None or not icinga.regular:
            return ""
        since_s = self._waiting.setdefault(record.lease, now_s)
        regular, _ = checks_of(HostPair(host=record.host, flock_name=record.flock_name), icinga)
        loud = [check for check in regular if not self._is_silent(check)]
        if not loud:
            return ""
        if now_s - since_s < icinga.lend_waits_s:
            return f"{few(loud)} is not silent yet"
        if record.lease not in self._late:
            self._late.add(record.lease)
            self._log("lent without silence", host=record.host, checks=loud, problem=self.problem)
        return ""

    @property
    def problem(self) -> str:
        """What an administrator should know, or the empty string."""
        if self._monitoring is None:
            return ""
        told = [one for one in (self._silent() or self._trouble, self._beat_trouble, *self._refusals()) if one]
        return f"Icinga: {'; '.join(told)}" if told else ""

    @property
    def is_heard(self) -> bool | None:
        """Whether Icinga answers and does as asked; None: there is none."""
        return None if self._monitoring is None else not (self._silent() or self._trouble)

    @property
    def owed(self) -> int:
        """Silences that are to begin or to end, refused ones among them."""
        if self._monitoring is None or self._is_settled:
            return 0
        there = [one for of_check in self._silences.values() for one in of_check.values()]
        return len(plan(self._wishes, there, (), self._settings.icinga, self._clock.wall_s()))

    def _silent(self) -> str:
        held_s = self._clock.steady_s() - self._begun_s if self._errand.busy else 0.0
        return f"no answer for {held_s:.0f} s" if held_s > 4 * self._settings.icinga.request_s else ""

    def _refusals(self) -> Iterator[str]:
        """What Icinga does not let us do, of what is to be done."""
        icinga, put_off = self._settings.icinga, dict(self._put_off)
        stay = [check for check, of_check in self._silences.items() if self._is_left(check, of_check)]
        if stay:
            why = {put_off.pop((check, End)).why for check in stay}
            yield (f"{len(stay)} checks are still switched off by us, and user {icinga.user} may not switch them on "
                   f"({min(why)}): set icinga.user to the one that may (`shepherd-checks`) until they are")  # fmt: skip
        if self._unseen:
            yield f"whether checks are switched off, or in downtime, from before is not seen: {self._unseen}"
        yield few(sorted(f"{check}: {one.why}" for (check, _), one in put_off.items()), SHOWN)

    def _is_left(self, check: str, there: Mapping[str, Silence]) -> bool:
        """Switched off by a shepherd with another setting, and we may not switch it on."""
        is_refused = self._settings.icinga.silence is SilenceKind.DOWNTIME and (check, End) in self._put_off
        return is_refused and any(one.kind is SilenceKind.CHECKS_OFF for one in there.values())

    # -- planning -----------------------------------------------------------------------------------------------------

    def _wish(self, snapshot: Snapshot, switches: Mapping[HostName, SwitchRecord], now_s: float) -> None:
        """All hosts are gone through once a look, and when a switch has come further."""
        stages = {host: record.stage for host, record in switches.items()}
        if stages == self._stages and now_s < self._plan_s:
            return
        self._stages, self._plan_s, self._is_settled = stages, now_s + self._settings.timers.look_s, False
        self._wishes = wishes_of(snapshot, switches, self._settings, self._instance, self._clock.wall_s())
        leases = {record.lease for record in switches.values()}
        self._waiting = {lease: since_s for lease, since_s in self._waiting.items() if lease in leases}
        self._late &= leases

    def _begin(
        self, monitoring: Monitoring, switches: Mapping[HostName, SwitchRecord], now_s: float, *, is_alone: bool
    ) -> None:
        icinga, beat = self._settings.icinga, self._beat
        kinds: tuple[SilenceKind, ...] = ()
        calls: tuple[Call, ...] = ()
        if not self._is_listed or now_s >= self._list_s:
            kinds = tuple(kind for kind in (icinga.silence, self._other_kind) if kind)
        elif is_alone and not self._is_settled:
            calls = self._calls(switches, now_s)
            self._is_settled = not calls
        if not kinds and not calls and beat is None:
            return
        self._record(calls)
        if beat is not None:
            self._beat, self._beat_s = None, now_s + beat.ttl_s / BEATS
        self._begun_s = now_s
        self._errand.start(
            Work(
                monitoring=monitoring, clock=self._clock, within_s=icinga.request_s, beat=beat, kinds=kinds, calls=calls
            ).run
        )

    def _calls(self, switches: Mapping[HostName, SwitchRecord], now_s: float) -> tuple[Call, ...]:
        urgent = {host for host, record in switches.items() if is_urgent(record)}
        there = [one for of_check in self._silences.values() for one in of_check.values()]
        every = plan(self._wishes, there, urgent, self._settings.icinga, self._clock.wall_s())
        wanted = {_asked(call) for call in every}
        self._put_off = {asked: one for asked, one in self._put_off.items() if asked in wanted}
        put_off = {asked for asked, one in self._put_off.items() if now_s < one.until_s}
        calls = tuple(call for call in every if _asked(call) not in put_off)[:MOST_CALLS]
        for call in calls:
            if isinstance(call, End):
                self._silences[call.check].pop(call.silence.name)
        return calls

    def _is_silent(self, check: str) -> bool:
        there = tuple(self._silences.get(check, {}).values())
        return is_silent(there, self._settings.icinga, self._clock.wall_s())

    # -- folding in ---------------------------------------------------------------------------------------------------

    def _fold(self, turn: Turn | ShepherdError, now_s: float) -> None:
        self._is_settled = False
        if isinstance(turn, ShepherdError):
            turn = Turn(problem=turn.diagnosis())
        if turn.listed is not None:
            self._listed(turn.listed, turn.unseen, now_s)
        for call, made in turn.done:
            self._put_off.pop(_asked(call), None)
            if made is not None:
                self._silences.setdefault(made.check, {})[made.name] = made
        for call, why in turn.refused:
            self._refused(call, why, now_s)
        for call in (*(call for call, _ in turn.refused), *turn.unasked):
            if isinstance(call, End):
                self._silences.setdefault(call.check, {})[call.silence.name] = call.silence
        self._outcomes(turn)
        if turn.beat_problem is not None:
            self._beat_trouble = f"sign of life: {turn.beat_problem}" if turn.beat_problem else ""
            if turn.beat_problem:
                self._beat_s -= self._settings.icinga.heartbeat_ttl_s / BEATS / 2
        self._troubled(turn.problem, now_s)

    def _listed(self, listed: Sequence[Silence], unseen: str, now_s: float) -> None:
        other, self._silences, self._unseen = _other(self._settings.icinga.silence), {}, unseen
        is_left = bool(unseen)
        for one in listed:
            if one.mark.pool == self._settings.home.name:
                self._silences.setdefault(one.check, {})[one.name] = one
                is_left |= one.kind is other
        self._is_listed, self._other_kind, self._list_s = True, other if is_left else None, now_s + LIST_S

    def _refused(self, call: Call, why: str, now_s: float) -> None:
        before = self._put_off.get(_asked(call))
        delay_s = min(2 * before.delay_s, REFUSED_MOST_S) if before else REFUSED_S
        self._put_off[_asked(call)] = PutOff(until_s=now_s + delay_s, delay_s=delay_s, why=why)
        if before is None:
            self._log("the monitoring refused", check=call.check, problem=why)

    def _troubled(self, problem: str, now_s: float) -> None:
        """After a request that may have been heard, what is there is asked for before anything else."""
        if problem and problem != self._trouble:
            self._log("the monitoring does not do as asked", problem=problem)
        if self._trouble and not problem:
            self._log("the monitoring does as asked again")
        self._trouble = problem
        if problem:
            self._list_s = 0.0
            self._next_s, self._retry_s = now_s + self._retry_s, min(2 * self._retry_s, RETRY_MOST_S)
        else:
            self._retry_s = RETRY_S

    # -- records ------------------------------------------------------------------------------------------------------

    def _record(self, calls: Sequence[Call]) -> None:
        """Before: one record for each lend, one for all others. What cannot be recorded is asked for all the same, as
        it harms nobody."""
        self._write(EntryKind.STEP, [(call, {}) for call in calls])

    def _outcomes(self, turn: Turn) -> None:
        """After."""
        told: list[tuple[Call, Mapping[str, object]]] = [(call, {"result": "done"}) for call, _ in turn.done]
        told += [(call, {"result": "refused", "detail": why}) for call, why in turn.refused]
        told += [(call, {"result": "not asked"}) for call in turn.unasked]
        self._write(EntryKind.OUTCOME, told)

    def _write(self, kind: EntryKind, calls: Sequence[tuple[Call, Mapping[str, object]]]) -> None:
        now, entries = self._clock.wall_s(), []
        for call, more in calls:
            if call.mark.lease:
                body = {**_body(call), **more}
                entries.append(Entry(at_s=now, kind=kind, cause=call.mark.lease, host=call.mark.host, body=body))
        if others := [{**_body(call), **more} for call, more in calls if not call.mark.lease]:
            entries.append(Entry(at_s=now, kind=kind, cause=BATCH, body={"kind": BATCH, "calls": others}))
        if entries:
            self._diary.write(entries)


def _asked(call: Call) -> Asked:
    return call.check, type(call)


def _body(call: Call) -> dict[str, object]:
    match call:
        case Begin():
            return {"kind": "silence", "check": call.check, "how": call.kind.value, "until_s": call.until_s}
        case End():
            return {"kind": "unsilence", "check": call.check, "name": call.silence.name}


def _other(kind: SilenceKind) -> SilenceKind:
    return SilenceKind.CHECKS_OFF if kind is SilenceKind.DOWNTIME else SilenceKind.DOWNTIME
