"""docs/metrics.md: every metric with its labels and meaning, from the table that the daemon itself goes by."""

from shepherd.model.metrics import GROUPS, Label, Metric
from shepherd.views.settings_table import markdown

HEAD = """\
# Metrics

What `shepherd run` shows to Prometheus at `/metrics` on its loopback (`metrics.listen`) and writes for node_exporter
(`metrics.textfile`): [settings](settings.md). Generated from `shepherd/model/metrics.py` by
`python -m shepherd.views.settings_files`; do not edit.

A figure that is not believed is not shown. Those with something in the column *seen by* are absent while one of
these sources is silent, young, partial or implausible, and `shepherd_blind` is 1; when the loop itself has stopped
looking, only those that are marked *lasting* and the counters are left. Times are epoch seconds, so that `time() - …`
grows when nobody renews them, also in a file that a dead daemon left. Counters begin at 0 with each start, all series
at once; the two latencies go by the record of the switch, so that a host that was called home before a restart counts
from that call. No label is a host, a guest, a user or a job: there are {series} series at most, buckets included.

The shipped rules and dashboard are below `share/shepherd/condor` of the program, or `puppet/files` here:
`prometheus/shepherd.rules.yml` for `rule_files:`, `grafana/shepherd.json` to be imported. A scrape is

    scrape_configs:
      - job_name: shepherd
        static_configs:
          - targets: ["127.0.0.1:9641"]

on the central manager. A Prometheus elsewhere reads node_exporter there, which is given the directory of the file
(`--collector.textfile.directory=/run/shepherd-metrics`, more than one is allowed), or finds a link to it in its own.

"""


def metrics_markdown() -> str:
    """The document."""
    series = sum(series_of(metric) for group in GROUPS.values() for metric in group)
    parts = [HEAD.format(series=series)]
    for title, group in GROUPS.items():
        rows = [(f"`{m.full_name}`", m.kind.value, labels_cell(m), seen_cell(m), m.help) for m in group]
        parts.append(f"## {title}\n\n" + markdown(("metric", "kind", "labels", "seen by", "meaning"), rows) + "\n")
    return "".join(parts).rstrip("\n") + "\n"


def series_of(metric: Metric) -> int:
    """How many there can be, buckets and sums included. A host's state goes with one herd."""
    count = 1
    for label in metric.labels:
        count *= max(len(label.values), 1) if label.name != "herd" or metric.name != "hosts" else 1
    return count * (len(metric.buckets) + 3 if metric.buckets else 1)


def labels_cell(metric: Metric) -> str:
    """Each label and what it may say."""
    return "; ".join(label_words(label) for label in metric.labels)


def label_words(label: Label) -> str:
    """One label."""
    return f"`{label.name}`: {', '.join(label.values) or 'one at a time'}"


def seen_cell(metric: Metric) -> str:
    """By what it is seen."""
    return "*lasting*" if metric.is_lasting else ", ".join(source.value for source in metric.of)
