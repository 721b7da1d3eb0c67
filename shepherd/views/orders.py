"""An order that was left for the daemon, for machines."""

from collections.abc import Mapping

from shepherd.model.intents import IntentKind

SCHEMA = 1


def order_json(
    kind: IntentKind,
    intent: str,
    said: str,
    *,
    about: Mapping[str, str],
    why: str,
    for_s: float | None,
    running: bool | None,
) -> Mapping[str, object]:
    """The schema number grows when a key changes its meaning or goes away."""
    return {
        "schema": SCHEMA,
        "kind": kind.value,
        "intent": intent,
        "about": dict(about),
        "why": why,
        "for_s": for_s,
        "running": running,
        "said": said,
    }
