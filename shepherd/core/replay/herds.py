"""Who would be lent: switches that nobody made, which take as long as those on record."""

import dataclasses
from collections.abc import Mapping

from shepherd.core.switch.grant import granted_to
from shepherd.model.host import HostName, LeaseId, Nonce
from shepherd.model.observation import HostFacts
from shepherd.model.orders import HOMEWARD, Order, Stage, SwitchRecord
from shepherd.model.replay import SwitchTimes


class Herds:
    """Switches by host; a host without one is local. Every lend succeeds, unless somebody takes the host away."""

    def __init__(self, switches: Mapping[HostName, SwitchRecord], times: SwitchTimes) -> None:
        """Begin with the switches of a recorded moment."""
        self.times = times
        self.switches = {host: _simplified(record) for host, record in switches.items()}
        self.home_at_s: dict[HostName, float] = {}
        """When hosts came home."""

    def advance(self, now: float) -> None:
        """Let switches go on."""
        for host, record in list(self.switches.items()):
            age_s = now - record.stage_at_s
            if record.stage is Stage.GRANTED and age_s >= self.times.lend_s:
                at_s = record.stage_at_s + self.times.lend_s
                self.switches[host] = dataclasses.replace(record, stage=Stage.LENT, stage_at_s=at_s)
            elif record.stage is Stage.REVOKED and age_s >= self.times.home_s:
                self.end(host, record.stage_at_s + self.times.home_s)

    def end(self, host: HostName, at_s: float) -> None:
        """The host is local, or nobody's."""
        if self.switches.pop(host, None) is not None:
            self.home_at_s[host] = at_s

    def lend(self, order: Order, facts: HostFacts, image: str, now: float) -> bool:
        """Says whether that is a move."""
        lease = LeaseId(f"replay-{order.host}-{now:.0f}")
        record = granted_to(Nonce("replay"), order, facts, lease, image, now)
        if record is None or order.host in self.switches:
            return False
        self.switches[order.host] = record
        return True

    def reclaim(self, order: Order, now: float) -> bool:
        """Says whether that is a move."""
        record = self.switches.get(order.host)
        if record is None or record.stage is Stage.REVOKED:
            return False
        self.switches[order.host] = dataclasses.replace(record, stage=Stage.REVOKED, stage_at_s=now, why=order.why)
        return True


def _simplified(record: SwitchRecord) -> SwitchRecord:
    """Three stages are enough: on its way out, lent, on its way home."""
    if record.stage in HOMEWARD:
        return dataclasses.replace(record, stage=Stage.REVOKED)
    return record if record.stage is Stage.LENT else dataclasses.replace(record, stage=Stage.GRANTED)
