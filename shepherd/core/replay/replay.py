"""Replaying recorded moments: as they were, and as they would have been with the settings of then and with others."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from shepherd.core.policy.decide import decide
from shepherd.core.replay.again import is_same, made_again
from shepherd.core.replay.herds import Herds
from shepherd.core.replay.tally import Tally
from shepherd.core.replay.world import Scene, World
from shepherd.model.host import Herd, HostName
from shepherd.model.moment import Moment
from shepherd.model.orders import Order, Stage, SwitchRecord
from shepherd.model.past import Past
from shepherd.model.replay import Again, Move, Replayed, SwitchTimes
from shepherd.model.settings import Settings

SettingsOf = Callable[[Mapping[str, object]], Settings]
"""The settings that recorded tables make, with changes or without."""

LONGEST_S = 900.0
"""Without a record for longer, nothing is known of the time between. Cycles, which are always recorded, are shorter."""
FIRST_OTHERS = 5


class AsRecorded:
    """What was."""

    def __init__(self, name: str, settings: SettingsOf, times: SwitchTimes) -> None:
        self.tally = Tally(name)
        self._settings = settings
        self._world = World(Herds({}, times))
        self._last: tuple[Moment, Scene] | None = None

    def pass_over(self, moment: Moment, for_s: float) -> None:
        """Take the next moment in; the one before has lasted so long."""
        if self._last is not None:
            then, scene = self._last
            self.tally.lasts(scene, _ordered_home(then), self._settings(then.settings).policy.reserve, for_s)
        if moment.said is not None:
            self.tally.moves += [_move(order, moment) for order in moment.said.orders]
        self._last = moment, self._world.as_recorded(moment)


class AsDecided:
    """What would have been."""

    def __init__(self, name: str, settings: SettingsOf, times: SwitchTimes) -> None:
        self.tally = Tally(name)
        self._settings = settings
        self._times = times
        self._world: World | None = None
        self._past: Past | None = None
        self._last: tuple[Scene, float] | None = None
        self._cycle_at_s = 0.0

    def pass_over(self, moment: Moment, for_s: float) -> None:
        """Take the next moment in, and decide; the one before has lasted so long."""
        if self._world is None:
            self._world, self._past = World(Herds(moment.switches, self._times)), moment.past
        world, settings = self._world, self._settings(moment.settings)
        if self._last is not None:
            scene, reserve = self._last
            self.tally.lasts(scene, world.herds.switches, reserve, for_s)
        scene = world.at(moment, settings.timers)
        self._decide(world, scene, moment, settings)
        self._last = scene, settings.policy.reserve

    def _decide(self, world: World, scene: Scene, moment: Moment, settings: Settings) -> None:
        verdict = decide(
            scene.snapshot,
            world.herds.switches,
            moment.memories,
            moment.flockoff,
            settings,
            moment.at_s,
            is_cycle=self._is_cycle(moment, settings),
            bars=moment.bars,
            past=self._past or moment.past,
        )
        self._past = verdict.past
        for order in verdict.orders:
            if self._is_moved(world, order, scene, moment.at_s, settings.flock.image):
                self.tally.moves.append(_move(order, moment))

    def _is_moved(self, world: World, order: Order, scene: Scene, now: float, image: str) -> bool:
        match order.herd:
            case Herd.LOCAL:
                return world.herds.reclaim(order, now)
            case Herd.FLOCK:
                return world.herds.lend(order, scene.snapshot.hosts[order.host], image, now)

    def _is_cycle(self, moment: Moment, settings: Settings) -> bool:
        """When it was one; with another `cycle_s` at the first record for which it is time."""
        then = moment.settings.get("timers")
        was_s = then.get("cycle_s") if isinstance(then, Mapping) else None
        if was_s == settings.timers.cycle_s:
            return moment.said is not None and moment.said.is_cycle
        if moment.at_s - self._cycle_at_s < settings.timers.cycle_s:
            return False
        self._cycle_at_s = moment.at_s
        return True


def replay(
    moments: Iterable[Moment], then: SettingsOf, others: Mapping[str, SettingsOf], times: SwitchTimes
) -> Replayed | None:
    """All of it in one pass; None if there is no moment. `others`: settings by a name to show."""
    recorded = AsRecorded("recorded", then, times)
    again = AsDecided("settings of then", then, times)
    ways: list[AsRecorded | AsDecided] = [recorded, again]
    ways += [AsDecided(name, settings, times) for name, settings in others.items()]
    watch = _Watch()
    for moment in moments:
        for_s = watch.next(moment)
        if moment.said is not None:
            watch.compare(moment, then(moment.settings))
        for way in ways:
            way.pass_over(moment, for_s)
    return watch.replayed(times, ways) if watch.looks else None


@dataclasses.dataclass(kw_only=True)
class _Watch:
    """How far the records reach, and whether they make the same decisions."""

    looks: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    unrecorded_s: float = 0.0
    decisions: int = 0
    others: list[int] = dataclasses.field(default_factory=list)

    def next(self, moment: Moment) -> float:
        """For how long what was known before this moment counts."""
        since_s = max(0.0, moment.at_s - self.last_s) if self.looks else 0.0
        self.first_s = self.first_s if self.looks else moment.at_s
        self.last_s = max(self.last_s, moment.at_s)
        self.looks += 1
        for_s = min(since_s, LONGEST_S)
        self.unrecorded_s += since_s - for_s
        return for_s

    def compare(self, moment: Moment, settings: Settings) -> None:
        """Make a decision again."""
        self.decisions += 1
        if moment.said is not None and not is_same(moment.said, made_again(moment, settings)):
            self.others.append(moment.said.seq)

    def replayed(self, times: SwitchTimes, ways: Sequence[AsRecorded | AsDecided]) -> Replayed:
        """What it comes to."""
        same = self.decisions - len(self.others)
        return Replayed(
            first_s=self.first_s,
            last_s=self.last_s,
            looks=self.looks,
            unrecorded_h=self.unrecorded_s / 3600,
            times=times,
            again=Again(decisions=self.decisions, same=same, first_other=tuple(self.others[:FIRST_OTHERS])),
            outcomes=tuple(way.tally.outcome() for way in ways),
        )


def _ordered_home(moment: Moment) -> dict[HostName, SwitchRecord]:
    """Switches as they were after the decision."""
    home = {order.host for order in moment.said.orders if order.herd is Herd.LOCAL} if moment.said else set()
    return {
        host: dataclasses.replace(record, stage=Stage.REVOKED) if host in home else record
        for host, record in moment.switches.items()
    }


def _move(order: Order, moment: Moment) -> Move:
    return Move(at_s=moment.at_s, host=order.host, herd=order.herd, why=order.why)
