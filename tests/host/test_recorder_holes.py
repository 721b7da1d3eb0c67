"""Holes in what a host's recorder can read are told for all the time that they may be of."""

import itertools

from shepherd.model.trace import Gap
from shepherd.ports_trace import StartdFile
from tests.host.test_recorder import Host


def gaps_of(host: Host) -> list[Gap]:
    return sorted((one for one in host.told() if isinstance(one, Gap)), key=lambda gap: gap.to_s)


def test_what_cannot_be_read_any_more_is_a_gap_for_as_long_as_it_lasts():
    """Whoever had taken the container over made a file of its startd shorter. That was told once, and the gap ended a
    second before: all jobs of the hours after it were missing, and the record was said to be whole."""
    host = Host()
    host.lend()
    host.begins()
    host.look()
    host.look()
    host.files.files["L1"][StartdFile.EVENTS] = b""
    first_s = host.now_s
    for _ in range(300):
        host.look()
    host.reclaim()
    host.look()
    gaps = gaps_of(host)
    assert 3 <= len(gaps) <= 10
    assert all(after.from_s <= before.to_s for before, after in itertools.pairwise(gaps))
    assert gaps[0].from_s <= first_s
    assert gaps[-1].to_s >= first_s + 300


def test_what_was_not_understood_lies_within_its_gap():
    """A keeper was stopped for an hour. What nobody understood had been written meanwhile, and the gap ended when it
    was stopped."""
    host = Host()
    host.lend()
    host.look()
    host.files.write("L1", StartdFile.EVENTS, "noise\n...\n")
    host.look(3600.0)
    (gap,) = gaps_of(host)
    assert gap.to_s >= host.now_s
