"""`shepherd plan`: what the next cycle would do. Given nothing to act with, it changes nothing."""

import argparse
import json
from pathlib import Path

from shepherd.cli.where import ledger_directory

DESCRIPTION = """Observes both pools and decides as the next cycle would, from the daemon's own record. It has neither
the signing key nor HTCondor's commanding tools nor the ledger's lock, so it cannot change anything. A source that
is not believed is named, and is no error: the next cycle would meet the same."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    parser = subparsers.add_parser("plan", help="show what the next cycle would do", description=DESCRIPTION)
    parser.add_argument("--json", action="store_true", help="for machines; `schema` is its version")


def run(args: argparse.Namespace) -> int:
    """Print the foreseen cycle. Raises SettingsError, LedgerUnavailable."""
    from shepherd.cli.tell import tell
    from shepherd.core import records
    from shepherd.core.stop.quarantine import bars_of, from_body
    from shepherd.edges.clock import SystemClock
    from shepherd.edges.ledger_read import newest_standing
    from shepherd.model.entry import EntryKind
    from shepherd.programs.foresee import foresee, remembered
    from shepherd.programs.wiring import home_worker, load_settings, pool_of
    from shepherd.views.plan import plan_json, plan_text

    settings = load_settings(args.settings)
    standing = newest_standing(Path(ledger_directory(args.settings)))
    off, banned = standing.last(EntryKind.FLOCKOFF.value), standing.last(EntryKind.BANS.value)
    past = standing.last(EntryKind.PAST.value)
    quarantined = standing.last(EntryKind.QUARANTINES.value)
    pool = pool_of(settings, home_worker(settings))
    try:
        seen = foresee(
            pool,
            SystemClock(),
            settings,
            {host: records.switch_from(body) for host, body in standing.bodies(EntryKind.SWITCH).items()},
            {host: records.memory_from(body) for host, body in standing.bodies(EntryKind.MEMORY).items()},
            records.flockoff_from(off.body) if off else None,
            bars_of(
                from_body(quarantined.body) if quarantined else (),
                records.bans_from(banned.body) if banned else (),
            ),
            remembered(past.body if past else {}),
        )
    finally:
        pool.close()
    if args.json:
        print(json.dumps(plan_json(seen.snapshot, seen.verdict), indent=1))
    else:
        tell(plan_text(seen.snapshot, seen.verdict, str(args.settings)))
    return 0
