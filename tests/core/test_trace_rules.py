"""The settings of the trace store that are refused, and those that are only warned of."""

import pytest

from shepherd.core.settings.trace import trace_problems, trace_warnings
from shepherd.model.trace_settings import TraceSettings

LOGGED = "tls:logger.example.org:6514"


def test_what_is_shipped_is_sound():
    """An upgrade must start with the settings that a site has."""
    assert list(trace_problems(TraceSettings())) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("keep_days", 0), ("keep_days", -5), ("keep_days", 10**9), ("pseudonymise_days", 0), ("directory", "trace"),
        ("logger", "logger.example.org"), ("logger_ca_file", "/etc/ca.pem"), ("logger_ca_file", "ca.pem"),
        ("anchor_s", 0.0), ("anchor_s", float("nan")),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused_by_its_key(key, value):
    """Retention of no days at all removed everything at the first minute."""
    assert f"trace.{key}" in {problem.key for problem in trace_problems(TraceSettings(**{key: value}))}


@pytest.mark.parametrize(("days", "warned"), [(89, True), (90, False), (180, False), (1, True)])
def test_too_short_a_time_is_allowed_and_said(days, warned):
    """The law of one country allows no more; the officer must know that letters come too late."""
    told = [text for text in trace_warnings(TraceSettings(keep_days=days, logger=LOGGED)) if "keep_days" in text]
    assert bool(told) is warned


def test_that_nobody_is_told_the_heads_is_said():
    """Everybody believed that the records could not be changed."""
    assert any("trace.logger is empty" in text for text in trace_warnings(TraceSettings()))
    assert list(trace_warnings(TraceSettings(logger=LOGGED, logger_ca_file="/etc/ca.pem"))) == []
