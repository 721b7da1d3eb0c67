"""Every document: its name, its version, its type, and which calls print it."""

import dataclasses

from shepherd.views import (
    bans,
    checkup,
    drill,
    evidence,
    flow,
    guests,
    orders,
    plan,
    present,
    quarantines,
    replay,
    simulated,
    story,
    tracing,
)
from shepherd.views import machine as of_machine
from shepherd.views.documents import machine, now, past, stops
from shepherd.views.documents import tracing as traced
from shepherd.views.report import text as of_month


@dataclasses.dataclass(frozen=True, kw_only=True)
class Document:
    """What `schema` in it is, and what is in it besides."""

    name: str
    version: int
    of: type
    calls: tuple[str, ...]
    """Without `shepherd`, and without `--json`."""


DOCUMENTS = tuple(
    Document(name=name, version=version, of=of, calls=calls)
    for name, version, of, calls in (
        ("status", present.SCHEMA, now.StatusJson, ("status", "-s")),
        ("plan", plan.SCHEMA, now.PlanJson, ("plan",)),
        ("explain-host", story.SCHEMA, past.HostJson, ("explain host",)),
        ("explain-cycle", story.SCHEMA, past.CycleJson, ("explain cycle",)),
        ("explain-lend", story.SCHEMA, past.LendJson, ("explain lend",)),
        ("explain-flow", flow.SCHEMA, now.FlowJson, ("explain flow",)),
        ("replay", replay.SCHEMA, past.ReplayJson, ("replay",)),
        ("simulate", simulated.SCHEMA, past.SimulateJson, ("simulate",)),
        ("report", of_month.SCHEMA, past.ReportJson, ("report",)),
        ("order", orders.SCHEMA, stops.OrderJson, ("flockoff", "flockon", "ban", "unban", "quarantine", "release")),
        ("bans", bans.SCHEMA, stops.BansJson, ("ban --list",)),
        ("quarantines", quarantines.SCHEMA, stops.QuarantinesJson, ("quarantine --list",)),
        ("check", checkup.SCHEMA, machine.CheckJson, ("check",)),
        ("check-effective", checkup.EFFECTIVE_SCHEMA, machine.EffectiveJson, ("check --effective",)),
        ("check-audit", checkup.AUDIT_SCHEMA, machine.AuditJson, ("check --audit",)),
        ("guests", guests.SCHEMA, machine.GuestsJson, ("guest show",)),
        ("steps", of_machine.STEPS_SCHEMA, machine.StepsJson, ("guest add", "guest remove", "image push")),
        ("key", of_machine.KEY_SCHEMA, machine.KeyJson, ("key create", "key show", "key rotate", "key revoke")),
        ("image", of_machine.IMAGE_SCHEMA, machine.ImageJson, ("image build",)),
        ("gateway", of_machine.GATEWAY_SCHEMA, machine.AppliedJson, ("gateway apply",)),
        ("evidence", evidence.SCHEMA, machine.EvidencesJson, ("node evidence list",)),
        ("evidence-verified", evidence.VERIFIED_SCHEMA, machine.EvidenceVerifiedJson, ("node evidence verify",)),
        ("ledger", of_machine.LEDGER_SCHEMA, past.VerifyJson, ("ledger verify",)),
        ("trace", tracing.SCHEMA, traced.TraceJson, ("trace",)),
        ("holds", tracing.HOLDS_SCHEMA, traced.HoldsJson, ("trace --holds",)),
        ("drill", drill.SCHEMA, traced.DrillJson, ("drill run", "drill check")),
    )
)
"""A version grows when a member goes or means something else. New members may come any time."""

UNSAID = {
    "run": "the daemon's log is structured already",
    "watch": "a picture; `status --json` has the same",
    "web": "serves pages",
    "ledger export": "JSON lines, a record each",
    "node run": "a daemon", "node up": "tells what it made, and 0 or 1",
    "node down": "tells what it removed, and 0 or 1", "node evidence export": "writes files",
    "gateway run": "a daemon", "gateway record": "a daemon's",
    "drill prepare": "prints what is to be submitted",
}  # fmt: skip
"""Calls without `--json`, and why."""
