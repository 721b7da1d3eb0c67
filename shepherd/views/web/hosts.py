"""The map of all hosts, and the story of one."""

from collections.abc import Iterator, Sequence

from shepherd.errors import UsageError
from shepherd.model.demand import Resources
from shepherd.model.host import HostState
from shepherd.model.story import HostStory, Named
from shepherd.views.present import Present, ShownHost
from shepherd.views.story import shape_words, title
from shepherd.views.web import asked, grid
from shepherd.views.web.overview import host_row, stop_parts
from shepherd.views.web.page import Ask, Page, Part
from shepherd.views.wording import age

MOST_ROWS = 50
MOST_RUNS = 40
"""Of neighbours in one state that are named where all states are shown; more are named where one is chosen."""
USUAL = frozenset({HostState.LOCAL, HostState.FLOCK})


def hosts_page(ask: Ask) -> Page:
    """All hosts, or those of one state or with something in their names."""
    state, needle = asked.state(ask.query), asked.needle(ask.query)
    present = ask.current.present
    parts = [*stop_parts(ask), *(_map_parts(ask, present, state, needle) if present else ())]
    return Page(title="Hosts", place="hosts", parts=tuple(parts))


def _map_parts(ask: Ask, present: Present, state: HostState | None, needle: str) -> Iterator[Part]:
    chosen = [
        host
        for host in present.hosts
        if state in {None, host.state} and needle.casefold() in f"{host.host} {host.flock_name}".casefold()
    ]
    made = grid.blocks(chosen)
    counted = [(one, sum(host.state is one for host in present.hosts)) for one in HostState]
    about = {"letters": grid.LETTERS, "meanings": grid.MEANINGS}
    pick = {**about, "counted": counted, "state": state, "needle": needle, "hosts": len(present.hosts)}
    yield Part(id="pick", template="pick", values=pick, is_live=False)
    values = {**about, "blocks": made, "title": f"{len(chosen)} of {len(present.hosts)} hosts"}
    yield Part(id="map", template="map", values=values, cells=grid.cells_of(made))
    yield Part(id="list", template="list", values=_list_values(ask, chosen, is_one=state is not None))


def _list_values(ask: Ask, chosen: list[ShownHost], *, is_one: bool) -> dict[str, object]:
    """The same in words: by state, neighbours folded; then those that need a reason."""
    ordered = sorted(chosen, key=grid.by_name)
    named = {state: [host.host for host in ordered if host.state is state] for state in HostState}
    runs = {state: grid.folded(names) for state, names in named.items() if names}
    states = [
        (state.value, len(named[state]), found if is_one or len(found) <= MOST_RUNS else ())
        for state, found in runs.items()
    ]
    rows = [host_row(ask, host) for host in ordered if is_one or host.blocked or host.state not in USUAL]
    return {"states": states, "rows": rows[:MOST_ROWS], "more": max(len(rows) - MOST_ROWS, 0)}


def host_page(ask: Ask) -> Page:
    """Why a host is, or was, where it is; it goes by either of its two names."""
    name, at_s = asked.host(ask.path["name"]), asked.at(ask.query)
    shown = _meant(ask.current.present.hosts, name) if ask.current.present else None
    name = shown.host if shown is not None else name
    story = ask.board.host(name, at_s)
    if shown is None and story is None:
        raise UsageError(f"nothing is known of a host {asked.said(name)}; the map has all of them")
    parts = list(stop_parts(ask))
    if shown is not None and at_s is None:
        parts.append(Part(id="now", template="now", values={"host": host_row(ask, shown), "flock": shown.flock_name}))
    if story is not None:
        parts.append(Part(id="story", template="host_story", values=_story_values(ask, story)))
    return Page(title=name, place="hosts", parts=tuple(parts), is_live=at_s is None)


def _meant(hosts: Sequence[ShownHost], name: str) -> ShownHost | None:
    by_flock_name = next((one for one in hosts if one.flock_name == name), None)
    return next((one for one in hosts if one.host == name), by_flock_name)


def _story_values(ask: Ask, story: HostStory) -> dict[str, object]:
    return {
        "host": story.host,
        "at_s": story.at_s,
        "state": story.state.value,
        "letter": grid.LETTERS[story.state],
        "why": ask.words(story.why),
        "could": "" if story.blocked else "It could be lent." if story.state is HostState.LOCAL else "",
        "blocked": ask.words(story.blocked),
        "gives": _shape(story.gives),
        "free": _shape(story.free),
        "idle": age(story.at_s - story.idle_since_s) if story.idle_since_s is not None else "",
        "last": _said(ask, story),
        "named": _named(ask, story.named),
        "lends": [
            (lend.lease, [(event.at_s, ask.words(event.what)) for event in lend.events])
            for lend in reversed(story.lends)
        ],
    }


def _shape(shape: Resources) -> str:
    return shape_words(shape) if shape.cpus else ""


def _said(ask: Ask, story: HostStory) -> dict[str, object] | None:
    if story.last is None:
        return None
    return {"seq": story.last.seq, "title": title(story.last), "sentence": ask.words(story.last.sentence)}


def _named(ask: Ask, named: Named | None) -> dict[str, object] | None:
    if named is None:
        return None
    return {"seq": named.said.seq, "title": title(named.said), "words": ask.words(named.words)}
