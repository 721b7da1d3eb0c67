"""The daemon's figures put together: what is measured, how it is written down, where it is shown."""

from pathlib import Path

import shepherd
from shepherd.core.metrics.gauges import Life
from shepherd.core.metrics.tally import Tally
from shepherd.core.recorded.verdicts import could_lend_at_s
from shepherd.edges.metrics_file import MetricsFile
from shepherd.edges.metrics_http import MetricsServer
from shepherd.model.entry import EntryKind
from shepherd.model.settings import Settings
from shepherd.ports import Clock, Ledger, Log
from shepherd.programs.exposing import Exposing
from shepherd.programs.metering import Metering
from shepherd.views.metrics import page, textfile


def metering_of(settings: Settings, ledger: Ledger, clock: Clock) -> Metering:
    """Who measures, from the switches that are on record. Raises LedgerUnavailable."""
    last = ledger.last(EntryKind.VERDICT.value)
    lent_s = could_lend_at_s(last.body, last.at_s) if last else 0.0
    life = Life(shepherd.__version__, clock.wall_s(), lent_s, settings)
    return Metering(life, Tally(ledger.switches(), settings.timers), clock)


def exposing_of(settings: Settings, metering: Metering, log: Log) -> Exposing:
    """Who shows what was measured, not yet begun."""
    return Exposing(
        settings.metrics,
        listen_at=lambda listen: MetricsServer(listen, lambda accept: page(metering.figures(), accept), log),
        file_at=lambda path: MetricsFile(Path(path)),
        text=lambda: textfile(metering.figures()),
        count=metering.count,
        log=log,
    )
