"""Publishing lease pages, and refusing to be the second shepherd of a pool."""

import dataclasses
from collections.abc import Sequence

from shepherd.core.lease.encode import decode, encode
from shepherd.core.lease.pages import next_serial, spread
from shepherd.errors import AnotherShepherd, LeaseRefused
from shepherd.model.host import LeaseId
from shepherd.model.lease import Lease, LeasePage, LeasePhase
from shepherd.model.settings import Settings
from shepherd.ports import Clock, Pool, Signer, Verifier

ALIVE_RENEWALS = 3.0
"""Another shepherd is taken for alive while its pages are younger than this many renewals."""


@dataclasses.dataclass(kw_only=True)
class LeasePages:
    """The pages of this instance. Serials grow over restarts and clock steps."""

    pool: Pool
    signer: Signer
    verifier: Verifier
    clock: Clock
    settings: Settings
    instance: str
    serial: int = 0
    revoked: frozenset[LeaseId] = frozenset()
    """Leases that this instance's pages in the collector revoke, as of the last `check_alone`."""

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
        )
        self.pool.publish([self.signer.sign(encode(page)) for page in pages])
        return self.serial

    def check_alone(self) -> None:
        """Learn our own last serial and revocations, and refuse to run beside another live instance.

        Raises:
            AnotherShepherd: pages of another instance are being renewed.
            PoolUnavailable: the collector cannot be asked.
        """
        pages = self._trusted()
        ours = [page for page in pages if page.instance == self.instance]
        self.serial = max([self.serial, *(page.serial for page in ours)])
        self.revoked = frozenset(
            lease.lease for page in ours for lease in page.leases if lease.phase is LeasePhase.REVOKED
        )
        for page in pages:
            if page.instance != self.instance and self._is_alive(page):
                age = self.clock.wall_s() - page.issued_at_s
                raise AnotherShepherd(
                    f"another shepherd ({page.instance}) renewed its lease pages {age:.0f} s ago; "
                    f"stop that one, or wait {ALIVE_RENEWALS * self.settings.timers.renew_s:.0f} s after it ended"
                )

    def _trusted(self) -> list[LeasePage]:
        pages = []
        for signed in self.pool.published():
            try:
                self.verifier.verify(signed)
                page = decode(signed.payload)
            except LeaseRefused:
                continue
            if page.pool == self.settings.home.name:
                pages.append(page)
        return pages

    def _is_alive(self, page: LeasePage) -> bool:
        age = self.clock.wall_s() - page.issued_at_s
        return age < ALIVE_RENEWALS * self.settings.timers.renew_s
