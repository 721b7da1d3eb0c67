"""Pages as bytes: rendered with everything escaped, kept while nothing has changed, packed once."""

import datetime
import gzip
import hashlib
import json
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import jinja2
from markupsafe import Markup

from shepherd.views.web.page import Cells, Page, Part
from shepherd.views.wording import instant

HERE = Path(__file__).parent
NAVIGATION = (
    ("overview", "/", "Overview"),
    ("hosts", "/hosts", "Hosts"),
    ("decisions", "/decisions", "Decisions"),
    ("history", "/history", "History"),
    ("harvest", "/harvest", "Harvest"),
    ("times", "/times", "Times"),
    ("incidents", "/incidents", "Incidents"),
    ("sources", "/sources", "Sources"),
)
KEPT = 48
"""Pages at one time."""
PACKED_FROM = 600
"""Bytes."""


class Painted(NamedTuple):
    """A page, ready to be sent, and its parts for those that look at it."""

    status: int
    body: bytes
    packed: bytes
    etag: str
    parts: Mapping[str, str]
    """Those that are live."""
    frames: Mapping[str, str]
    """Classes of each."""
    cells: Mapping[str, Cells]


class Painter:
    """Renders. Threads may share it."""

    def __init__(self, versions: Mapping[str, str]) -> None:
        """`versions`: of shipped files, by name; they are part of their addresses."""
        self._jinja = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=printable,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._jinja.globals.update(navigation=NAVIGATION, shipped=lambda name: f"/static/{versions[name]}/{name}")
        self._jinja.filters.update(moment=moment, day=day, number=number)
        self._kept: OrderedDict[Hashable, Painted] = OrderedDict()
        self._lock = Lock()

    def kept(self, key: Hashable) -> Painted | None:
        """What was painted under this key, if it is still here."""
        with self._lock:
            if (found := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
            return found

    def painted(self, key: Hashable, page: Page, live: str) -> Painted:
        """Paint, and keep. `live`: where the page hears of changes; empty: nowhere."""
        made = self.paint(page, live)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made

    def paint(self, page: Page, live: str = "") -> Painted:
        """A page as bytes."""
        parts = {part.id: self._part(part) for part in page.parts}
        frames = {part.id: f"part {'' if part.wide else 'half '}p-{part.template}" for part in page.parts}
        framed = [(name, frames[name], Markup(html)) for name, html in parts.items()]  # noqa: S704 - all is escaped
        text = self._jinja.get_template("base.html").render(page=page, parts=framed, live=live)
        body = text.encode()
        return Painted(
            status=page.status,
            body=body,
            packed=gzip.compress(body, 6, mtime=0) if len(body) >= PACKED_FROM else b"",
            etag=f'"{hashlib.sha256(body).hexdigest()[:20]}"',
            parts={part.id: parts[part.id] for part in page.parts if part.is_live},
            frames=frames,
            cells={part.id: part.cells for part in page.parts if part.cells},
        )

    def _part(self, part: Part) -> str:
        return self._jinja.get_template(f"{part.template}.html").render(part.values).strip()


def changes(before: Painted | None, now: Painted) -> str:
    """What a page that shows `before` must replace, as JSON; empty if nothing. None: what it shows is not known."""
    shown: Mapping[str, str] = before.parts if before else {}
    parts: dict[str, str] = {}
    cells: dict[str, Mapping[int, str]] = {}
    for name, html in now.parts.items():
        turned = _turned(before.cells.get(name), now.cells.get(name)) if before else None
        if shown.get(name) == html:
            continue
        if turned is None:
            parts[name] = html
        else:
            cells[name] = turned
    order = list(now.parts)
    frames = {name: [now.frames[name], *order[: order.index(name)][-1:]] for name in parts if name not in shown}
    gone = [name for name in shown if name not in now.parts]
    told = {"parts": parts, "cells": cells, "frames": frames, "gone": gone}
    kept = {name: one for name, one in told.items() if one}
    return json.dumps(kept, separators=(",", ":")) if kept else ""


def _turned(before: Cells | None, now: Cells | None) -> Mapping[int, str] | None:
    """Cells with another letter, by their place; None if the map itself is another."""
    if before is None or now is None or before.names != now.names:
        return None
    pairs = enumerate(zip(before.letters, now.letters, strict=True))
    return {place: new for place, (old, new) in pairs if old != new}


def printable(value: object) -> object:
    """Strangers' texts without what no page should have in it; what is markup already stays."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(one if one.isprintable() else " " for one in value)


def moment(at_s: float | None, form: str = "full") -> Markup:
    """A time as text that needs no script; with one it becomes an age."""
    if not at_s:
        return Markup('<span class="none">never</span>')
    iso = datetime.datetime.fromtimestamp(at_s, datetime.UTC).isoformat(timespec="seconds")
    ago = " data-ago" if form == "ago" else ""
    return Markup('<time datetime="{}"{}>{}</time>').format(iso, Markup(ago), instant(at_s))  # noqa: S704 - a constant


def day(at_s: float) -> str:
    """`2026-03-01 14:02`."""
    return instant(at_s)[:16]


def number(value: float) -> Markup:
    """`1 234`, `56.7`, `0.12`: three digits at least, thin spaces between thousands."""
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}" if abs(value) >= 10 else (
        f"{value:.2f}"
    )
    return Markup(text.replace(",", "\N{NARROW NO-BREAK SPACE}"))  # noqa: S704 - digits
