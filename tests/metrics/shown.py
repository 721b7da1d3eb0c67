"""Figures of a daemon as a reader sees them."""

import functools
import json
import re
from collections.abc import Iterator, Mapping

from prometheus_client.parser import text_string_to_metric_families

from shepherd.lab.prometheus import RULES
from shepherd.model.figures import Figures
from shepherd.model.metrics import METRICS, PREFIX, Kind
from shepherd.views.metrics import textfile
from tests.house import sources

DASHBOARD = sources.ROOT / "puppet/files/grafana/shepherd.json"
ENDS = {Kind.GAUGE: ("",), Kind.COUNTER: ("",), Kind.HISTOGRAM: ("_bucket", "_sum", "_count")}

Series = Mapping[str, float]
"""By how Prometheus writes it, labels in the order of their names."""


@functools.cache
def names() -> Mapping[str, str]:
    """Every name that a query may use, and the metric of the table that it is of."""
    return {m.full_name + end: m.name for m in METRICS.values() for end in ENDS[m.kind]}


def series(figures: Figures) -> Series:
    """All that is shown, read back from the text; what is not in the table of metrics fails."""
    found = {}
    for family in text_string_to_metric_families(textfile(figures).decode()):
        for sample in family.samples:
            if sample.name.endswith("_created"):
                continue
            metric = METRICS[names()[sample.name]]
            allowed = {label.name: label.values for label in metric.labels}
            labels = {name: text for name, text in sample.labels.items() if name != "le"}
            assert labels.keys() == allowed.keys(), sample
            assert all(not allowed[name] or text in allowed[name] for name, text in labels.items()), sample
            words = ",".join(f'{name}="{text}"' for name, text in sorted(sample.labels.items()))
            found[sample.name.removeprefix(PREFIX) + (f"{{{words}}}" if words else "")] = sample.value
    return found


def expressions() -> dict[str, str]:
    """Of the dashboard, by panel and legend."""
    told = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return {
        f"{panel['title']}: {target['legendFormat']}": target["expr"]
        for panel in told["panels"]
        for target in panel["targets"]
    }


def chosen(expression: str) -> str:
    """With what Grafana would put in for its variables."""
    return expression.replace("$instance", ".*").replace("$__rate_interval", "4m")


def rules_text() -> str:
    """The shipped alert rules."""
    return RULES.read_text(encoding="utf-8")


def alerts() -> Iterator[str]:
    """Their names."""
    return iter(re.findall(r"^ +- alert: (\w+)$", rules_text(), re.MULTILINE))


def named(text: str) -> set[str]:
    """Metrics of ours that a text names."""
    return set(re.findall(rf"\b{PREFIX}[a-z_]+", text))
