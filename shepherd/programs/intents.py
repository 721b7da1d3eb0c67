"""The intents that people left, read once a tick for everybody who obeys some of them."""

from collections.abc import Sequence

from shepherd.model.intents import Intent
from shepherd.ports import Spool


class Intents:
    """`ports.Spool` as it was at the last `read`: all who look at it in one tick see the same."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        """May be replaced: another directory."""
        self._waiting: tuple[Intent, ...] = ()

    def read(self) -> None:
        """Look what is there now."""
        self._waiting = tuple(self.spool.waiting())

    def waiting(self) -> Sequence[Intent]:
        """See the port."""
        return self._waiting

    def done(self, intent: Intent) -> None:
        """See the port."""
        self.spool.done(intent)
        self._waiting = tuple(one for one in self._waiting if one.ident != intent.ident)
