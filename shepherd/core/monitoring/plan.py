"""What to ask the monitoring for: the difference between what should be silent and what is.

A silence is renewed by a new one and the end of the old, in this order: there is no moment without. The same rule mends
what a crash, a lost answer or an impatient predecessor left: of several the longest stays.

What is switched off does not lapse by itself: its mark says until when it is for, and then a shepherd ends it where a
downtime would have been over.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from shepherd.core.monitoring.wishes import Sound, Wish
from shepherd.model.host import HostName
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import Begin, Call, End, Silence, SilenceKind

EARLY_S = 300.0
"""A downtime begins so long ago: Icinga's clock may be behind ours by as much as a keeper's. Seconds."""
RENEW_AT = 0.5
"""Share of a downtime's length that is left when it is renewed."""
LITTLE_S = 30.0
"""With less left than this a check counts as loud: the outage that is about to begin lasts longer. Seconds."""
TOO_LONG = 1.5
"""A downtime that lasts for more than so many lengths, or has not begun, was made by a clock that was ahead: it is
replaced."""

Ranked = tuple[int, float, str, Call]


def plan(
    wishes: Mapping[str, Wish],
    silences: Sequence[Silence],
    urgent: Collection[HostName],
    icinga: IcingaSettings,
    now: float,
) -> tuple[Call, ...]:
    """Calls, the most pressing first. `silences` are all that belong to this pool, of every kind.

    Silences of a host that is not among the wishes are left until their time is over: it is not known, which is no
    evidence.
    """
    found: dict[str, list[Silence]] = {name: [] for name in wishes}
    for one in silences:
        found.setdefault(one.check, []).append(one)
    known = {wish.mark.host for wish in wishes.values()}
    calls: list[Ranked] = []
    for check, there in found.items():
        if wish := wishes.get(check):
            calls += _wished(wish, there, HostName(wish.mark.host) in urgent, icinga, now)
        else:
            gone = [one for one in there if one.mark.host in known or _is_over(one, now)]
            calls += [(1, 0.0, check, End(silence=one)) for one in gone]
    return tuple(call for _, _, _, call in sorted(calls, key=lambda one: one[:3]))


def _wished(
    wish: Wish, there: Sequence[Silence], is_urgent: bool, icinga: IcingaSettings, now: float  # noqa: FBT001
) -> Iterator[Ranked]:
    match wish.sound:
        case Sound.LOUD:
            yield from ((1, 0.0, wish.check, End(silence=one)) for one in there)
        case Sound.AS_IS:
            yield from ((1, 0.0, wish.check, End(silence=one)) for one in there if _is_over(one, now))
        case Sound.SILENT:
            yield from _silent(wish, there, is_urgent, icinga, now)


def _silent(
    wish: Wish, there: Sequence[Silence], is_urgent: bool, icinga: IcingaSettings, now: float  # noqa: FBT001
) -> Iterator[Ranked]:
    best = longest(there, icinga, now)
    left_s = _left_s(best, now) if best else 0.0
    if left_s > RENEW_AT * icinga.downtime_s:
        yield from ((4, 0.0, wish.check, End(silence=one)) for one in there if one != best)
        return
    rank = 3 if left_s > LITTLE_S else 0 if is_urgent else 2
    from_s, until_s = float(round(now - EARLY_S)), float(round(now + icinga.downtime_s))
    begin = Begin(check=wish.check, kind=icinga.silence, mark=wish.mark, from_s=from_s, until_s=until_s)
    yield rank, left_s, wish.check, begin


def is_silent(there: Sequence[Silence], icinga: IcingaSettings, now: float) -> bool:
    """An outage of this check that begins now is told to nobody."""
    best = longest(there, icinga, now)
    return best is not None and _left_s(best, now) > LITTLE_S


def longest(there: Sequence[Silence], icinga: IcingaSettings, now: float) -> Silence | None:
    """The silence of a check that counts now; None if none does."""
    ours = [one for one in there if one.kind is icinga.silence and one.from_s <= now]
    good = [one for one in ours if 0 < _left_s(one, now) <= TOO_LONG * icinga.downtime_s]
    return max(good, key=lambda one: (_left_s(one, now), one.name), default=None)


def _is_over(silence: Silence, now: float) -> bool:
    """It is there after its time: a downtime ends by itself, a check that is switched off does not."""
    return silence.kind is SilenceKind.CHECKS_OFF and _left_s(silence, now) <= 0


def _left_s(silence: Silence, now: float) -> float:
    return silence.until_s - now
