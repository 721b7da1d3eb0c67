"""Days looked back on: herds and queue, what guests were given, how long switches took, what went wrong."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from shepherd.model.harvest import Harvest, Incident, Lend, Took
from shepherd.views.web import asked, charts
from shepherd.views.web.board import Reckoned
from shepherd.views.web.page import Ask, Page, Part
from shepherd.views.wording import age

SPANS = ((1, "24 hours"), (7, "7 days"), (30, "30 days"))
UNKNOWN_GUEST = "no guest's, or not known whose"
MOST_INCIDENTS = 300
SLOWEST = 10
GLANCE = 5
MOST_BLANKS = 48
EDGES_S = (2.0, 4.0, 6.0, 10.0, 20.0, 30.0, 60.0, 120.0)
"""Of the bars that say how long switches took."""


def glance_parts(ask: Ask) -> Iterator[Part]:
    """The last day on the first page."""
    reckoned = ask.board.reckoned(1)
    yield Part(id="history", template="history", values=_history_values(reckoned, "24 hours"))
    if harvest := reckoned.harvest:
        about = {"harvest": harvest, "guests": guest_bars(harvest)[:GLANCE]}
        yield Part(id="given", template="given", values=about, wide=False)
        took = {"rows": took_rows(harvest), "ways": ways_home(harvest), "of": "24 hours", "brief": True}
        yield Part(id="took", template="took", values=took, wide=False)
        newest = sorted(harvest.incidents, key=lambda one: -one.from_s)[:GLANCE]
        incidents = {"rows": [incident_row(ask, one) for one in newest], "all": len(harvest.incidents)}
        yield Part(id="lately", template="lately", values=incidents, wide=False)


def history_page(ask: Ask) -> Page:
    """Queue against herds."""
    reckoned, days = _asked(ask)
    parts = [Part(id="history", template="history", values=_history_values(reckoned, dict(SPANS)[days]))]
    return _page(ask, "History", reckoned, days, parts)


def harvest_page(ask: Ask) -> Page:
    """What each guest was given, and what it cost local work."""
    reckoned, days = _asked(ask)
    parts = []
    if harvest := reckoned.harvest:
        values = {
            "harvest": harvest,
            "guests": list(zip(harvest.guests, guest_bars(harvest), strict=True)),
            "unknown": [ask.words(why) for why in harvest.jobs_unknown],
            "longest": age(harvest.waited.blocked_longest_s),
        }
        parts.append(Part(id="harvest", template="harvest", values=values))
    return _page(ask, "Harvest", reckoned, days, parts)


def times_page(ask: Ask) -> Page:
    """How long lends and reclaims took."""
    reckoned, days = _asked(ask)
    parts = []
    if harvest := reckoned.harvest:
        values = {"rows": took_rows(harvest), "ways": ways_home(harvest), "of": dict(SPANS)[days], "brief": False}
        parts.append(Part(id="took", template="took", values=values))
        reclaims = [lend.reclaim_s for lend in harvest.lends if lend.reclaim_s is not None]
        lends = [lend.lend_s for lend in harvest.lends if lend.lend_s is not None]
        spread = {"kinds": [("Reclaims", spread_of(reclaims)), ("Lends", spread_of(lends))]}
        parts.append(Part(id="spread", template="spread", values=spread))
        slow = sorted((lend for lend in harvest.lends if lend.reclaim_s is not None), key=_slowness)[:SLOWEST]
        parts.append(Part(id="slow", template="slow", values={"rows": [slow_row(ask, lend) for lend in slow]}))
    return _page(ask, "Times", reckoned, days, parts)


def incidents_page(ask: Ask) -> Page:
    """What somebody should know of, the newest first."""
    reckoned, days = _asked(ask)
    parts = []
    if harvest := reckoned.harvest:
        found = sorted(harvest.incidents, key=lambda one: -one.from_s)
        values = {
            "rows": [incident_row(ask, one) for one in found[:MOST_INCIDENTS]],
            "more": max(len(found) - MOST_INCIDENTS, 0),
        }
        parts.append(Part(id="incidents", template="incidents", values=values))
    return _page(ask, "Incidents", reckoned, days, parts)


def guest_bars(harvest: Harvest) -> list[charts.Bar]:
    """Core-hours by guest, most first."""
    return charts.bars([(one.guest or UNKNOWN_GUEST, one.core_h) for one in harvest.guests])


def took_rows(harvest: Harvest) -> list[tuple[str, Took]]:
    """Reclaims first: they are what was promised."""
    return [("Reclaims", harvest.reclaim_times), ("Lends", harvest.lend_times)]


def ways_home(harvest: Harvest) -> list[tuple[str, int]]:
    """Of hosts ordered home within the span, how many came to what: the times know only those that came."""
    lends = harvest.lends_called
    lapsed = sum(lend.lapsed_at_s is not None for lend in lends)
    home = sum(lend.home_at_s is not None for lend in lends)
    ways = [("home", home), ("lapsed", lapsed), ("not yet", len(lends) - home - lapsed)]
    return [("ordered", len(lends)), *ways]


def spread_of(seconds: Sequence[float]) -> list[charts.Bar]:
    """How many took how long."""
    edges = (0.0, *EDGES_S)
    rows = [(f"{low:g} to {high:g} s", sum(low <= one < high for one in seconds)) for low, high in pairwise(edges)]
    rows.append((f"{EDGES_S[-1]:g} s and more", sum(one >= EDGES_S[-1] for one in seconds)))
    return charts.bars(rows) if seconds else []


def slow_row(ask: Ask, lend: Lend) -> dict[str, object]:
    """One of the slowest ways home."""
    took_s = lend.reclaim_s or 0.0
    return {"host": lend.host, "at_s": lend.called_at_s, "took_s": took_s, "why": ask.words(lend.why_home)}


def incident_row(ask: Ask, incident: Incident) -> dict[str, object]:
    """One line."""
    lasted = "" if incident.to_s is None else age(incident.to_s - incident.from_s)
    return {
        "kind": incident.kind.value,
        "from_s": incident.from_s,
        "lasted": lasted,
        "words": ask.words(incident.words),
        "host": incident.host,
    }


def _asked(ask: Ask) -> tuple[Reckoned, int]:
    days = asked.days(ask.query)
    return ask.board.reckoned(days), days


def _page(ask: Ask, title: str, reckoned: Reckoned, days: int, parts: Sequence[Part]) -> Page:
    """With the choice of days, and how far they are reckoned."""
    from_s = reckoned.harvest.asked.from_s if reckoned.harvest else 0.0
    values = {
        "title": title,
        "spans": SPANS,
        "days": days,
        "from_s": from_s,
        "reckoned": reckoned,
        "trouble": ask.words(reckoned.trouble),
        "blanks": [
            (one.from_s, age(one.to_s - one.from_s), ask.words(one.why))
            for one in (reckoned.harvest.blanks if reckoned.harvest else ())
        ][-MOST_BLANKS:],
    }
    head = Part(id="span", template="span", values=values)
    return Page(title=title, place=title.casefold(), parts=(head, *parts))


def _history_values(reckoned: Reckoned, of: str) -> dict[str, object]:
    series = charts.on_record(reckoned.harvest.series) if reckoned.harvest else ()
    return {
        "of": of,
        "herds": charts.herds_plot(series) if series else None,
        "queue": charts.queue_plot(series) if series else None,
        "rows": list(charts.on_record(reckoned.rows))[::-1],
        "reckoned": reckoned,
    }


def _slowness(lend: Lend) -> float:
    return -(lend.reclaim_s or 0.0)
