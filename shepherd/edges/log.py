"""The log: one JSON object a line for machines, words and colours on a terminal. Never the record."""

import os
import sys
from typing import TextIO

import structlog

from shepherd.ports import Log


def make_log(stream: TextIO | None = None, *, human: bool | None = None) -> Log:
    """A `Log` to `stream` (stderr); `human` says how, by default whether it is a terminal.

    `log("event name", field=value)`; `exc_info=True` adds the traceback of the exception in hand. A log
    that cannot be written is dropped: a full disk or a closed pipe must not end the daemon.
    """
    out = stream if stream is not None else sys.stderr
    pretty = out.isatty() if human is None else human
    render = human_renderer(out) if pretty else [structlog.processors.dict_tracebacks, json_renderer()]
    logger = structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=[structlog.processors.TimeStamper(fmt="iso", utc=True), *render],
        wrapper_class=structlog.BoundLogger,
    )

    def log(event: str, **fields: object) -> None:
        try:
            logger.msg(event, **fields)
        except (OSError, ValueError):
            return

    return log


def json_renderer() -> structlog.processors.JSONRenderer:
    """Whatever a field is, the line gets written."""
    return structlog.processors.JSONRenderer(default=str)


def human_renderer(out: TextIO) -> list[structlog.typing.Processor]:
    """Colours only where somebody sees them."""
    colours = out.isatty() and "NO_COLOR" not in os.environ
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)]
