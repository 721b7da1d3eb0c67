"""What becomes of a guest when somebody adds or removes it: from what is written and what is asked to what to write."""

import dataclasses
import datetime

from shepherd.core.guest.naming import identity_of
from shepherd.errors import UsageError
from shepherd.model.guest import Anew, Deed, Guest, Standing, Wanted

NEEDED = (("schedds", "--schedd"), ("domain", "--domain"))


def added(name: str, known: Guest | None, wanted: Wanted, anew: Anew, deed: Deed, trust_domain: str) -> Guest:
    """The guest to write before anything else is done; equal to `known` if nothing of it changes.

    Raises UsageError if that cannot be.
    """
    if known is None or known.standing is Standing.REMOVED:
        if anew is not Anew.NOTHING:
            raise UsageError(f"{name} is no guest: add it without --{anew.value} first")
        return _new(name, known, wanted, deed, trust_domain)
    if known.standing is Standing.REMOVING:
        raise UsageError(f"the removal of {name} is not complete: `shepherd guest remove {name}` first")
    if wanted.domain not in {None, known.domain}:
        raise UsageError(f"{name} has the domain {known.domain}; with another it is another guest: remove it, then add")
    changed = dataclasses.replace(known, **wanted.given())  # type: ignore[arg-type]
    if changed != known and anew is not Anew.CHANGE and known.standing is Standing.ADMITTED:
        raise UsageError(f"{name} is a guest with {_differences(known, changed)}; say --change to give it other values")
    return _anew(known, changed, anew, deed, trust_domain)


def needs_token(guest: Guest, anew: Anew) -> bool:
    """Whether a token is to be made for it."""
    return guest.standing is Standing.ADDING or anew is Anew.RENEW


def removing(name: str, known: Guest | None, deed: Deed) -> Guest:
    """The guest to write before anything else is done. Raises UsageError if there is none."""
    if known is None:
        raise UsageError(f"there is no guest {name}; `shepherd guest show` lists them")
    if not known.may_sign_in:
        return known
    return dataclasses.replace(known, standing=Standing.REMOVING, removed_by=deed.who, removed_at_s=deed.at_s)


def _new(name: str, known: Guest | None, wanted: Wanted, deed: Deed, trust_domain: str) -> Guest:
    past = (*known.past, _ended(known, known.removed_by, known.removed_at_s)) if known else ()
    given = wanted.given()
    if missing := [option for key, option in NEEDED if not given.get(key)]:
        raise UsageError(f"{name} is a new guest: say {' and '.join(missing)}, too")
    generation = known.generation + 1 if known else 1
    return Guest(
        name=name, generation=generation, standing=Standing.ADDING,
        identity=identity_of(name, generation, trust_domain), added_by=deed.who, added_at_s=deed.at_s, past=past,
        **given,  # type: ignore[arg-type]
    )  # fmt: skip


def _anew(known: Guest, changed: Guest, anew: Anew, deed: Deed, trust_domain: str) -> Guest:
    if anew is Anew.REISSUE:
        generation = known.generation + 1
        identity = identity_of(known.name, generation, trust_domain)
        past = (*known.past, _ended(known, deed.who, deed.at_s))
        changed = dataclasses.replace(
            changed, generation=generation, standing=Standing.ADDING, identity=identity, past=past,
            added_by=deed.who, added_at_s=deed.at_s,
        )  # fmt: skip
    if changed == known and anew is not Anew.RENEW:
        return known
    return dataclasses.replace(changed, changed_by=deed.who, changed_at_s=deed.at_s)


def _ended(known: Guest, who: str, at_s: float) -> str:
    began, ended = (datetime.datetime.fromtimestamp(s, datetime.UTC).isoformat() for s in (known.added_at_s, at_s))
    return f"{known.identity}: from {began}, by {known.added_by}, to {ended}, by {who}"


def _differences(known: Guest, changed: Guest) -> str:
    pairs = ((key, getattr(known, key), getattr(changed, key)) for key in vars(Wanted()))
    return ", ".join(f"{key} = {_shown(old)} (not {_shown(new)})" for key, old, new in pairs if old != new)


def _shown(value: object) -> str:
    match value:
        case tuple():
            return " ".join(map(str, value))
        case float():
            return f"{value:g}"
        case _:
            return str(value) or "nothing"
