"""Heads that were told to the site's logger are found again, whatever it made of the lines."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.heads import Anchor, anchor_message, anchors_in
from shepherd.model.chain import Head
from shepherd.model.syslog import line_of

heads = st.none() | st.builds(
    Head, seq=st.integers(0, 10**12), hash=st.text("0123456789abcdef", min_size=64, max_size=64)
)
anchors = st.builds(Anchor, instance=st.text("0123456789abcdef", max_size=16), ledger=heads, trace=heads)


def said(anchor: Anchor) -> str:
    return line_of(anchor_message(anchor, 1_772_323_200.0), host="cm.example.org", app="shepherd", pid=7)


def journal(line: str) -> str:
    return json.dumps({"MESSAGE": line, "PRIORITY": "6"})


def traditional(line: str) -> str:
    """As rsyslog's default template writes it: without structured data."""
    return "Mar  1 00:00:00 cm shepherd[7]: " + line.partition("] ")[2]


@pytest.mark.parametrize("written", [str, journal, traditional, lambda line: journal(journal(line))])
@given(anchor=anchors)
def test_a_head_is_found_in_whatever_a_syslog_daemon_writes(written, anchor):
    """The file of the day in question had another form than that of today."""
    lines = ["something else", written(said(anchor)), 'audit: [x y="z"]']
    assert list(anchors_in(lines)) == [anchor]


@given(st.text())
def test_what_is_none_is_passed_over(text):
    """A logger's file has everybody's lines; some of them are hostile."""
    assert all(isinstance(one, Anchor) for one in anchors_in([text, "[shepherdHeads@32473 " + text]))


def test_a_head_that_was_cut_is_no_head():
    """A line that ended at 1024 bytes accused the store of tampering."""
    line = said(Anchor(instance="i", ledger=None, trace=Head(seq=5, hash="ab" * 32)))
    for end in range(len(line)):
        assert all(one.trace in {None, Head(seq=5, hash="ab" * 32)} for one in anchors_in([line[:end]]))
