"""A foreseen cycle in words, and as JSON."""

from collections.abc import Mapping

from shepherd.model.observation import Snapshot
from shepherd.model.orders import Verdict
from shepherd.views.wording import asked

SCHEMA = 1


def plan_text(snapshot: Snapshot, verdict: Verdict, settings_file: str) -> str:
    """The sentence, then one line an order, one a refusal, one a source that is not believed."""
    lines = [verdict.sentence]
    lines += [f"  {order.host} -> {order.herd.value}: {order.why}" for order in verdict.orders]
    lines += [f"  {refusal.host} stays: {refusal.why}" for refusal in verdict.refusals]
    for what, groups in (("fit no host", verdict.unfit), ("are taken by no host that stands free", verdict.stuck)):
        lines += [f"  {group.jobs} idle jobs {what}: {asked(group.asks)}" for group in groups]
    problems = [(r.source.value, r.problem) for r in snapshot.readings.values() if r.problem]
    lines += [f"not believed: {source}: {problem}" for source, problem in problems]
    lines += [f"not managed: {settings_file}: {problem}" for problem in snapshot.naming_problems]
    if snapshot.unmanaged:
        lines.append(f"in the pool, but no rule of [hosts] pairs them: {', '.join(snapshot.unmanaged)}")
    return "\n".join(lines) + "\n"


def plan_json(snapshot: Snapshot, verdict: Verdict) -> Mapping[str, object]:
    """The same for machines; `schema` is its version."""
    return {
        "schema": SCHEMA,
        "at_s": snapshot.at_s,
        "sentence": verdict.sentence,
        "orders": [{"host": o.host, "herd": o.herd.value, "why": o.why} for o in verdict.orders],
        "refusals": [{"host": r.host, "herd": r.herd.value, "why": r.why} for r in verdict.refusals],
        "unfit": [{**group.asks._asdict(), "jobs": group.jobs} for group in verdict.unfit],
        "stuck": [{**group.asks._asdict(), "jobs": group.jobs} for group in verdict.stuck],
        "problems": {r.source.value: r.problem for r in snapshot.readings.values() if r.problem},
        "naming_problems": list(snapshot.naming_problems),
        "unmanaged": list(snapshot.unmanaged),
    }
