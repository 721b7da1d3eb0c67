"""The flock pool as `shepherd guest` and guests' schedds meet it: who is let in, ads, claims."""

import dataclasses
import re
from collections.abc import Callable, Sequence

from shepherd.core.guest.pool_config import MACRO, guest_ads
from shepherd.errors import PoolUnavailable
from shepherd.model.guest import Claim, FlockPool, Guest, Token

ALLOWED = re.compile(rf"^{MACRO} = (.*)$", re.MULTILINE)
KNOWN = re.compile(r"^SHEPHERD_GUESTS = (.*)$", re.MULTILINE)
ABOUT = FlockPool(trust_domain="flock.sim", collector="cm.sim:9619")


@dataclasses.dataclass(kw_only=True)
class SimFlockPool:
    """`ports_guest.FlockPoolHands`, and below it what guests' schedds do."""

    configured: Callable[[], str]
    """What is written for it now; it counts once it is read."""
    wall_s: Callable[[], float]
    runs: bool = True
    ads: dict[str, str] = dataclasses.field(default_factory=dict)
    """Name of an ad, and the identity that advertised it."""
    running: list[Claim] = dataclasses.field(default_factory=list)
    _read: str = ""
    _minted: int = 0

    def about(self) -> FlockPool:
        """See the port."""
        return ABOUT

    def mint(self, identity: str, lifetime_s: float) -> Token:
        """See the port."""
        self._minted += 1
        text = f"eyJ.{identity}.{self._minted}\n"
        return Token(text=text, ident=f"{self._minted:032x}", until_s=self.wall_s() + lifetime_s)

    def start(self) -> None:
        """It starts, or starts anew."""
        self.runs, self._read = True, self.configured()

    def reload(self) -> bool:
        """See the port."""
        if self.runs:
            self._read = self.configured()
        return self.runs

    def lets_in(self, token: Token) -> bool:
        """See the port."""
        if not self.runs:
            raise PoolUnavailable("the flock pool does not answer")
        return self.is_known(token.text)

    def is_known(self, token: str) -> bool:
        """Whether the holder of a token is let in."""
        identity = token.partition(".")[2].rpartition(".")[0]
        known = KNOWN.search(self._read)
        return known is not None and identity in known[1].split()

    def obeys(self, guests: Sequence[Guest]) -> bool:
        """See the port."""
        return self.runs and ALLOWED.findall(self._read) == [guest_ads(guests)]

    def withdraw(self, guests: Sequence[Guest]) -> Sequence[str]:
        """See the port."""
        schedds = {guest.identity: guest.schedds for guest in guests if guest.may_sign_in}
        self.ads = {name: owner for name, owner in self.ads.items() if name in schedds.get(owner, ())}
        return []

    def claims(self) -> Sequence[Claim]:
        """See the port."""
        return list(self.running)

    def end(self, claims: Sequence[Claim]) -> None:
        """See the port."""
        ended = {claim.slot for claim in claims}
        self.running = [claim for claim in self.running if claim.slot not in ended]

    # -- guests' schedds ----------------------------------------------------------------------------------------------

    def advertise(self, token: str, name: str) -> bool:
        """A guest's schedd says that it is there; whether it is believed."""
        identity = token.partition(".")[2].rpartition(".")[0]
        if known := self.is_known(token):
            self.ads[name] = identity
        return known

    def claim(self, slot: str, user: str, schedd: str) -> None:
        """A guest's job starts."""
        self.running.append(Claim(slot=slot, user=user, schedd=schedd))
