"""What came of a drill, for a person and for machines."""

from collections.abc import Mapping

from shepherd.model.drill import DrillResult
from shepherd.model.one_line import one_line
from shepherd.views.tracing import plain
from shepherd.views.wording import instant

SCHEMA = 1


def drill_text(result: DrillResult) -> str:
    """For a person."""
    heard = result.heard
    lines = [
        f"Heard:   {heard.address}:{heard.port} at {instant(heard.at_s)}, job {result.truth.cluster}",
        f"Answer:  {result.verdict.value.upper()}{''.join(f', {one_line(job)}' for job in result.named)}",
        f"Result:  {'RIGHT: exactly that job is named' if result.is_right else 'NOT RIGHT'}",
        *(f"         {one_line(why)}" for why in result.why),
        *(f"  {link.kind.value:<8} {link.standing.value:<8} {one_line(link.text)}" for link in result.links),
        f"Time:    {result.complete_s:.1f} s from the connection to the answer; {result.asked_s:.2f} s to ask",
    ]
    return "\n".join(lines) + "\n"


def drill_json(result: DrillResult) -> Mapping[str, object]:
    """For machines."""
    told = plain(result)
    return {"schema": SCHEMA, **(told if isinstance(told, dict) else {})}
