"""Months, and buckets of buckets."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.harvest.coarser import coarser
from shepherd.core.harvest.month import month_name, month_of
from shepherd.core.harvest.took import took
from tests.build import NOW
from tests.core.harvest.records import Records, lent, local


@given(st.integers(1970, 9998), st.integers(1, 12))
def test_a_month_ends_where_the_next_one_begins(year, month):
    """The hours of the last day of December were in no report."""
    text, after = f"{year}-{month:02}", f"{year + (month == 12)}-{month % 12 + 1:02}"
    assert month_of(text).to_s == month_of(after).from_s
    assert month_name(month_of(text).from_s) == month_name(month_of(text).to_s - 1) == text


@given(
    st.text().filter(lambda text: len(text) != 7)
    | st.sampled_from(["2026-13", "2026-3", "2026-00", "9999-12", "0000-01", "1969-12", "2026-03-01"])
)
def test_what_is_no_month_is_refused(text):
    """`2026-3` was taken for the third of something."""
    with pytest.raises(ValueError, match=r"month|calendar"):
        month_of(text)


@pytest.mark.parametrize("number", [2, 3, 7, 100])
def test_longer_buckets_have_what_the_shorter_ones_had(number):
    """The table by days had other sums than the one by hours."""
    records = Records()
    for minute in range(0, 60, 3):
        records.look(NOW + 60 * minute, local("p201", free=minute % 5), lent("p202"), blind="gone" * (minute == 9))
    series = records.harvest(NOW, NOW + 3600, bucket_s=250.0).series
    long = list(coarser(series, number))
    exact = coarser(records.harvest(NOW, NOW + 3600, bucket_s=250.0 * number).series, 1)
    for one, other in zip(long, exact, strict=True):
        for field in dataclasses.fields(one):
            assert getattr(one, field.name) == pytest.approx(getattr(other, field.name)), field.name


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_figures_of_times_are_times_that_there_were(times):
    """A median of 17.5 s was looked for in the records in vain."""
    found = took(times)
    figures = (found.p50_s, found.p95_s, found.p99_s, found.longest_s)
    assert set(figures) <= set(times)
    assert sorted(figures) == list(figures)
    assert sum(one <= found.p95_s for one in times) >= 0.95 * len(times)
