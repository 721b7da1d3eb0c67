"""Names that are made from a guest's."""

import re

PREFIX = "guest."
"""Of every guest's identity: no container's token begins with it, and whoever has it, and is not known, is refused."""


def identity_of(name: str, generation: int, trust_domain: str) -> str:
    """Whom the tokens of one generation of a guest name."""
    return f"{PREFIX}{name}.{generation}@{trust_domain}"


def group_of(domain: str) -> str:
    """The accounting group of everybody in a domain. The flock image makes the same from a claim's user
    (`images/flock/condor/accounting.ad`)."""
    return "guest_" + re.sub(r"[.-]", "_", domain.lower())


def domain_of(user: str) -> str:
    """What stands after the last `@`; empty if there is none."""
    return user.rpartition("@")[2] if "@" in user else ""
