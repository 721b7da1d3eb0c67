"""A page: parts, each of which is replaced by itself when it has changed."""

import dataclasses
from collections.abc import Collection, Mapping

from shepherd.model.one_line import one_line
from shepherd.views.web.board import Board, Current
from shepherd.views.web.persons import MOST, discreet


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cells:
    """A map's cells: of the same names only the letters that changed are sent."""

    names: tuple[str, ...]
    letters: str
    """One for each name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of a page."""

    id: str
    template: str
    values: Mapping[str, object] = dataclasses.field(default_factory=dict)
    cells: Cells | None = None
    """If it is nothing but a map."""
    is_live: bool = True
    """Without it, it stays as it was when the page was loaded: somebody may be typing there."""
    wide: bool = True
    """It takes the page's whole width."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """What a route answers."""

    title: str
    place: str
    """Which entry of the navigation it belongs to."""
    parts: tuple[Part, ...]
    is_live: bool = True
    """It changes while it is looked at."""
    status: int = 200


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ask:
    """A request as pages see it. Every text of a record is shown by `words`."""

    board: Board
    current: Current
    may: bool
    """The viewer may see who a person is."""
    names: Collection[str]
    """Taken out of words if not."""
    query: Mapping[str, str]
    path: Mapping[str, str]

    def words(self, text: object) -> str:
        """What a stranger wrote, as this viewer may see it."""
        return one_line(text, MOST) if self.may else discreet(text, self.names)
