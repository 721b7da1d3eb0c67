"""Decisions: the last ones, and the story of one."""

from collections import Counter
from collections.abc import Sequence

from shepherd.model.demand import Resources
from shepherd.model.few import few
from shepherd.model.host import Herd
from shepherd.model.moment import Said
from shepherd.model.story import CycleStory
from shepherd.views.story import shape_words, title
from shepherd.views.web import asked
from shepherd.views.web.overview import stop_parts
from shepherd.views.web.page import Ask, Page, Part

EACH = 50
SHAPES_TOLD = 20
ORDERS_TOLD = 300
REASONS_TOLD = 20


def decisions_page(ask: Ask) -> Page:
    """The newest first."""
    before = asked.before(ask.query)
    found = ask.board.decisions(before, EACH + 1)
    rows = [_row(ask, said) for said in found[:EACH]]
    older = found[EACH - 1].seq if len(found) > EACH else None
    values = {"rows": rows, "older": older, "is_newest": before is None}
    parts = (*stop_parts(ask), Part(id="decisions", template="decisions", values=values))
    return Page(title="Decisions", place="decisions", parts=parts, is_live=before is None)


def _row(ask: Ask, said: Said) -> dict[str, object]:
    counted = Counter(order.herd for order in said.orders)
    return {
        "seq": said.seq,
        "at_s": said.at_s,
        "kind": "Cycle" if said.is_cycle else "Look",
        "sentence": ask.words(said.sentence),
        "lends": counted[Herd.FLOCK],
        "reclaims": counted[Herd.LOCAL],
        "stayed": len(said.refusals),
    }


def cycle_page(ask: Ask) -> Page:
    """What one decision was made from, what it ordered and what came of it, and why others stayed."""
    story = ask.board.cycle(asked.record(ask.path["record"]))
    part = Part(id="cycle", template="cycle", values=_cycle_values(ask, story))
    return Page(title=title(story.said), place="decisions", parts=(*stop_parts(ask), part), is_live=False)


def _cycle_values(ask: Ask, story: CycleStory) -> dict[str, object]:
    orders = {
        verb: [
            (one.order.host, ask.words(one.order.why), ask.words(one.result))
            for one in story.ordered
            if one.order.herd is herd
        ]
        for verb, herd in (("Reclaimed", Herd.LOCAL), ("Lent", Herd.FLOCK))
    }
    return {
        "title": title(story.said),
        "at_s": story.said.at_s,
        "sentence": ask.words(story.said.sentence),
        "states": [(state.value, count) for state, count in sorted(story.states.items(), key=lambda one: -one[1])],
        "idle_jobs": story.idle_jobs,
        "running_jobs": story.running_jobs,
        "waited": [(row.jobs, shape_words(row.asks), row.local_hosts, row.out_hosts) for row in story.waited],
        "told": SHAPES_TOLD,
        "vain": [*_vain("fit no host", story.said.unfit), *_vain("were not taken all the same", story.said.stuck)],
        "problems": [ask.words(problem) for problem in story.problems],
        "settings": [(name, ask.words(value)) for name, value in story.settings.items()],
        "orders": [
            (verb, rows[:ORDERS_TOLD], max(len(rows) - ORDERS_TOLD, 0)) for verb, rows in orders.items() if rows
        ],
        "stayed": _stayed(ask, story.said),
        "again": ask.words(story.again),
    }


def _vain(what: str, shapes: Sequence[tuple[str, int]]) -> list[tuple[int, str, str]]:
    """Idle jobs of no account."""
    return [(count, what, _shape(name)) for name, count in shapes]


def _shape(name: str) -> str:
    """Of `1/2048/1024/0`, as records have it."""
    parts = name.split("/")
    if len(parts) != len(Resources._fields) or not all(part.isdecimal() and len(part) < 19 for part in parts):
        return name
    return shape_words(Resources(*map(int, parts)))


def _stayed(ask: Ask, said: Said) -> list[tuple[int, str, str]]:
    """How many for each reason, most first, and the first of their names."""
    hosts: dict[str, list[str]] = {}
    for refusal in said.refusals:
        hosts.setdefault(ask.words(refusal.why), []).append(refusal.host)
    found = sorted(hosts.items(), key=lambda one: (-len(one[1]), one[0]))
    return [(len(names), why, few(names)) for why, names in found[:REASONS_TOLD]]
