"""Which page a host reads, and what is on the pages."""

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.lease.pages import next_serial, page_of, spread
from shepherd.errors import InvariantBroken
from shepherd.model.lease import Lease, host_number
from tests.core.lease.pages_of_leases import ISSUED_S, lease, leases, names


def spread_out(given_leases: list[Lease], pages: int) -> list[list[Lease]]:
    """The leases on each page."""
    made = spread(
        given_leases,
        pool="home",
        instance="i",
        pages=pages,
        serial=7,
        issued_at_s=ISSUED_S,
        flockoff=False,
    )
    assert [page.page for page in made] == list(range(pages))
    return [list(page.leases) for page in made]


@given(st.lists(leases(), max_size=20, unique_by=lambda one: one.host), st.integers(1, 32))
def test_every_lease_is_on_the_page_its_host_reads_and_nowhere_else(out: list[Lease], pages: int) -> None:
    """A host that reads the wrong page never hears that it is revoked."""
    by_page = spread_out(out, pages)
    assert sorted(itertools.chain(*by_page), key=lambda one: one.host) == sorted(out, key=lambda o: o.host)
    assert all(one in by_page[page_of(one.host, pages)] for one in out)


@given(names)
def test_the_number_of_a_host_fits_a_classad_integer(host: str) -> None:
    """The collector computes the page from this number; a 64-bit one became negative there."""
    digest = int.from_bytes(hashlib.sha256(host.encode()).digest()[:8], "big")
    assert host_number(host) == digest >> 1 < 2**63


def test_three_thousand_hosts_spread_evenly() -> None:
    """One page with most of the hosts is as slow as no pages at all."""
    counts = [0] * 16
    for number in range(3000):
        counts[page_of(f"p{number}", 16)] += 1
    assert 120 < min(counts) <= max(counts) < 260


@given(st.lists(st.integers(0, 2**60)), st.floats(0, 4e9))
def test_serials_grow_over_restarts_and_clock_steps(published: list[int], wall_s: float) -> None:
    """After a restart with its clock set back, hosts took every new page for a replay."""
    assert next_serial(published, wall_s) > max(published, default=0)


def test_a_serial_grows_without_any_memory_of_earlier_ones() -> None:
    """The collector was restarted together with the shepherd: nobody knew the last serial."""
    assert next_serial([], ISSUED_S + 1) > next_serial([], ISSUED_S)


def test_two_leases_for_one_host_are_a_defect() -> None:
    """Which of two leases holds must never depend on the order of a list."""
    with pytest.raises(InvariantBroken, match="p220"):
        spread_out([lease(), lease(lease="lend-2")], 4)
