"""Measuring whether checks are silent when they should be, and only then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from shepherd.core.monitoring.names import checks_of
from shepherd.model.monitoring import AUTHOR
from shepherd.sim.icinga import SimIcinga, Trouble
from shepherd.sim.pools import EPOCH_S

if TYPE_CHECKING:
    from shepherd.model.host import HostPair
    from shepherd.model.icinga_settings import IcingaSettings
    from shepherd.sim.host import Host
    from shepherd.sim.pools import Pools

EVERY_S = 1.0
PAST_S = 1e9


class Alerts:
    """What the fake Icinga would have told whom. Seconds of the fake world."""

    def __init__(self, icinga: SimIcinga, settings: IcingaSettings, now_s: Callable[[], float]) -> None:
        self.icinga, self._settings, self._now_s = icinga, settings, now_s
        self.hidden_since: dict[str, float] = {}
        """Of each host that serves behind a silent check: since when, with all well."""
        self.unheard_since: dict[str, float] = {}
        """The same, whatever is wrong."""
        self.disturbed_s = -PAST_S
        """When something last kept a shepherd from its monitoring, or made them disagree about the time."""
        self.is_well: Callable[[], bool] = lambda: icinga.trouble is Trouble.NONE
        self._next_s = 0.0

    def disturb(self) -> None:
        """A fault came between."""
        self.disturbed_s = self._now_s()
        self.hidden_since.clear()

    def sample(self, hosts: Mapping[str, Host], on_pages: AbstractSet[str], *, runs: bool, sees: bool) -> None:
        """Look, once a second at most. `runs`: a shepherd does; `sees`: it can know the pools; `on_pages`: hosts with
        any lease."""
        now_s = self._now_s()
        if now_s < self._next_s:
            return
        self._next_s = now_s + EVERY_S
        for name, host in hosts.items():
            hidden = self._is_hidden(host, is_lent=runs and name in on_pages)
            _since(self.unheard_since, name, now_s, holds=hidden)
            _since(self.hidden_since, name, now_s, holds=hidden and runs and sees and self.is_well())

    def is_audible(self, pair: HostPair, settle_s: float) -> bool:
        """An outage of the regular startd that begins now would be told, and nothing excuses it."""
        regular, _ = checks_of(pair, self._settings)
        is_excused = not self.is_well() or self._now_s() - self.disturbed_s <= settle_s
        return not is_excused and not all(self.icinga.is_silent(check) for check in regular)

    def others_ended(self) -> tuple[str, ...]:
        """Silences of other people that are not there any more."""
        return tuple(one.name for one in self.icinga.ended if one.author != AUTHOR)

    def _is_hidden(self, host: Host, *, is_lent: bool) -> bool:
        """A startd serves, and its check is kept silent by a shepherd."""
        regular, flock = checks_of(host.pair, self._settings)
        if host.startd is not None and host.startd.accepts:
            return not is_lent and any(self.icinga.is_hidden(check) for check in regular)
        container = host.container
        serving = container.flock if container is not None and container.alive else None
        return serving is not None and serving.accepts and any(self.icinga.is_hidden(check) for check in flock)


def monitored(hosts: Mapping[str, Host], settings: IcingaSettings, pools: Pools) -> Alerts:
    """A fake Icinga with the checks of these hosts, and its measure. Its clock is right, whatever the pools' is."""
    events = pools.events
    checks = [name for host in hosts.values() for of in checks_of(host.pair, settings) for name in of]
    icinga = SimIcinga([*checks, settings.heartbeat], lambda: EPOCH_S + events.now_s)
    alerts = Alerts(icinga, settings, lambda: events.now_s)
    alerts.is_well = lambda: icinga.trouble is Trouble.NONE and not pools.wall_offset_s
    return alerts


def _since(since: dict[str, float], name: str, now_s: float, *, holds: bool) -> None:
    if holds:
        since.setdefault(name, now_s)
    else:
        since.pop(name, None)
