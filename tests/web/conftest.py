"""One recorded site for all tests that only read it."""

import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from shepherd.cli.web_board import LedgerBoard
from shepherd.edges.log import make_log
from shepherd.model.role_settings import RoleSettings
from shepherd.model.web_settings import WebSettings
from shepherd.views.web.site import Site as WebSite
from tests.cli.sites import Site
from tests.web.sites import Recorded

Serve = Callable[..., WebSite]


@pytest.fixture(name="recorded", scope="package")
def a_recorded_day() -> Recorded:
    return Recorded()


@pytest.fixture(name="site", scope="module")
def its_ledger(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return recorded.written(tmp_path_factory.mktemp("web"))


def board_of(directory: pathlib.Path, **roles: tuple[str, ...]) -> LedgerBoard:
    return LedgerBoard(directory, directory.parent / "trace", lambda: RoleSettings(**roles), make_log())


def web_of(site: Site, roles: dict[str, Any] | None = None, secret: str = "", **settings: Any) -> WebSite:
    """The site as it is served, without a server."""
    board = board_of(site.ledger_place, **(roles or {}))
    return WebSite(board, WebSettings(**settings), make_log(), secret)


@pytest.fixture(name="web", scope="module")
def served(site: Site) -> WebSite:
    return web_of(site)
