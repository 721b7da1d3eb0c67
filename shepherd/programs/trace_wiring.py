"""The record of who ran what, put together: its store and the site's logger."""

import math
from collections.abc import Callable
from pathlib import Path

from shepherd.edges.ledger import SqliteLedger
from shepherd.edges.ledger_retention import Keeping
from shepherd.edges.site_logger import SiteLogger
from shepherd.edges.trace_store.holds import StoreHolds
from shepherd.edges.trace_store.overdue import Retention
from shepherd.edges.trace_store.writer import TraceStore
from shepherd.model.settings import Settings
from shepherd.model.syslog import logger_address
from shepherd.ports import Clock, Log
from shepherd.programs.errand import Background
from shepherd.programs.trace.anchor import Anchoring


def trace_place(settings: Settings) -> Path:
    """Where the store lies."""
    return Path(settings.trace.directory or Path(settings.paths.state) / "trace")


def retention_of(settings: Settings) -> Retention:
    """For how long what is kept."""
    return Retention(keep_days=settings.trace.keep_days, pseudonymise_days=settings.trace.pseudonymise_days)


def trace_store_of(settings: Settings, clock: Clock, group: str = "") -> TraceStore:
    """The store's writer. Members of `group` may read what is personal. Raises AnotherShepherd, LedgerUnavailable."""
    return TraceStore(trace_place(settings), wall_s=clock.wall_s, retention=retention_of(settings), group=group)


def site_logger_of(settings: Settings, clock: Clock) -> SiteLogger | None:
    """The site's logger; None: there is none."""
    if not settings.trace.logger:
        return None
    return SiteLogger(logger_address(settings.trace.logger), settings.trace.logger_ca_file, wall_s=clock.wall_s)


class Tracing:
    """The store, the logger and who tells the one to the other; a reload replaces what settings say."""

    def __init__(
        self,
        settings: Settings,
        ledger: SqliteLedger,
        background: Background,
        clock: Clock,
        log: Log,
        instance: str,
        *,
        keeps_records: Callable[[], bool],
    ) -> None:
        """`keeps_records`: whether the last record was kept. Raises AnotherShepherd, LedgerUnavailable."""
        self._clock, self._ledger, self._keeps_records = clock, ledger, keeps_records
        self._keep_days, self._holds = settings.ledger.keep_days, StoreHolds(trace_place(settings), wall_s=clock.wall_s)
        self.store = trace_store_of(settings, clock, next(iter(settings.roles.personal), ""))
        self._logger = site_logger_of(settings, clock)
        self.anchoring = Anchoring(
            store=self.store,
            ledger_head=ledger.head,
            ledger_upkeep=self._retire_ledger,
            logger=self._logger,
            background=background,
            clock=clock,
            log=log,
            instance=instance,
            anchor_s=settings.trace.anchor_s,
        )

    def adopt(self, settings: Settings) -> None:
        """New settings; the directory stays."""
        old, self._logger = self._logger, site_logger_of(settings, self._clock)
        self.store.retention, self._keep_days = retention_of(settings), settings.ledger.keep_days
        self.anchoring.adopt(self._logger, settings.trace.anchor_s)
        if old is not None:
            old.close()

    def _retire_ledger(self) -> None:
        """Not in a gap, of which the record must speak first; and nothing as young as what is on hold."""
        if self._keeps_records():
            since_s = min((hold.span.from_s for hold in self._holds.holds() if not hold.released_by), default=math.inf)
            self._ledger.retire(self._clock.wall_s(), Keeping(keep_days=self._keep_days, since_s=since_s))

    def close(self) -> None:
        """Let the next writer in. Idempotent."""
        if self._logger is not None:
            self._logger.close()
        self.store.close()
