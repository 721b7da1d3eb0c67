"""Hosts whose container is gone and whose regular startd does not come back."""

from collections.abc import Mapping

from shepherd.core.switch import belief
from shepherd.model.few import few
from shepherd.model.host import HostName
from shepherd.model.observation import HostFacts, Snapshot, Source
from shepherd.model.orders import HOMEWARD, SwitchRecord
from shepherd.model.settings import TimerSettings

NEEDED = (Source.HOME_STARTDS, Source.KEEPERS)
"""What is not seen is missing only if these are believed."""


def awaited(
    snapshot: Snapshot,
    switches: Mapping[HostName, SwitchRecord],
    before: Mapping[HostName, float],
    timers: TimerSettings,
) -> dict[HostName, float]:
    """Each such host, and since when it is seen so without a break; `before` is the last answer. Epoch seconds."""
    now = snapshot.at_s
    if any(source not in snapshot.readings or snapshot.readings[source].problem for source in NEEDED):
        return {}
    return {
        host: before.get(host, now)
        for host, record in switches.items()
        if record.stage in HOMEWARD and host in snapshot.hosts
        if _is_awaited(snapshot.hosts[host], record, now, timers)
    }


def _is_awaited(facts: HostFacts, record: SwitchRecord, now: float, timers: TimerSettings) -> bool:
    keeper = belief.fresh_keeper(facts, now, timers)
    if keeper is None or keeper.phase not in belief.AT_HOME or keeper.heard_at_s < int(record.granted_at_s):
        return False
    if belief.is_off(facts.master, now):
        return False
    regular = belief.fresh_regular(facts, now, timers)
    return regular is None or belief.is_drained_for(regular, record.lease)


def late(since: Mapping[HostName, float], now: float, timers: TimerSettings) -> str:
    """The problem and its remedy in one sentence, or the empty string."""
    waits = {host: now - at_s for host, at_s in sorted(since.items()) if now - at_s > timers.home_deadline_s}
    if not waits:
        return ""
    names = few([f"{host} ({wait_s:.0f} s)" for host, wait_s in waits.items()])
    return (
        f"the container is gone, but no regular startd is back within home_deadline_s = {timers.home_deadline_s:g}: "
        f"{names}; there `journalctl -t startd-guard` says what the guard waits for, the MasterLog whether it runs"
    )
