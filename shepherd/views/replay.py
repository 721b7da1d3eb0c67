"""A replay in words, and as JSON."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

from shepherd.model.one_line import one_line
from shepherd.model.replay import Move, Outcome, Replayed, SwitchTimes
from shepherd.views.wording import age, instant

SCHEMA = 1
"""Of the JSON. A new number when a member goes or means something else."""

ROWS: Sequence[tuple[str, Callable[[Outcome], str]]] = (
    ("hosts lent", lambda one: str(one.lends)),
    ("hosts reclaimed", lambda one: str(one.reclaims)),
    ("moves per host and day", lambda one: f"{one.moves_per_host_day:.2f}"),
    ("core-hours lent", lambda one: f"{one.guest_core_h:.1f}"),
    ("share of all cores lent", lambda one: f"{one.lent_share:.1%}"),
    ("local herd below the reserve", lambda one: age(one.below_reserve_s)),
    ("local jobs that no local host had room for, job-hours", lambda one: f"{one.waited_job_h:.2f}"),
    ("  of these for hosts that were lent, job-hours", lambda one: f"{one.blocked_job_h:.2f}"),
    ("  the same in core-hours", lambda one: f"{one.blocked_core_h:.2f}"),
    ("  longest time without a break", lambda one: age(one.blocked_longest_s)),
)


def replay_text(replayed: Replayed, *, with_moves: bool) -> str:
    """A table, a column each way, and what it is worth."""
    span = f"{instant(replayed.first_s)} to {instant(replayed.last_s)}"
    lines = [
        f"{span}: {replayed.looks} looks on record{_unrecorded(replayed)}",
        again_words(replayed),
        times_words(replayed.times),
        "",
        *_table(replayed.outcomes),
        "",
        "Core-hours are of hosts that serve, whether or not guests had work. What waits is the least that would have.",
    ]
    if with_moves:
        lines += [line for outcome in replayed.outcomes for line in _moves(outcome)]
    return "\n".join(lines) + "\n"


def replay_json(replayed: Replayed, days: Sequence[str]) -> Mapping[str, object]:
    """The same for machines, with all moves; times in epoch seconds."""
    outcomes = [
        {
            **{field.name: getattr(one, field.name) for field in dataclasses.fields(one) if field.name != "moves"},
            "moves_per_host_day": one.moves_per_host_day,
            "moves": [_move_json(move) for move in one.moves],
        }
        for one in replayed.outcomes
    ]
    return {
        "schema": SCHEMA,
        "days": list(days),
        "first_s": replayed.first_s,
        "last_s": replayed.last_s,
        "looks": replayed.looks,
        "unrecorded_h": replayed.unrecorded_h,
        "switch_times": dataclasses.asdict(replayed.times),
        "decisions": replayed.again.decisions,
        "decisions_same": replayed.again.same,
        "decisions_first_other": list(replayed.again.first_other),
        "outcomes": outcomes,
    }


def again_words(replayed: Replayed) -> str:
    """Whether this version decides as was decided."""
    again = replayed.again
    told = f"Decisions made again from their records: {again.same} of {again.decisions} order the same"
    if not again.first_other:
        return told
    others = ", ".join(map(str, again.first_other))
    return f"{told}; others, as of another version: `shepherd explain cycle` {others}"


def times_words(times: SwitchTimes) -> str:
    """How long a switch is taken to last."""
    out, home = _on_record(times.lends), _on_record(times.homecomings)
    return f"Switches last {times.lend_s:.1f} s out ({out}) and {times.home_s:.1f} s home ({home})"


def _on_record(count: int) -> str:
    return f"median of {count} on record" if count else "as measured elsewhere: too few are on record"


def _unrecorded(replayed: Replayed) -> str:
    return f", nothing of {replayed.unrecorded_h:.1f} h between" if replayed.unrecorded_h else ""


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    heads = [one_line(outcome.name) for outcome in outcomes]
    width = max(len(title) for title, _ in ROWS)
    widths = [max(len(head), 10) for head in heads]
    yield "  ".join([" " * width, *(f"{head:>{wide}}" for head, wide in zip(heads, widths, strict=True))])
    for title, cell in ROWS:
        cells = (f"{cell(outcome):>{wide}}" for outcome, wide in zip(outcomes, widths, strict=True))
        yield "  ".join([f"{title:<{width}}", *cells])


def _moves(outcome: Outcome) -> Iterator[str]:
    yield ""
    yield f"{one_line(outcome.name)}:"
    for move in outcome.moves:
        yield f"  {instant(move.at_s)} {one_line(move.host)} -> {move.herd.value}: {one_line(move.why)}"


def _move_json(move: Move) -> Mapping[str, object]:
    return {"at_s": move.at_s, "host": move.host, "herd": move.herd.value, "why": move.why}
