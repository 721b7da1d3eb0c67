"""A recorded moment as it would have been with other hosts lent.

The local work of then is laid on the hosts that would have been local at every moment anew, and each job is there for
as long as it was on record. One that would have had to wait is not put off but gone when it was gone, so that what
waits here is the least that would have waited.
"""

import dataclasses
from collections.abc import Mapping

from shepherd.core.replay import hosts
from shepherd.core.replay.herds import Herds
from shepherd.core.replay.local_work import Laid, Work, blocked_jobs, displaced_jobs, laid, rooms_of
from shepherd.core.replay.placing import Jobs
from shepherd.core.switch.state import state_of
from shepherd.model.host import HostName, HostState
from shepherd.model.moment import Moment
from shepherd.model.observation import HostFacts, RegularStartd, Snapshot
from shepherd.model.orders import Stage, SwitchRecord
from shepherd.model.settings import TimerSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scene:
    """One moment in that world."""

    snapshot: Snapshot
    waiting: Jobs
    """Jobs that fit on no free local host."""
    blocked: Jobs
    """Of these, jobs that hosts which are not local would take."""


class World:
    """Scenes one after another."""

    def __init__(self, herds: Herds) -> None:
        self.herds = herds
        self._worked_at_s: dict[HostName, float] = {}
        """When hosts last had work that they had not on record."""
        self._gone: dict[HostName, tuple[HostFacts, SwitchRecord, HostFacts]] = {}
        """What was made of hosts that are not here; most change neither from one look to the next."""

    def at(self, moment: Moment, timers: TimerSettings) -> Scene:
        """The scene of a moment. Switches have gone on; those are over whose hosts somebody took away."""
        self.herds.advance(moment.at_s)
        for host in [host for host in self.herds.switches if self._is_taken_away(host, moment, timers)]:
            self.herds.end(host, moment.at_s)
        return self._scene(moment)

    def as_recorded(self, moment: Moment) -> Scene:
        """The scene of a moment with the switches on record."""
        self.herds = Herds(moment.switches, self.herds.times)
        return self._scene(moment)

    def _is_taken_away(self, host: HostName, moment: Moment, timers: TimerSettings) -> bool:
        """Of a host that was not out: drained or turned off by somebody, dead; or at work before it was drained."""
        if host in moment.switches:
            return False
        facts = moment.snapshot.hosts.get(host)
        if state_of(facts, None, moment.at_s, timers)[0] is not HostState.LOCAL:
            return True
        is_busy = facts is not None and facts.regular is not None and facts.regular.claimed_slots > 0
        return is_busy and self.herds.switches[host].stage is Stage.GRANTED

    def _scene(self, moment: Moment) -> Scene:
        facts = {host: self._facts(one, moment) for host, one in moment.snapshot.hosts.items()}
        work = self._work(facts, moment)
        for host, gives in work.gives.items():
            facts[host] = hosts.working(facts[host], gives, work.jobs[host])
            self._worked_at_s[host] = moment.at_s
        return Scene(
            snapshot=dataclasses.replace(moment.snapshot, hosts=facts, queue=work.queue),
            waiting=work.waiting,
            blocked=blocked_jobs(work.waiting, self.herds.switches),
        )

    def _facts(self, facts: HostFacts, moment: Moment) -> HostFacts:
        host = facts.pair.host
        here, there = self.herds.switches.get(host), moment.switches.get(host)
        if here is not None and here.stage is not Stage.GRANTED:
            return self._away(facts, here)
        if there is not None:
            facts = hosts.home(facts, there, self.herds.home_at_s.get(host, moment.at_s))
        return self._rested(facts)

    def _away(self, facts: HostFacts, record: SwitchRecord) -> HostFacts:
        before = self._gone.get(record.host)
        if before is None or before[0] is not facts or before[1] is not record:
            before = self._gone[record.host] = facts, record, hosts.gone(facts, record)
        return before[2]

    def _rested(self, facts: HostFacts) -> HostFacts:
        """Idle since the last work that it had not on record."""
        worked_at_s = self._worked_at_s.get(facts.pair.host)
        if worked_at_s is None or facts.regular is None or facts.regular.claimed_slots:
            return facts
        return hosts.idle_since(facts, max(worked_at_s, facts.regular.idle_since_s or 0.0))

    def _work(self, facts: Mapping[HostName, HostFacts], moment: Moment) -> Laid:
        out, were_out = self.herds.switches, moment.switches
        local = {host: one for host, one in facts.items() if host not in out}
        vacant = rooms_of({host: one for host, one in local.items() if host not in were_out})
        gained = rooms_of({host: one for host, one in local.items() if host in were_out})
        stuck = {one.asks: one.stuck for one in moment.past.waiting if one.stuck}
        displaced = displaced_jobs(_startds(moment, out))
        return laid(Work(queue=moment.snapshot.queue, stuck=stuck, displaced=displaced, vacant=vacant, gained=gained))


def _startds(moment: Moment, out: Mapping[HostName, SwitchRecord]) -> dict[HostName, RegularStartd]:
    """Of hosts that would be out and were not."""
    were_here = ((host, moment.snapshot.hosts.get(host)) for host in out if host not in moment.switches)
    return {host: facts.regular for host, facts in were_here if facts is not None and facts.regular is not None}
