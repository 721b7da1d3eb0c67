"""The foreign pools of the lab: each with trust domain, schedd and users of its own, and a guest of ours."""

from collections.abc import Mapping
from dataclasses import dataclass

from shepherd.lab.addresses import CAMPUS_WAN, INSTITUTE_WAN
from shepherd.lab.pools import CAMPUS_USERS, INSTITUTE_USERS


@dataclass(frozen=True, kw_only=True)
class ForeignPool:
    """A pool of somebody else's. Its only node, its schedd and the guest have its name."""

    name: str
    address: str
    users: Mapping[str, int]

    @property
    def domain(self) -> str:
        """Its users are `USER@DOMAIN`."""
        return f"{self.name}.lab"

    @property
    def guest_words(self) -> tuple[str, ...]:
        """Words of `shepherd guest add`."""
        contact = f"security@{self.domain}"
        return (self.name, "--schedd", self.name, "--domain", self.domain, "--contact", contact)


CAMPUS = ForeignPool(name="campus", address=CAMPUS_WAN, users=CAMPUS_USERS)
INSTITUTE = ForeignPool(name="institute", address=INSTITUTE_WAN, users=INSTITUTE_USERS)
