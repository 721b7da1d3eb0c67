"""Publishing lease pages, and refusing to be the second shepherd of a pool."""

import dataclasses
from collections.abc import Sequence

from shepherd.core.lease.encode import decode, encode
from shepherd.core.lease.pages import NOTHING, Beside, next_serial, spread
from shepherd.errors import LeaseRefused
from shepherd.model.host import LeaseId
from shepherd.model.lease import Lease, LeasePhase, SignedPage
from shepherd.model.settings import Settings
from shepherd.ports import Clock, Pool, Signer, Verifier
from shepherd.programs.rivals import Look, Rivals, Seen

AHEAD_S = 1.0
"""By less it is ahead when pages are published twice within a millisecond."""


@dataclasses.dataclass(kw_only=True)
class LeasePages:
    """The pages of this instance. Serials grow over restarts and clock steps."""

    pool: Pool
    signer: Signer
    verifier: Verifier
    clock: Clock
    settings: Settings
    instance: str
    process: str = ""
    """Of this running process; another process of the same instance is told by it."""
    ignore_unknown_keys: bool = False
    """Pages under unknown keys are known to be forged."""
    rivals: Rivals = dataclasses.field(default_factory=Rivals)
    serial: int = 0
    beside: Beside = NOTHING
    """What the next issue carries beside leases; whoever changes it asks for an issue."""
    revoked: frozenset[LeaseId] = frozenset()
    """Leases that this instance's pages in the collector revoke, as of the last `check_alone`."""

    def follow(self, before: "LeasePages") -> None:
        """Go on where the pages of this process were, by other settings."""
        self.serial, self.rivals = max(self.serial, before.serial), before.rivals
        self.beside = before.beside

    def ahead(self) -> int | None:
        """The next serial if it is ahead of the clock, as after a clock that was: keepers have seen that one's, and the
        clock alone would give smaller ones to whoever does not know it. None if the clock alone gives it."""
        now = self.clock.wall_s()
        serial = next_serial([self.serial], now)
        return serial if serial > next_serial([], now + AHEAD_S) else None

    def publish(self, leases: Sequence[Lease], *, flockoff: bool) -> int:
        """Sign and publish every page; the serial used. Raises PoolUnavailable."""
        now = self.clock.wall_s()
        self.serial = next_serial([self.serial], now)
        pages = spread(
            leases,
            pool=self.settings.home.name,
            instance=self.instance,
            pages=self.settings.lease.pages,
            serial=self.serial,
            issued_at_s=now,
            flockoff=flockoff,
            process=self.process,
            beside=self.beside,
        )
        self.pool.publish([self.signer.sign(encode(page)) for page in pages])
        return self.serial

    def check_alone(self) -> None:
        """Learn our own last serial and revocations, and refuse to run beside another live shepherd (`Rivals`).

        Raises:
            AnotherShepherd: pages of another shepherd are being renewed.
            PoolUnavailable: the collector cannot be asked, or it has to be asked again to know.
        """
        pages = self._of_this_pool()
        ours = [one.page for one in pages if one.is_trusted and one.page.instance == self.instance]
        self.serial = max([self.serial, *(page.serial for page in ours)])
        self.revoked = frozenset(
            lease.lease for page in ours for lease in page.leases if lease.phase is LeasePhase.REVOKED
        )
        self.rivals.look(pages, self._look())

    def _look(self) -> Look:
        return Look(
            instance=self.instance,
            process=self.process,
            wall_s=self.clock.wall_s(),
            steady_s=self.clock.steady_s(),
            renew_s=self.settings.timers.renew_s,
            ignore_unknown_keys=self.ignore_unknown_keys,
        )

    def _of_this_pool(self) -> list[Seen]:
        pages = []
        for signed in self.pool.published():
            try:
                page = decode(signed.payload)
            except LeaseRefused:
                continue
            if page.pool == self.settings.home.name:
                pages.append(Seen(page=page, key_id=signed.key_id, is_trusted=self._is_trusted(signed)))
        return pages

    def _is_trusted(self, signed: SignedPage) -> bool:
        try:
            self.verifier.verify(signed)
        except LeaseRefused:
            return False
        return True
