"""Which address shows what."""

from collections.abc import Callable
from typing import NamedTuple

from shepherd.views.web.decisions import cycle_page, decisions_page
from shepherd.views.web.hosts import host_page, hosts_page
from shepherd.views.web.overview import overview_page, sources_page
from shepherd.views.web.page import Ask, Page
from shepherd.views.web.spans import harvest_page, history_page, incidents_page, times_page


class Shown(NamedTuple):
    """One of them."""

    path: str
    make: Callable[[Ask], Page]
    takes: tuple[str, ...] = ()
    """Parameters."""
    is_slow: bool = False
    """It may have to read a whole day, and so waits for others of its kind, not for those that have it at hand."""


ROUTES = (
    Shown("/", overview_page),
    Shown("/hosts", hosts_page, ("state", "name")),
    Shown("/host/{name}", host_page, ("at",), is_slow=True),
    Shown("/decisions", decisions_page, ("before",), is_slow=True),
    Shown("/decision/{record}", cycle_page, is_slow=True),
    Shown("/history", history_page, ("days",)),
    Shown("/harvest", harvest_page, ("days",)),
    Shown("/times", times_page, ("days",)),
    Shown("/incidents", incidents_page, ("days",)),
    Shown("/sources", sources_page),
)
