"""Quarantines, for a person and as JSON."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from shepherd.model.one_line import one_line
from shepherd.model.stop import Quarantine
from shepherd.views.wording import age, instant

SCHEMA = 1


def quarantines_text(found: Sequence[Quarantine], done: Collection[str], now_s: float) -> str:
    """`shepherd quarantine --list`."""
    return "".join(f"{line}\n" for one in found for line in lines(one, done, now_s)) or "nothing is quarantined\n"


def lines(one: Quarantine, done: Collection[str], now_s: float) -> Iterator[str]:
    """What, since when, by whom and why; then how far it is."""
    since = f"since {instant(one.at_s)} ({age(max(now_s - one.at_s, 0.0))} ago)"
    yield f"{one_line(one.ident)}: {one_line(one.host)}, {since}, by {one_line(one.who)}: {one_line(one.why)}"
    yield f"  {how_far(one, done)}"


def how_far(one: Quarantine, done: Collection[str]) -> str:
    """In one sentence."""
    evidence = f"`shepherd node evidence verify {one_line(one.ident)}` on the host shows what was kept"
    if one.released_at_s is not None:
        return f"released {instant(one.released_at_s)}"
    if one.ident not in done:
        return "its keeper has not said yet that it is done" + (f"; {one.address} is cut off" if one.address else "")
    if one.keep_host:
        return f"done; the container stays frozen until `shepherd release {one_line(one.host)}`; {evidence}"
    return f"done; not lent until `shepherd release {one_line(one.host)}`; {evidence}"


def quarantines_json(found: Sequence[Quarantine], done: Collection[str]) -> Mapping[str, object]:
    """The same for machines. The schema number grows when a key changes its meaning or goes away."""
    fields = ("ident", "host", "address", "at_s", "who", "why", "keep_host", "released_at_s")
    rows = [{name: getattr(one, name) for name in fields} | {"done": one.ident in done} for one in found]
    return {"schema": SCHEMA, "quarantines": rows}
