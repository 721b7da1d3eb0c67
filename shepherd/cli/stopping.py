"""What the verbs that stop somebody have in common: who may, what is known here, and leaving the intent."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from shepherd.cli import where
from shepherd.core.roles import insist
from shepherd.core.stop.wanted import Known
from shepherd.edges.guest_domains import domains_in
from shepherd.edges.ledger_present import read_present
from shepherd.edges.settings_file import read_settings
from shepherd.edges.spool import leave
from shepherd.edges.unix_user import owner_of, person_of
from shepherd.errors import SettingsError, Unavailable
from shepherd.model.intents import IntentKind
from shepherd.model.roles import Role
from shepherd.views.present import Present, present_from


def insist_on_stopping(settings: Path) -> None:
    """Raises UsageError unless whoever runs this has the role, SettingsError if the settings cannot be read."""
    roles = read_settings(settings, lambda _: []).roles
    insist(Role.STOP, roles, person_of(os.geteuid(), owner_of(where.ledger_directory(settings))))


def known_here(settings: Path) -> Known:
    """What the settings, the guests' files and the published state tell of the site."""
    read = read_settings(settings, lambda _: [])
    present = present_here(where.ledger_directory(settings))
    return Known(
        guests=domains_in(Path(read.paths.guests)),
        hosts=[host.host for host in present.hosts] if present else [],
        own_schedds=read.home.schedds,
    )


def present_here(ledger: Path) -> Present | None:
    """What the daemon published last; None if that cannot be read."""
    with contextlib.suppress(Unavailable, SettingsError):
        found = read_present(ledger)
        return present_from(found[0]) if found else None
    return None


def ordered(
    settings: Path, kind: IntentKind, *, about: Mapping[str, str], why: str, for_s: float | None = None
) -> str:
    """Leave the intent; its name. Raises SettingsError, UsageError, Unavailable."""
    return leave(where.intents_directory(settings), kind, why=why, for_s=for_s, about=about)
