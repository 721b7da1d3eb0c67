"""What rules and dashboard ask for is what the daemon shows."""

import json
import re

import pytest

from shepherd.model.metrics import GROUPS, METRICS, Kind
from tests.metrics.shown import DASHBOARD, alerts, expressions, named, names, rules_text

MATCHER = re.compile(r'(shepherd_[a-z_]+)\{([^}]*)\}')


def test_every_metric_that_a_rule_or_a_panel_names_is_declared() -> None:
    """A metric was renamed, and its alert never fired again."""
    rules = "\n".join(re.findall(r"expr: .*(?:\n {10}.*)*", rules_text()))
    asked = named(rules) | named(" ".join(expressions().values()))
    assert len(asked) > 40
    assert asked - names().keys() == set()


@pytest.mark.parametrize("text", [rules_text(), " ".join(expressions().values())], ids=["rules", "dashboard"])
def test_every_label_that_is_asked_for_can_be_said(text: str) -> None:
    """An alert on `cause="leaks"` waited for a word that nothing says."""
    found = MATCHER.findall(text)
    assert found
    for name, matchers in found:
        labels = {label.name: label.values for label in METRICS[names()[name]].labels}
        for label, value in re.findall(r'(\w+)!?=~?"([^"]*)"', matchers):
            assert label == "instance" or {*value.split("|")} <= {*labels[label]}, (name, label, value)


def test_every_metric_is_on_the_dashboard_or_in_an_alert_or_says_when() -> None:
    """What nobody looks at is not kept right."""
    used = {names()[name] for name in named(rules_text()) | named(" ".join(expressions().values()))}
    unused = {name for name in METRICS if name not in used}
    assert unused <= {
        "build_info", "source_question_seconds", "shapes_known", "hosts_idle", "hosts_unmanaged", "refused_submitters",
        "reclaims_done_total", "ledger_gap_start_timestamp_seconds", "ledger_lost_entries_total",
        "lease_pages_last_published_timestamp_seconds",
    } | {"look_duration_seconds"}  # fmt: skip


def test_names_follow_prometheus() -> None:
    """Dashboards of other sites guess units from names."""
    assert sum(map(len, GROUPS.values())) == len(METRICS)
    for metric in METRICS.values():
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER), metric.name
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM), metric.name
        assert metric.help.endswith("."), metric.name
        assert metric.buckets == tuple(sorted(metric.buckets))


def test_no_label_can_be_a_host_or_a_person() -> None:
    """A label of user names was a list of guests for whoever reached the port, and a series for each of them."""
    free = {(metric.name, label.name) for metric in METRICS.values() for label in metric.labels if not label.values}
    assert free == {("build_info", "version"), ("build_info", "policy")}


def test_every_alert_says_what_it_means_how_bad_and_where_to_read_on() -> None:
    """At four in the morning a name alone is not enough."""
    blocks = re.split(r"^ +- alert: ", rules_text(), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(list(alerts())) > 20
    for block in blocks:
        name = block.split("\n", 1)[0]
        assert re.search(r"severity: (critical|warning|info)}", block), name
        assert re.search(r"\n +summary: .{20,}", block), name
        assert block.rstrip().endswith(f"runbook: shepherd/docs/operations.md#{name.lower()}"), name


def test_the_figures_of_a_dead_daemon_are_not_the_last_it_had() -> None:
    """The daemon had been dead for five hours, and the board above the desk was green: "last look 8 s ago"."""
    told = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    figures = [panel for panel in told["panels"] if panel["type"] == "stat"]
    assert len(figures) > 5
    for panel in figures:
        assert all(target["instant"] and not target["range"] for target in panel["targets"]), panel["title"]
        unheard = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
        assert (unheard["match"], unheard["result"]["color"]) == ("null+nan", "red")


def test_the_dashboard_is_whole() -> None:
    """Two panels with one number: Grafana showed the second in both places."""
    told = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    numbers = [panel["id"] for panel in told["panels"]]
    assert len(set(numbers)) == len(numbers) > 15
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in told["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
