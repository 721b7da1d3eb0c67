"""What `shepherd ledger verify` found, for machines."""

import dataclasses
from collections.abc import Mapping, Sequence

from shepherd.core.ledger.verify import Verification
from shepherd.core.trace.verify import TraceVerification
from shepherd.views.machine import LEDGER_SCHEMA


def verify_json(
    ledger: Verification, trace: TraceVerification | None, noted_heads: int, not_ours: Sequence[str]
) -> Mapping[str, object]:
    """Both chains."""
    return {
        "schema": LEDGER_SCHEMA,
        "ledger": _chain(ledger),
        "trace": _chain(trace) if trace else None,
        "noted_heads": noted_heads,
        "not_ours": list(not_ours),
    }


def _chain(found: Verification | TraceVerification) -> Mapping[str, object]:
    members = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    own = {
        "whole": not found.faults,
        "head": f"{found.head.seq}:{found.head.hash}",
        "faults": [dataclasses.asdict(fault) for fault in found.faults],
    }
    return {**members, **own}
