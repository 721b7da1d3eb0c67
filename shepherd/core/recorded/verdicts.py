"""A verdict as the ledger keeps it, refused hosts by their reason, and back."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from shepherd.core.recorded.members import Json, listed, seconds
from shepherd.core.recorded.waiting import shape_name
from shepherd.model.demand import DemandGroup
from shepherd.model.entry import Stored
from shepherd.model.host import Herd, HostName
from shepherd.model.moment import Said
from shepherd.model.orders import Order, Refusal, Verdict


def verdict_body(verdict: Verdict, *, is_cycle: bool, could_lend_at_s: float) -> Json:
    """Sentence, orders, refusals, and what waits in vain. `could_lend_at_s`: when hosts could be lent last, epoch
    seconds; 0: never."""
    refused: dict[tuple[str, str], list[str]] = {}
    for refusal in verdict.refusals:
        refused.setdefault((refusal.herd.value, refusal.why), []).append(refusal.host)
    body = {
        "sentence": verdict.sentence,
        "is_cycle": is_cycle,
        "could_lend_at_s": could_lend_at_s,
        "orders": [{"host": o.host, "herd": o.herd.value, "why": o.why} for o in verdict.orders],
        "refusals": [{"herd": herd, "why": why, "hosts": hosts} for (herd, why), hosts in refused.items()],
    }
    vain = {"unfit": _shapes(verdict.unfit), "stuck": _shapes(verdict.stuck)}
    return {**body, **{name: shapes for name, shapes in vain.items() if shapes}}


def could_lend_at_s(body: Json, at_s: float) -> float:
    """When hosts could be lent last, by a verdict of `at_s`; one from before this was recorded says then."""
    try:
        return seconds(body, "could_lend_at_s", at_s)
    except ValueError:
        return at_s


def verdict_from(stored: Stored) -> Said:
    """The verdict of a record. One from before there was `is_cycle` is taken for a cycle. Raises ValueError."""
    body = stored.entry.body
    return Said(
        seq=stored.seq,
        at_s=stored.entry.at_s,
        is_cycle=bool(body.get("is_cycle", True)),
        sentence=str(body.get("sentence", "")),
        orders=tuple(
            Order(host=HostName(str(one.get("host"))), herd=Herd(one.get("herd")), why=str(one.get("why")))
            for one in _rows(body, "orders")
        ),
        refusals=tuple(refusal for one in _rows(body, "refusals") for refusal in _refusals(one)),
        unfit=_counted(body, "unfit"),
        stuck=_counted(body, "stuck"),
    )


def reasons(refusals: Sequence[Refusal]) -> list[tuple[str, int]]:
    """Why hosts stayed, and how many for each reason, most first."""
    return sorted(Counter(refusal.why for refusal in refusals).items(), key=lambda found: (-found[1], found[0]))


def _refusals(row: Json) -> Iterator[Refusal]:
    """Records from before reasons were told once have a `host` each."""
    for host in listed(row, "hosts") or [row.get("host")]:
        yield Refusal(host=HostName(str(host)), herd=Herd(row.get("herd")), why=str(row.get("why")))


def _shapes(groups: Sequence[DemandGroup]) -> Mapping[str, int]:
    return {shape_name(group.asks): group.jobs for group in groups}


def _counted(body: Json, name: str) -> tuple[tuple[str, int], ...]:
    found = body.get(name, {})
    return tuple(found.items()) if isinstance(found, Mapping) else ()


def _rows(body: Json, name: str) -> Iterator[Json]:
    return (row for row in listed(body, name) if isinstance(row, Mapping))
