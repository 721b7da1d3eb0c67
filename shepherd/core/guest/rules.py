"""What a guest must not be: alone, beside other guests, and with the site's settings."""

import math
import re
from collections.abc import Iterator, Sequence

from shepherd.core.guest.naming import PREFIX, domain_of, group_of
from shepherd.core.settings.forms import Problem, duplicate_problems, hostname_problem
from shepherd.model.guest import Guest, Standing

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
SCHEDD = re.compile(r"([A-Za-z0-9_-]+@)?(?P<host>[^@]+)")
MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9.-]+")
IDENTITY = re.compile(r"guest\.[a-z0-9-]+\.[0-9]+@[A-Za-z0-9.-]+")
MOST_SCHEDDS, MOST_HOSTS, MOST_TOKEN_DAYS = 100, 1_000_000, 3660
LINE_MAX = 200


def guest_problems(guest: Guest) -> list[Problem]:
    """Everything that is wrong with one guest. What passes may be written into HTCondor's configuration as it is."""
    alone = [*name_problems(guest), *schedd_problems(guest), *contact_problems(guest), *limit_problems(guest)]
    return alone or list(identity_problems(guest))


def name_problems(guest: Guest) -> Iterator[Problem]:
    """Name, domain and identity."""
    if not NAME.fullmatch(guest.name):
        remedy = "small letters, digits and hyphens, a letter first, at most 31"
        yield Problem("name", f"{guest.name!r} is no name for a guest", remedy)
    yield from hostname_problem("domain", guest.domain)
    if guest.identity and not IDENTITY.fullmatch(guest.identity):
        yield Problem("identity", f"{guest.identity!r} is none of `shepherd guest`", "remove the guest and add it anew")
    if guest.generation < 1:
        yield Problem("generation", f"is {guest.generation}", "1 or more; `shepherd guest` counts it")


def identity_problems(guest: Guest) -> Iterator[Problem]:
    """An identity is of one name and one generation, so no two guests have the same."""
    if guest.identity and not guest.identity.startswith(f"{PREFIX}{guest.name}.{guest.generation}@"):
        problem = f"{guest.identity} is not that of {guest.name} in generation {guest.generation}"
        yield Problem("identity", problem, "put back what `shepherd guest` wrote")


def schedd_problems(guest: Guest) -> Iterator[Problem]:
    """Names that schedds can have."""
    if not 1 <= len(guest.schedds) <= MOST_SCHEDDS:
        remedy = f"name 1 to {MOST_SCHEDDS}; `condor_status -schedd -af Name` at the guest's shows them"
        yield Problem("schedds", f"are {len(guest.schedds)}", remedy)
    for schedd in guest.schedds:
        matched = SCHEDD.fullmatch(schedd)
        if matched is None or list(hostname_problem("schedds", matched["host"])):
            yield Problem("schedds", f"{schedd!r} is no schedd's name", 'write "host.example.org" or "name@host"')
    yield from duplicate_problems("schedds", guest.schedds, "schedd")


def contact_problems(guest: Guest) -> Iterator[Problem]:
    """A mail address, or nothing."""
    if guest.contact and (len(guest.contact) > LINE_MAX or not MAIL.fullmatch(guest.contact)):
        yield Problem("contact", f"{guest.contact[:LINE_MAX]!r} is no mail address", "write security@example.org")


def limit_problems(guest: Guest) -> Iterator[Problem]:
    """Limits are possible."""
    if not 0 <= guest.hosts <= MOST_HOSTS:
        yield Problem("hosts", f"is {guest.hosts}", f"0 for no limit, or up to {MOST_HOSTS}")
    if not (math.isfinite(guest.notice_s) and guest.notice_s >= 0):
        yield Problem("notice_s", f"is {guest.notice_s:g}", "give seconds, 0 for what the site gives")
    if not 1 <= guest.token_days <= MOST_TOKEN_DAYS:
        yield Problem("token_days", f"is {guest.token_days}", f"1 to {MOST_TOKEN_DAYS} days")


def site_problems(guest: Guest, others: Sequence[Guest], graceful_s: float, own_domain: str) -> Iterator[Problem]:
    """What a guest must not have here. `others`: all guests but this one; `own_domain`: the flock pool's own."""
    yield from beside_problems(guest, others)
    if guest.domain.casefold() == own_domain.casefold():
        yield Problem("domain", f"{guest.domain} is the flock pool's own", "give UID_DOMAIN of the guest's schedds")
    if guest.notice_s > graceful_s:
        remedy = f"promise at most {graceful_s:g}, or raise graceful_s in [timers] of the shepherd's settings first"
        yield Problem("notice_s", f"is {guest.notice_s:g}, and this site gives jobs {graceful_s:g} s", remedy)


def beside_problems(guest: Guest, others: Sequence[Guest]) -> Iterator[Problem]:
    """What a guest must not have in common with `others`, of whom those that are removed have nothing any more."""
    present = [other for other in others if other.standing is not Standing.REMOVED]
    taken = {schedd.casefold(): other.name for other in present for schedd in other.schedds}
    for schedd in guest.schedds:
        if owner := taken.get(schedd.casefold()):
            yield Problem("schedds", f"{schedd} is a schedd of the guest {owner}", "one schedd is of one guest")
    for other in present:
        yield from _user_problems(guest, other)
        yield from _user_problems(other, guest)
    groups = {group_of(other.domain): other.name for other in present}
    if owner := groups.get(group_of(guest.domain)):
        remedy = "one domain is of one guest; those that differ in dots and hyphens alone cannot be told apart"
        yield Problem("domain", f"{guest.domain} is that of the guest {owner}", remedy)


def _user_problems(guest: Guest, other: Guest) -> Iterator[Problem]:
    """A schedd that is named like another guest's user could be advertised by both."""
    for schedd in guest.schedds:
        if domain_of(schedd).casefold() == other.domain.casefold():
            remedy = "rename the schedd: its name cannot be told from a user's"
            yield Problem("schedds", f"{schedd} of {guest.name} is in the domain of the guest {other.name}", remedy)
