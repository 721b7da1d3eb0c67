"""Which checks should be silent now, given each host's stage and facts: herd by herd, the table of alerts.

    host                              check of its regular startd     check of its flocking startd
    local, held, unknown              loud, once the startd is seen   silent
    from the grant to the first ad    silent                          silent
    lent                              silent                          loud, once the startd is seen
    on the way home                   silent                          silent

A startd that is not seen leaves its check as it is: a silence of it is not renewed, and over in time.
"""

import dataclasses
import enum
from collections.abc import Iterator, Mapping
from typing import assert_never

from shepherd.core.monitoring.names import checks_of
from shepherd.core.switch import belief
from shepherd.model.host import HostName, HostPair
from shepherd.model.monitoring import Mark
from shepherd.model.observation import HostFacts, Snapshot, Source
from shepherd.model.one_line import one_line
from shepherd.model.orders import HOMEWARD, Stage, SwitchRecord
from shepherd.model.settings import Settings, TimerSettings

WHY_CHARACTERS = 200


class Sound(enum.Enum):
    """What a check should be."""

    SILENT = "silent"
    AS_IS = "as it is"
    """Neither silenced anew nor made loud."""
    LOUD = "loud"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wish:
    """What one check should be, and why."""

    check: str
    sound: Sound
    mark: Mark
    """What a silence of it would say."""


def wishes_of(
    snapshot: Snapshot, switches: Mapping[HostName, SwitchRecord], settings: Settings, instance: str, now: float
) -> dict[str, Wish]:
    """By check, for every host that is seen or in a switch."""
    hosts = {**{host: HostFacts(pair=_pair(record)) for host, record in switches.items()}, **snapshot.hosts}
    blind = {source for source, reading in snapshot.readings.items() if reading.problem}
    found: dict[str, Wish] = {}
    for host, facts in hosts.items():
        record = switches.get(host)
        for sound, names, why in _host(facts, record, blind, now, settings):
            lease = record.lease if record else ""
            said = one_line(why, WHY_CHARACTERS)
            mark = Mark(pool=settings.home.name, instance=instance, host=host, lease=lease, why=said)
            found |= {name: Wish(check=name, sound=sound, mark=mark) for name in names}
    return found


def _pair(record: SwitchRecord) -> HostPair:
    return HostPair(host=record.host, flock_name=record.flock_name)


def _host(
    facts: HostFacts, record: SwitchRecord | None, blind: set[Source], now: float, settings: Settings
) -> Iterator[tuple[Sound, tuple[str, ...], str]]:
    regular, flock = checks_of(facts.pair, settings.icinga)
    if record is None:
        back = Source.HOME_STARTDS not in blind and belief.fresh_regular(facts, now, settings.timers) is not None
        yield Sound.LOUD if back else Sound.AS_IS, regular, "its regular startd is back"
        yield Sound.SILENT, flock, f"{facts.pair.host} is not lent"
        return
    yield Sound.SILENT, regular, f"{record.host} is {_words(record.stage)}: {record.why}"
    yield _flocking(facts, record, blind, now, settings.timers), flock, f"{record.host} is {_words(record.stage)}"


def _flocking(
    facts: HostFacts, record: SwitchRecord, blind: set[Source], now: float, timers: TimerSettings
) -> Sound:
    if record.stage is not Stage.LENT:
        return Sound.SILENT
    is_seen = Source.FLOCK_STARTDS not in blind and facts.flock is not None
    is_fresh = facts.flock is not None and belief.is_fresh(facts.flock.heard_at_s, now, timers)
    return Sound.LOUD if is_seen and is_fresh else Sound.AS_IS


def _words(stage: Stage) -> str:
    match stage:
        case Stage.LENT:
            return "lent"
        case Stage.GRANTED | Stage.DRAIN_ORDERED | Stage.GO_GIVEN | Stage.RESTART_ORDERED:
            return "being lent"
        case Stage.REVOKED | Stage.OFF_ORDERED | Stage.FAST_ORDERED:
            return "on its way home"
    assert_never(stage)


def is_urgent(record: SwitchRecord | None) -> bool:
    """An outage is about to begin: these silences come before all others."""
    return record is not None and (record.stage is Stage.GRANTED or record.stage in HOMEWARD)
