"""The bound: it knows when hosts of each kind will be without local jobs, and for how long.

It is told the gaps of a run that is over, lends in those that last at least `shortest_s`, and takes home early enough
for the longest notice. The reserve holds for it too, and its switches take as long as anybody's. Of several runs, with
the gaps of `never` and of `demand` and each `shortest_s`, the one that kept most guest work is taken afterwards: nobody
could know it before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from shepherd.model.demand import Resources
from shepherd.model.host import Herd
from shepherd.model.orders import HOMEWARD, Order
from shepherd.model.settings import Settings
from shepherd.sim.load.agenda import Agenda
from shepherd.sim.load.deciders import obey
from shepherd.sim.load.free_slots import can_hold, how_many
from shepherd.sim.load.idle_gaps import Gap
from shepherd.sim.load.local_pool import LocalPool
from shepherd.sim.load.machine import Machine
from shepherd.sim.load.seen import Seen
from shepherd.sim.load.switching import Switching

HOME_S = 5.0
"""For the way home, beside the notice."""
TURN_S = 10.0
SHORTEST_S = (600.0, 3600.0)
"""Gaps that one run or another of the oracle's leaves alone."""
CALM_S = 300.0
"""After a local job found no host of a kind, none is lent for so long: the gaps were those of another run."""


class Oracle:
    """Orders by gaps that it was told."""

    def __init__(
        self,
        agenda: Agenda,
        settings: Settings,
        seen: Seen,
        switching: Switching,
        machines: Sequence[Machine],
        local: LocalPool,
        gaps: Sequence[Gap],
        shortest_s: float,
    ) -> None:
        self._agenda = agenda
        self._settings = settings
        self._seen = seen
        self._switching = switching
        self._machines = machines
        self._local = local
        self._gaps = gaps
        self._shortest_s = shortest_s
        self._wanted: Counter[Resources] = Counter()
        self._not_before_s: dict[Resources, float] = {}

    def begin(self) -> None:
        """Enter the beginning and the timely end of each gap."""
        lead_s = self._settings.timers.graceful_s + HOME_S
        for gap in self._gaps:
            if gap.to_s - gap.from_s >= self._shortest_s + lead_s:
                self._agenda.at(gap.from_s, self._change, (gap.kind, 1))
                if gap.to_s < float("inf"):
                    self._agenda.at(gap.to_s - lead_s, self._change, (gap.kind, -1))
        self._agenda.after(TURN_S, self._turn, None)

    def _change(self, about: tuple[Resources, int]) -> None:
        kind, change = about
        self._wanted[kind] += change
        if change < 0:
            self._take_home()

    def _turn(self, _: object) -> None:
        self._agenda.after(TURN_S, self._turn, None)
        looked_at = self._seen.changed()
        self._seen.look(self._agenda.now_s, all_of_them=False)
        self._help_waiting()
        self._take_home()
        self._lend()
        self._switching.follow(looked_at)

    def _out(self) -> Mapping[Resources, list[Machine]]:
        rows: dict[Resources, list[Machine]] = {}
        for machine in self._machines:
            record = self._switching.records.get(machine.host)
            if record is not None and record.stage not in HOMEWARD:
                rows.setdefault(machine.has, []).append(machine)
        return rows

    def _take_home(self) -> None:
        for kind, machines in self._out().items():
            machines.sort(key=self._loss)
            for machine in machines[: max(0, len(machines) - self._wanted[kind])]:
                self._order(machine, Herd.LOCAL)

    def _loss(self, machine: Machine) -> tuple[float, int]:
        """Guest work that a reclaim would throw away."""
        now = self._agenda.now_s
        return sum((now - claim.started_s) * claim.shape.cpus for claim in machine.claims), machine.index

    def _lend(self) -> None:
        out = self._out()
        usable = sum(machine.has.cpus for machine in self._machines if machine.alive)
        lent = sum(self._switching.records[m.host].cpus for m in self._machines if m.host in self._switching.records)
        room = usable - lent - self._settings.policy.reserve * usable
        missing = Counter({kind: wanted - len(out.get(kind, ())) for kind, wanted in self._wanted.items()})
        for kind, not_before_s in self._not_before_s.items():
            if self._agenda.now_s < not_before_s:
                missing[kind] = 0
        for machine in self._machines:
            if missing[machine.has] > 0 and machine.has.cpus <= room and self._is_idle(machine):
                missing[machine.has] -= 1
                room -= machine.has.cpus
                self._order(machine, Herd.FLOCK)

    def _is_idle(self, machine: Machine) -> bool:
        home = machine.accepts_local and not machine.claims and machine.host not in self._switching.records
        return home and not machine.has.gpus

    def _help_waiting(self) -> None:
        """Local jobs that find no host because it is lent: they are packed otherwise than in the run that is known."""
        find = self._local.free.find
        waiting = [g for g in self._local.groups() if len(g) and g.fits and find(g.shape) is None]
        out = self._out() if waiting else {}
        for group in waiting:
            jobs = len(group) - self._coming(group.shape)
            for kind, machines in out.items():
                while jobs > 0 and machines and can_hold(kind, group.shape):
                    machine = min(machines, key=self._loss)
                    machines.remove(machine)
                    self._not_before_s[kind] = self._agenda.now_s + CALM_S
                    self._order(machine, Herd.LOCAL)
                    jobs -= how_many(kind, group.shape)

    def _coming(self, shape: Resources) -> int:
        """So many of these jobs the hosts will take that are on their way home."""
        records = self._switching.records.values()
        homeward = [r for r in records if r.stage in HOMEWARD]
        return sum(how_many(record.gives.whole, shape) for record in homeward if can_hold(record.gives.whole, shape))

    def _order(self, machine: Machine, herd: Herd) -> None:
        obey(self._switching, Order(host=machine.host, herd=herd, why="it knows"))
