"""Guests for people and for machines. Never a token: nothing here has one."""

import enum
from collections.abc import Iterator, Mapping, Sequence

from shepherd.model.guest import Guest, Standing
from shepherd.model.one_line import one_line
from shepherd.views.wording import age, instant

SCHEMA = 1
HEAD = ("GUEST", "STANDING", "DOMAIN", "HOSTS", "TOKEN ENDS", "SCHEDDS")
SOON_S = 30 * 86400.0
"""A token that ends within this is a problem to be told. Seconds."""


def guests_json(guests: Sequence[Guest], graceful_s: float, now_s: float) -> Mapping[str, object]:
    """For machines. Times are seconds since 1970, null where there is none."""
    return {"schema": SCHEMA, "at_s": now_s, "guests": [_members(guest, graceful_s, now_s) for guest in guests]}


def guests_text(guests: Sequence[Guest], graceful_s: float, now_s: float) -> str:
    """One line a guest."""
    if not guests:
        return "there is no guest; `shepherd guest add --help`\n"
    rows = [HEAD, *(_row(guest, now_s) for guest in guests)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = ["  ".join([*map(str.ljust, row, widths), row[-1]]) for row in rows]
    problems = [f"Problem: {guest.name}: {what}" for guest in guests for what in _problems(guest, graceful_s, now_s)]
    return "\n".join([*lines, *problems]) + "\n"


def guest_text(guest: Guest, graceful_s: float, now_s: float) -> str:
    """Everything of one guest."""
    facts = [
        ("guest", guest.name), ("standing", guest.standing.value), ("identity", guest.identity),
        ("schedds", " ".join(guest.schedds)), ("domain", guest.domain), ("contact", guest.contact or "nobody is named"),
        ("hosts", str(guest.hosts) if guest.hosts else "no limit"),
        ("notice", f"{guest.notice_s or graceful_s:g} s" + ("" if guest.notice_s else ", as the site gives")),
        ("token", _token(guest, now_s)),
        ("added", _deed(guest.added_by, guest.added_at_s)), ("changed", _deed(guest.changed_by, guest.changed_at_s)),
        ("removed", _deed(guest.removed_by, guest.removed_at_s)), *(("before", one) for one in guest.past),
    ]  # fmt: skip
    lines = [f"{name:<9} {one_line(value)}" for name, value in facts if value]
    return "\n".join([*lines, *(f"Problem: {what}" for what in _problems(guest, graceful_s, now_s))]) + "\n"


def _members(guest: Guest, graceful_s: float, now_s: float) -> Mapping[str, object]:
    members = {key: value.value if isinstance(value, enum.Enum) else value for key, value in vars(guest).items()}
    times = {key: members[key] or None for key in members if key.endswith("_at_s") or key == "token_until_s"}
    return {**members, **times, "problems": list(_problems(guest, graceful_s, now_s))}


def _row(guest: Guest, now_s: float) -> tuple[str, ...]:
    ends = f"in {age(guest.token_until_s - now_s)}" if guest.token_until_s and guest.may_sign_in else "-"
    return (
        guest.name, guest.standing.value, guest.domain, str(guest.hosts or "-"), ends, one_line(" ".join(guest.schedds))
    )  # fmt: skip


def _token(guest: Guest, now_s: float) -> str:
    if not guest.token_id:
        return "none yet"
    if not guest.may_sign_in:
        return f"{guest.token_id}, refused"
    return f"{guest.token_id}, good until {instant(guest.token_until_s)} ({age(guest.token_until_s - now_s)})"


def _deed(who: str, at_s: float) -> str:
    return f"{instant(at_s)} by {who}" if at_s else ""


def _problems(guest: Guest, graceful_s: float, now_s: float) -> Iterator[str]:
    """What an administrator should do something about."""
    match guest.standing:
        case Standing.ADDING:
            yield f"its admission was interrupted: `shepherd guest add {guest.name}` completes it"
        case Standing.REMOVING:
            yield f"its removal was interrupted: `shepherd guest remove {guest.name}` completes it"
        case Standing.REMOVED:
            return
        case Standing.ADMITTED if guest.token_until_s < now_s + SOON_S:
            ends = age(guest.token_until_s - now_s) if guest.token_until_s > now_s else ""
            when = f"ends in {ends}" if ends else "has ended"
            yield f"its token {when}: `shepherd guest add {guest.name} --renew`, and hand the new one over"
    if guest.notice_s > graceful_s:
        yield f"it was promised a notice of {guest.notice_s:g} s, and graceful_s is {graceful_s:g}"
    if guest.may_sign_in and not guest.contact:
        yield f"nobody is named to ask when its jobs do harm: `shepherd guest add {guest.name} --contact … --change`"
