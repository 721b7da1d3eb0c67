"""What the settings of the trace store must not say, and what is said of them."""

from collections.abc import Iterator

from shepherd.core.settings.forms import Problem, absolute_problems, second_problems
from shepherd.model.syslog import Transport, logger_address
from shepherd.model.trace_settings import TraceSettings

ENOUGH_DAYS = 90
MOST_DAYS = 36500


def trace_problems(trace: TraceSettings) -> Iterator[Problem]:
    """Everything wrong."""
    if trace.directory:
        yield from absolute_problems("trace.", {"directory": trace.directory})
    for key, days in (("keep_days", trace.keep_days), ("pseudonymise_days", trace.pseudonymise_days)):
        if not 1 <= days <= MOST_DAYS:
            yield Problem(f"trace.{key}", f"is {days}", f"give days, 1 to {MOST_DAYS}; 180 is what grids ask for")
    yield from second_problems("trace.", {"anchor_s": trace.anchor_s})
    yield from logger_problems("trace.", trace.logger, trace.logger_ca_file)


def logger_problems(table: str, logger: str, ca_file: str) -> Iterator[Problem]:
    """The site's logger can be spoken to. `table`: what stands before the keys."""
    transport = None
    if logger:
        try:
            transport = logger_address(logger).transport
        except ValueError as exc:
            yield Problem(f"{table}logger", str(exc), 'e.g. "tls:logger.example.org:6514", or "unix:/dev/log"')
    if ca_file:
        yield from absolute_problems(table, {"logger_ca_file": ca_file})
        if transport is not Transport.TLS:
            yield Problem(f"{table}logger_ca_file", "is only for a logger with tls:", "leave it empty")


def trace_warnings(trace: TraceSettings) -> Iterator[str]:
    """What is allowed, and should be known."""
    if trace.keep_days < ENOUGH_DAYS:
        yield f"trace.keep_days is {trace.keep_days}: letters that come after that cannot be answered; 180 is usual"
    if not trace.logger:
        yield "trace.logger is empty: nobody is told where the records end, and who owns this machine can change them"
