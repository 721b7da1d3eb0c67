"""Times as letters have them."""

import datetime
import math
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.trace.times import instant_s, tolerance_s

UTC = datetime.UTC
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
THEN = 1772546530.0
"""2026-03-03 14:02:10 UTC."""


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-03 14:02:10", "2026-03-03T14:02:10Z", "2026-03-03T15:02:10+01:00", "20260303T140210Z",
        "2026-03-03 14:02:10.000", "1772546530", "@1772546530", "1772546530.0", "1772546530000",
        "Tue, 3 Mar 2026 14:02:10 +0000", "Tue, 03 Mar 2026 15:02:10 +0100 (CET)", "3 Mar 2026 14:02:10 GMT",
        "Mar  3 2026 14:02:10", "2026 Mar 3 14:02:10", "Mar 3 14:02:10 2026", "Tue Mar  3 14:02:10 2026",
        "Tue Mar  3 14:02:10 UTC 2026", "03/Mar/2026:15:02:10 +0100", "[03/Mar/2026:14:02:10 +0000]",
        "Mar 3 2026 09:02:10 -0500", "2026-03-03 14:02:10 UTC",
    ],
)  # fmt: skip
def test_a_time_is_understood_as_a_letter_has_it(text):
    """Somebody had to work out an offset by hand, and took it the wrong way round."""
    assert instant_s(text, UTC) == THEN


def test_a_zone_holds_only_for_a_time_that_names_none():
    """The letter was in UTC, the officer in Berlin: an hour off, another job was named."""
    assert instant_s("2026-03-03 15:02:10", BERLIN) == THEN
    assert instant_s("2026-03-03T14:02:10Z", BERLIN) == THEN
    assert instant_s("1772546530", BERLIN) == THEN


@pytest.mark.parametrize("text", ["2026-10-25 02:30:00", "2026-03-29 02:30:00"])
def test_an_hour_that_was_twice_or_never_is_not_guessed(text):
    """Half past two on the night when clocks are set back is two times, and two jobs."""
    with pytest.raises(ValueError, match="was twice, or never"):
        instant_s(text, BERLIN)
    assert instant_s(text + "+01:00", BERLIN) > 0


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "2026-03-03", "Mar 3 14:02:10", "14:02:10", "2026-02-30 14:02:10", "03/04/2026 14:02:10",
        "9999999999999999", "Tue, 3 Mar 2026 14:02:10 -0000", "0000-00-00 00:00:00", "nan",
    ],
)  # fmt: skip
def test_what_is_not_one_time_is_refused(text):
    """A syslog line without its year was taken for this year's."""
    with pytest.raises(ValueError, match=r"is no time|calendar"):
        instant_s(text, UTC)


@given(st.floats(0, 4e9), st.sampled_from([UTC, BERLIN]))
def test_what_iso_writes_is_read_as_the_same(at_s, zone):
    """Times went through a spreadsheet and came back rounded."""
    moment = datetime.datetime.fromtimestamp(at_s, zone)
    assert instant_s(moment.isoformat(), UTC) == moment.timestamp()


@given(st.text())
def test_any_text_is_a_time_or_refused(text):
    """A pasted line ended in a traceback."""
    try:
        found = instant_s(text, BERLIN)
    except ValueError:
        return
    assert math.isfinite(found)


@pytest.mark.parametrize(("text", "expected"), [("5", 5.0), ("0.5", 0.5), ("0", 0.0)])
def test_how_far_a_clock_may_be_off(text, expected):
    """In seconds."""
    assert tolerance_s(text) == expected


@pytest.mark.parametrize("text", ["", "-1", "inf", "nan", "5s", "90000"])
def test_a_tolerance_is_seconds_of_a_day(text):
    """`--within 5m` searched five million seconds."""
    with pytest.raises(ValueError, match="no number of seconds"):
        tolerance_s(text)
