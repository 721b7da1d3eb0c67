"""What the flock pool is told of its guests: one file below its LOCAL_CONFIG_DIR, made anew from all guests.

The pool's own file (`puppet/files/flock-pool.conf`) names these macros where they count, and is closed without them.
"""

from collections.abc import Sequence

from shepherd.core.guest.naming import group_of
from shepherd.core.guest.rules import MOST_HOSTS
from shepherd.model.guest import Guest

FILE = "50-guests.conf"
"""Its name there."""
MACRO = "SHEPHERD_GUEST_ADS"
"""Without it in COLLECTOR_REQUIREMENTS the pool's configuration is not the one that this file is for."""
HOST = 100
"""What a whole host weighs, by SLOT_WEIGHT of the pool's own file: the negotiator cuts quotas to whole numbers. A group
below its quota gets one slot more, whatever that weighs: containers refuse what would be too much (WITHIN_LIMIT)."""

HEAD = """\
# Guests of the flock pool. Written by `shepherd guest` from /etc/shepherd/guests.d: changes here are lost.
"""
GROUPS = """
# Everybody of a guest's domain is in one accounting group, whatever group they are in at home: its quota is the guest's
# limit, in hosts.
NEGOTIATOR_CLASSAD_USER_MAP_NAMES = GROUP_PREFIX
CLASSAD_USER_MAPDATA_GROUP_PREFIX @=shepherd
{rows}@shepherd
GROUP_NAMES = {names}
{quotas}"""


def pool_config(guests: Sequence[Guest]) -> str:
    """The file's text, from those of `guests` who may sign in. The same guests give the same text."""
    present = sorted((guest for guest in guests if guest.may_sign_in), key=lambda guest: guest.name)
    who = f"SHEPHERD_GUESTS = {' '.join(guest.identity for guest in present)}\n"
    return "".join([HEAD, who, f"{MACRO} = {guest_ads(guests)}\n", _groups(present)])


def guest_ads(guests: Sequence[Guest]) -> str:
    """A ClassAd expression: true for an ad that those of `guests` who may sign in may advertise."""
    present = sorted((guest for guest in guests if guest.may_sign_in), key=lambda guest: guest.name)
    return " || ".join(map(_own_ads, present)) or "False"


def _own_ads(guest: Guest) -> str:
    """True for an ad that this guest may advertise: of its own schedds, and of its own users at these. A schedd puts
    its domain after the last `@` of a submitter; what stands before that, a job may say. No schedd says how long its
    ads live, and the collector's housekeeper would keep a withdrawn ad for as long."""
    names = "{" + ", ".join(f'"{schedd.lower()}"' for schedd in guest.schedds) + "}"
    own_schedd = f"member(toLower(ScheddName), {names})"
    schedd = f'MyType == "Scheduler" && member(toLower(Name), {names}) && (ScheddName =?= undefined || {own_schedd})'
    user = f'MyType == "Submitter" && regexp("^.+@{guest.domain.replace(".", "[.]")}$", Name) && {own_schedd}'
    identity = f'AuthenticatedIdentity =?= "{guest.identity}"'
    return f"({identity} && ClassAdLifetime =?= undefined && ({schedd} || {user}))"


def _groups(present: Sequence[Guest]) -> str:
    if not present:
        return ""
    names = [group_of(guest.domain) for guest in present]
    pairs = list(zip(present, names, strict=True))
    return GROUPS.format(
        rows="".join(f"* {guest.domain} {name}\n" for guest, name in pairs),
        names=" ".join(names),
        quotas="".join(f"GROUP_QUOTA_{name} = {HOST * (guest.hosts or MOST_HOSTS)}\n" for guest, name in pairs),
    )
