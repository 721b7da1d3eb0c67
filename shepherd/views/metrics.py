"""Figures as Prometheus reads them, by prometheus-client: in its text format, or as OpenMetrics for who asks for it."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from shepherd.model import metrics
from shepherd.model.figures import Figures, Series, Times
from shepherd.model.metrics import METRICS, Kind

Value = TypeVar("Value")


def page(figures: Figures, accept: str) -> tuple[str, bytes]:
    """Content type and body, in the format that a client's Accept header asks for."""
    encode, content_type = choose_encoder(accept)
    return content_type, encode(_registry(figures))


def textfile(figures: Figures) -> bytes:
    """The same for node_exporter, which reads the text format."""
    return generate_latest(_registry(figures))


def _registry(figures: Figures) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Shown(figures))
    return registry


class _Shown(Collector):
    """Figures as families, in the order of the table; a metric without any series now is not there."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """The families."""
        figures = self._figures
        rows: dict[str, dict[tuple[str, ...], float]] = {}
        for row in figures.rows:
            rows.setdefault(row.name, {})[row.labels] = row.value
        for metric in METRICS.values():
            if metric.kind is Kind.GAUGE and metric.name in rows:
                yield _gauge(metric, rows[metric.name])
            elif metric.kind is Kind.COUNTER:
                yield _counter(metric, _of(metric, figures.counts))
            elif metric.kind is Kind.HISTOGRAM:
                yield _histogram(metric, _of(metric, figures.times))


def _of(metric: metrics.Metric, series: Mapping[Series, Value]) -> Mapping[tuple[str, ...], Value]:
    return {labels: value for (name, labels), value in series.items() if name == metric.name}


def _names(metric: metrics.Metric) -> Sequence[str]:
    return [label.name for label in metric.labels]


def _gauge(metric: metrics.Metric, series: Mapping[tuple[str, ...], float]) -> Metric:
    family = GaugeMetricFamily(metric.full_name, metric.help, labels=_names(metric))
    for labels, value in series.items():
        family.add_metric(labels, float(value))
    return family


def _counter(metric: metrics.Metric, series: Mapping[tuple[str, ...], int]) -> Metric:
    family = CounterMetricFamily(metric.full_name, metric.help, labels=_names(metric))
    for labels, value in series.items():
        family.add_metric(labels, value)
    return family


def _histogram(metric: metrics.Metric, series: Mapping[tuple[str, ...], Times]) -> Metric:
    family = HistogramMetricFamily(metric.full_name, metric.help, labels=_names(metric))
    bounds = [*map(str, metric.buckets), "+Inf"]
    for labels, times in series.items():
        up_to = itertools.accumulate(times.counts)
        family.add_metric(labels, [(bound, float(n)) for bound, n in zip(bounds, up_to, strict=True)], times.sum_s)
    return family
