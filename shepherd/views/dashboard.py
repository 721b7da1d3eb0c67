"""The dashboard for Grafana, made of the metrics' own names: puppet/files/grafana/shepherd.json."""

import dataclasses
import json
from collections.abc import Mapping, Sequence

from shepherd.model.metrics import METRICS

WIDTH, HEIGHT = 24, 8
CHOSEN = '{instance=~"$instance"}'
"""Of the daemons that are scraped, the one that was chosen above."""
BAD_IS_0 = ((None, "red"), (1, "green"))
BAD_IS_1 = ((None, "green"), (1, "red"))
Steps = Sequence[tuple[float | None, str]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel: expressions by their legends."""

    title: str
    about: str
    shows: Mapping[str, str]
    unit: str = "short"
    is_stacked: bool = False
    steps: Steps = ()
    """Of a figure: from which value on it has which colour. With none it is a graph."""


def _m(name: str, more: str = "") -> str:
    """A metric of the chosen daemon; `more` are further matchers. KeyError if there is no such metric."""
    base = name.removesuffix("_bucket")
    full = METRICS[base].full_name + name.removeprefix(base)
    return full + (CHOSEN[:-1] + f", {more}}}" if more else CHOSEN)


def _quantiles(name: str) -> Mapping[str, str]:
    rate = f"sum by (le) (rate({_m(name + '_bucket')}[$__rate_interval]))"
    return {f"p{share:g}": f"histogram_quantile({share / 100:g}, {rate})" for share in (50, 95, 99)}


def _each(name: str, label: str, more: str = "") -> str:
    """Increases of the shown interval, by a label."""
    return f"sum by ({label}) (increase({_m(name, more)}[$__rate_interval]))"


def _age(name: str) -> str:
    return f"time() - {_m(name)}"


FIGURES = (
    Panel(title="Last look", about="How long ago the shepherd looked at its pools.", unit="s",
          shows={"age": _age("last_look_timestamp_seconds")}, steps=((None, "green"), (30, "orange"), (60, "red"))),
    Panel(title="Blind", about="1: what is seen is not believed, and nothing is lent.",
          shows={"blind": _m("blind")}, steps=BAD_IS_1),
    Panel(title="Flocking is off", about="By the file, by a verb, or by a leak.",
          shows={"{{cause}}": f"max by (cause) ({_m('flockoff')})"}, steps=((None, "green"), (1, "orange"))),
    Panel(title="Reserve kept", about="The local share is not below the reserve.",
          shows={"kept": _m("reserve_kept")}, steps=BAD_IS_0),
    Panel(title="Ledger", about="1: everything is recorded.",
          shows={"writable": _m("ledger_writable")}, steps=BAD_IS_0),
    Panel(title="Problems", about="That `shepherd -s` names.",
          shows={"problems": _m("problems")}, steps=((None, "green"), (1, "orange"))),
)  # fmt: skip
GRAPHS = (
    Panel(title="Hosts by state", about="A gap: not known.", is_stacked=True,
          shows={"{{state}}": f"sum by (state) ({_m('hosts')})"}),
    Panel(title="Forgotten by the collector", about="Hosts of the pool. They count as unknown.",
          shows={"unheard": _m("hosts_unheard")}),
    Panel(title="Local jobs", about="A gap: the queue is not known.",
          shows={"{{state}}": _m("local_jobs"), "{{why}}, no demand": _m("local_jobs_without_demand"),
                 "wait beside hosts that are out": _m("local_jobs_blocked"), "cpus asked for": _m("demand_cpus")}),
    Panel(title="Cpus", about="What the herds have, and what guests use of it.",
          shows={"{{herd}}": _m("cpus"), "claimed by guests": _m("guest_cpus")}),
    Panel(title="Could not be lent", about="Local hosts, by what keeps them, however idle they are.", is_stacked=True,
          shows={"{{why}}": _m("hosts_barred")}),
    Panel(title="Reserve", about="The local share of usable cpus, and how much of it has to stay.", unit="percentunit",
          shows={"local": _m("local_cpus_ratio"), "reserve": _m("reserve_ratio")}),
    Panel(title="From the order home to a regular startd", unit="s",
          about="Before it local work has waited for up to a look; after it, it waits for the negotiator.",
          shows={**_quantiles("reclaim_latency_seconds"), "deadline": _m("reclaim_deadline_seconds")}),
    Panel(title="From the lease to a flocking startd", about="How long a lend takes.", unit="s",
          shows=_quantiles("lend_latency_seconds")),
    Panel(title="Lends", about="Ordered, done, and given up by their reasons.",
          shows={"ordered": f"increase({_m('lends_ordered_total')}[$__rate_interval])",
                 "done": f"increase({_m('lends_done_total')}[$__rate_interval])",
                 "failed: {{reason}}": _each("lends_failed_total", "reason")}),
    Panel(title="Reclaims", about="Called home by the reason, and of which nothing proves that they are.",
          shows={"{{reason}}": _each("reclaims_ordered_total", "reason"),
                 "failed: {{reason}}": _each("reclaims_failed_total", "reason")}),
    Panel(title="Leases", about="Hosts that are out, by how far they are.", is_stacked=True,
          shows={"{{stage}}": _m("leases")}),
    Panel(title="On their way for too long", about="Beyond all deadlines, or with leases that nobody renews.",
          shows={"{{way}}": _m("switches_stuck"), "startd not back": _m("hosts_late_home"),
                 "lease near its end": _m("leases_near_expiry"), "cooling": _m("hosts_cooling")}),
    Panel(title="Age of what is seen", about="Of the last good answer of each source.", unit="s",
          shows={"{{source}}": _age("source_last_good_timestamp_seconds"),
                 "stored records": f"time() - ({_m('trace_last_stored_timestamp_seconds')} > 0)"}),
    Panel(title="Answers not believed", about="By source and by what was wrong.",
          shows={"{{source}}: {{class}}": _each("source_errors_total", "source, class")}),
    Panel(title="A look takes", about="With its decision.", unit="s", shows=_quantiles("look_duration_seconds")),
    Panel(title="Steps that failed", about="Orders to hosts.",
          shows={"{{step}}": _each("steps_total", "step", 'result="failed"')}),
    Panel(title="Record of who ran what", about="Whose records cannot be fetched, and gaps in what was stored.",
          shows={"sources behind": _m("trace_sources_behind"),
                 "gaps": f"increase({_m('trace_gaps_total')}[$__rate_interval])"}),
    Panel(title="Stops", about="Bans by kind, quarantines, and silences that Icinga owes.",
          shows={"bans: {{kind}}": _m("bans"), "quarantines": _m("quarantines"),
                 "silences owed": _m("icinga_silences_owed")}),
)  # fmt: skip
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
NOW = {"instant": True, "range": False}
"""A figure is of this moment: over a range it would be the last one that there was, of a daemon that is dead."""
UNHEARD = {"type": "special", "options": {"match": "null+nan", "result": {"text": "not told", "color": "red"}}}
"""What is not there is not well, whatever colour its lowest value has."""


def dashboard_json() -> str:
    """The file."""
    figures = [panel_json(p, n, n * 4, 0, 4, 4) for n, p in enumerate(FIGURES)]
    half = WIDTH // 2
    graphs = [
        panel_json(p, len(FIGURES) + n, n % 2 * half, 4 + n // 2 * HEIGHT, half, HEIGHT) for n, p in enumerate(GRAPHS)
    ]
    told = {
        "title": "Flocking shepherd", "uid": "flocking-shepherd", "tags": ["htcondor"], "schemaVersion": 39,
        "editable": True, "refresh": "30s", "time": {"from": "now-6h", "to": "now"}, "timezone": "browser",
        "templating": {"list": [variable_json("datasource"), variable_json("instance")]},
        "panels": [*figures, *graphs],
    }  # fmt: skip
    return json.dumps(told, indent=1) + "\n"


def variable_json(name: str) -> Mapping[str, object]:
    """What is chosen above the panels: a Prometheus, and a daemon of those it knows."""
    if name == "datasource":
        return {"name": name, "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    query = f"label_values({METRICS['build_info'].full_name}, instance)"
    return {
        "name": name, "type": "query", "label": "Shepherd", "datasource": DATASOURCE, "query": query, "refresh": 2,
        "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"},
    }  # fmt: skip


def panel_json(panel: Panel, number: int, x: int, y: int, width: int, height: int) -> Mapping[str, object]:
    """One panel at its place."""
    when = NOW if panel.steps else {}
    targets = [
        {"refId": chr(ord("A") + n), "datasource": DATASOURCE, "expr": expression, "legendFormat": legend, **when}
        for n, (legend, expression) in enumerate(panel.shows.items())
    ]
    custom = {"fillOpacity": 20, "stacking": {"mode": "normal"}} if panel.is_stacked else {"fillOpacity": 0}
    shown: dict[str, object] = {"unit": panel.unit, "min": 0}
    if panel.steps:
        steps = [{"value": value, "color": colour} for value, colour in panel.steps]
        shown |= {"thresholds": {"mode": "absolute", "steps": steps}, "mappings": [UNHEARD]}
    else:
        shown["custom"] = {**custom, "spanNulls": False}
    return {
        "id": number + 1, "type": "stat" if panel.steps else "timeseries", "title": panel.title,
        "description": panel.about, "datasource": DATASOURCE, "targets": targets,
        "gridPos": {"x": x, "y": y, "w": width, "h": height}, "fieldConfig": {"defaults": shown, "overrides": []},
    }  # fmt: skip
