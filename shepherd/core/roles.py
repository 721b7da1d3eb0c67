"""Who may do what. The verb asks before it writes an intent; the daemon asks again, of the intent's owner."""

from collections.abc import Iterator
from typing import assert_never

from shepherd.core.settings.forms import Problem, duplicate_problems
from shepherd.errors import UsageError
from shepherd.model.intents import IntentKind
from shepherd.model.role_settings import RoleSettings
from shepherd.model.roles import Person, Role

GROUP_CHARACTERS = 64
DOES = {Role.PERSONAL: "see personal data", Role.STOP: "ban or quarantine", Role.RELEASE: "release"}


def may(role: Role, settings: RoleSettings, caller: Person) -> bool:
    """Whether `caller` has the role."""
    return caller.is_owner or not caller.groups.isdisjoint(settings.groups(role))


def refusal(role: Role, settings: RoleSettings, caller: Person) -> str:
    """Why not, and who could."""
    groups = sorted(settings.groups(role))
    others = f" and members of {', '.join(groups)}" if groups else f"; [roles] {role.value} names no group"
    return f"{caller.name} may not {DOES[role]}: that is for root{others}"


def insist(role: Role, settings: RoleSettings, caller: Person) -> None:
    """Raises UsageError unless `caller` has the role."""
    if not may(role, settings, caller):
        raise UsageError(refusal(role, settings, caller))


def role_for(kind: IntentKind) -> Role | None:
    """The role that an intent needs; None: writing to the spool is enough."""
    match kind:
        case IntentKind.FLOCKOFF | IntentKind.FLOCKON:
            return None
        case IntentKind.BAN | IntentKind.UNBAN | IntentKind.QUARANTINE:
            return Role.STOP
        case IntentKind.RELEASE:
            return Role.RELEASE
        case IntentKind.ASKED:
            return None
    assert_never(kind)


def why_not(kind: IntentKind, settings: RoleSettings, owner: Person) -> str | None:
    """What the daemon says to an intent of this file's owner before it is folded in: None, carry it out; else why not,
    in words for the record. Verbs can be gone round by whoever may write to the spool; this cannot.

    Of what was asked (`asked`) everything is recorded, whoever wrote it.
    """
    role = role_for(kind)
    return None if role is None or may(role, settings, owner) else refusal(role, settings, owner)


def role_problems(settings: RoleSettings) -> Iterator[Problem]:
    """What `[roles]` must not say. Whether a group is there is not known here: it may come with the next login."""
    for role in Role:
        names = tuple(getattr(settings, role.value))
        yield from duplicate_problems(f"roles.{role.value}", names)
        for name in names:
            if not name or len(name) > GROUP_CHARACTERS or not name.isprintable() or {*name} & {*" ,:"}:
                yield Problem(f"roles.{role.value}", f"{name!r} is no Unix group's name", "write e.g. [\"security\"]")
