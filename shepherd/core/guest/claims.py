"""Whose jobs have a slot: what a schedd says of its claim counts only as far as it harms the schedd's own guest."""

from collections.abc import Iterable, Sequence

from shepherd.core.guest.naming import domain_of
from shepherd.model.guest import Claim, Guest


def to_end(claims: Iterable[Claim], present: Sequence[Guest], *, every: bool) -> list[Claim]:
    """The claims that a removal ends: all that are not, by user and by schedd, those of one guest who stays.

    `present`: the guests who stay. A schedd that poses as one of theirs is found by nobody: `every` ends all claims.
    """
    return [claim for claim in claims if every or not any(_is_of(claim, guest) for guest in present)]


def _is_of(claim: Claim, guest: Guest) -> bool:
    schedds = {schedd.casefold() for schedd in guest.schedds}
    return domain_of(claim.user) == guest.domain and (not claim.schedd or claim.schedd.casefold() in schedds)
