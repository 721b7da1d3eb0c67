"""The shepherd's record of who ran what, put together: names the edges by which it collects."""

from collections.abc import Callable, Mapping
from pathlib import Path

from shepherd.core.trace.lines import segment_of
from shepherd.edges.htcondor.spools import FetchedSpools
from shepherd.edges.htcondor.tool import Tools
from shepherd.edges.trace_spool.source import LocalSpools, newest_here
from shepherd.model.settings import Settings
from shepherd.model.traced import Anchored
from shepherd.ports import Clock, Log
from shepherd.ports_trace import ScheddLook, TraceWriter
from shepherd.programs.errand import Background
from shepherd.programs.pages import LeasePages
from shepherd.programs.trace.collecting import Collecting
from shepherd.programs.trace.gathering import Gathering, nobody
from shepherd.programs.trace.witnessing import Witnessing

GATEWAY = "gateway"
"""Source of what the gateway records."""


def spools_of(settings: Settings) -> LocalSpools:
    """All sources' spools, by these settings."""
    tools = Tools(directory=settings.paths.tools, condor_config=settings.paths.condor_config)
    beyond = FetchedSpools(tools, settings.home.collector, segment_of, settings.timers.command_s)
    return LocalSpools(local_of(settings), segment_of, beyond)


def local_of(settings: Settings) -> Mapping[str, Path]:
    """Sources whose spool is on this machine."""
    return {GATEWAY: Path(settings.trace.gateway_spool)} if settings.trace.gateway_spool else {}


def turn_here(
    local: Mapping[str, Path], stored: Mapping[str, int], tell: Callable[[Path, int], None]
) -> Mapping[str, int]:
    """Say what is stored; what there is. Raises CommandFailed."""
    for name, path in local.items():
        if number := stored.get(name, 0):
            tell(path, number)
    return {name: newest_here(path) for name, path in local.items()}


def gathering_of(
    settings: Settings,
    *,
    store: TraceWriter,
    look: ScheddLook,
    guests: Callable[[], Mapping[str, str]],
    tell: Callable[[Path, int], None],
    pages: LeasePages,
    background: Background,
    clock: Clock,
    log: Log,
    dark_since_s: float | None = None,
    anchored: Callable[[], Anchored | None] = nobody,
) -> Gathering:
    """By these settings. `guests`: names by identities. `tell`: says to a spool on this machine what of it is stored;
    raises CommandFailed. `dark_since_s`: since when no shepherd looked at schedds. `anchored`: what the site's logger
    knows."""
    local = local_of(settings)
    return Gathering(
        collecting=Collecting(
            source=spools_of(settings),
            store=store,
            background=background,
            clock=clock,
            log=log,
            pages=pages,
            fetchers=settings.trace.fetchers,
            fetch_s=settings.trace.fetch_s,
        ),
        witnessing=Witnessing(
            look=look, guests=guests, background=background, clock=clock, log=log, dark_since_s=dark_since_s
        ),
        here=lambda stored: turn_here(local, stored, tell),
        background=background,
        clock=clock,
        anchored=anchored,
    )
