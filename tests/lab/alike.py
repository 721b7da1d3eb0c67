"""How far a real course may be from what the simulator makes of the same scenario."""

from collections.abc import Sequence

from tests.lab.scenario import Course

SWITCH_S = 4.5
"""A switch may come so much before the earliest of the simulated courses, or after the latest: a look at the collectors
every 0.2 s, and a daemon whose looks, a second apart, take a part of one each on two busy processors. Less than a
cycle of the lab."""
WAIT_S = 6.0
"""A wait may be so much shorter or longer than any simulated one: one negotiation cycle of the lab, and a second, which
is what job ads tell times by."""


def strays(real: Course, simulated: Sequence[Course]) -> list[str]:
    """What of a real course none of the simulated ones allows, in one line each."""
    like = simulated[0]
    found = [f"{len(simulated)} simulated courses differ among themselves"] if _differ(simulated) else []
    if real.order != like.order:
        return [*found, f"order: {_words(real)}, simulated {_words(like)}"]
    if (real.evicted, real.completed) != (like.evicted, like.completed):
        found.append(
            f"guests' jobs: {real.evicted} evicted and {real.completed} completed, "
            f"simulated {like.evicted} and {like.completed}"
        )
    for number, (at_s, move) in enumerate(real.moves):
        every = [one.moves[number][0] for one in simulated]
        found += _outside(f"switch {number + 1} ({move.value})", at_s, every, SWITCH_S)
    for number, waits in enumerate(real.waits_s):
        found += _waits(f"burst {number + 1}", waits, [one.waits_s[number] for one in simulated])
    return found


def _differ(simulated: Sequence[Course]) -> bool:
    return len({(one.order, one.evicted, one.completed) for one in simulated}) > 1


def _waits(what: str, real: Sequence[float], simulated: Sequence[Sequence[float]]) -> list[str]:
    if {len(real)} != {len(one) for one in simulated}:
        return [f"{what}: {len(real)} jobs ran, simulated {len(simulated[0])}"]
    rows = [(f"{what}, job {n + 1}", real[n], [one[n] for one in simulated]) for n in range(len(real))]
    return [line for about, wait, every in rows for line in _outside(about, wait, every, WAIT_S)]


def _outside(what: str, real: float, simulated: Sequence[float], slack_s: float) -> list[str]:
    least, most = min(simulated), max(simulated)
    if least - slack_s <= real <= most + slack_s:
        return []
    return [f"{what}: {real:.1f} s, simulated {least:.1f} to {most:.1f} s"]


def _words(course: Course) -> str:
    return ", ".join(move.value for move in course.order)
