"""Summing up a replay, moment by moment."""

from collections.abc import Mapping

from shepherd.core.replay.placing import Jobs
from shepherd.core.replay.world import Scene
from shepherd.model.host import Herd, HostName
from shepherd.model.orders import Stage, SwitchRecord
from shepherd.model.replay import Move, Outcome

HOUR_S = 3600.0


class Tally:
    """The sums so far. What a moment shows is taken to be so until the next."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.moves: list[Move] = []
        self._lasted_s = self._host_s = self._serving_s = self._able_s = self._below_s = 0.0
        self._waited = [0.0, 0.0]
        self._blocked = [0.0, 0.0]
        """Job-seconds, core-seconds."""
        self._blocked_s = self._longest_s = 0.0

    def lasts(self, scene: Scene, out: Mapping[HostName, SwitchRecord], reserve: float, for_s: float) -> None:
        """A scene that lasts so long, with these hosts out."""
        here = (one.regular for host, one in scene.snapshot.hosts.items() if host not in out)
        local = sum(regular.cpus for regular in here if regular is not None and not regular.draining)
        away = sum(record.cpus for record in out.values())
        self._lasted_s += for_s
        self._host_s += for_s * len(scene.snapshot.hosts)
        self._able_s += for_s * (local + away)
        self._serving_s += for_s * sum(record.cpus for record in out.values() if record.stage is Stage.LENT)
        self._below_s += for_s if local < reserve * (local + away) else 0.0
        _add(self._waited, scene.waiting, for_s)
        _add(self._blocked, scene.blocked, for_s)
        self._blocked_s = self._blocked_s + for_s if scene.blocked else 0.0
        self._longest_s = max(self._longest_s, self._blocked_s)

    def outcome(self) -> Outcome:
        """All of it."""
        lasted_s = self._lasted_s or 1.0
        herds = [move.herd for move in self.moves]
        return Outcome(
            name=self.name,
            hours=self._lasted_s / HOUR_S,
            hosts=self._host_s / lasted_s,
            lends=herds.count(Herd.FLOCK),
            reclaims=herds.count(Herd.LOCAL),
            guest_core_h=self._serving_s / HOUR_S,
            lent_share=self._serving_s / self._able_s if self._able_s else 0.0,
            waited_job_h=self._waited[0] / HOUR_S,
            waited_core_h=self._waited[1] / HOUR_S,
            blocked_job_h=self._blocked[0] / HOUR_S,
            blocked_core_h=self._blocked[1] / HOUR_S,
            blocked_longest_s=self._longest_s,
            below_reserve_s=self._below_s,
            moves=tuple(self.moves),
        )


def _add(sums: list[float], jobs: Jobs, for_s: float) -> None:
    sums[0] += for_s * sum(jobs.values())
    sums[1] += for_s * sum(asks.cpus * count for asks, count in jobs.items())
