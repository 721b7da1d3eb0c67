"""Signatures of the fake world."""

import hashlib
import hmac

from shepherd.errors import LeaseRefused
from shepherd.model.lease import SignedPage


class SimSigner:
    """A keyed hash instead of a signature: as good in a world without thieves."""

    def __init__(self, key: bytes = b"the site's key") -> None:
        self._key = key
        self.key_id = hashlib.sha256(key).hexdigest()[:16]

    def sign(self, payload: bytes) -> SignedPage:
        """A page signed with this key."""
        mark = hmac.digest(self._key, payload, "sha256")
        return SignedPage(payload=payload, key_id=self.key_id, signature=mark)

    def verify(self, page: SignedPage) -> None:
        """Raises LeaseRefused unless this key signed exactly this payload."""
        good = hmac.digest(self._key, page.payload, "sha256")
        if page.key_id != self.key_id or not hmac.compare_digest(good, page.signature):
            raise LeaseRefused("no trusted key signed this page")
