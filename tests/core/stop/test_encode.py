"""Bans and quarantines as they travel on a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.lease.encode import decode, encode
from shepherd.core.stop.encode import ban_from, ban_members, quarantine_from, quarantine_members
from shepherd.errors import LeaseRefused
from shepherd.model.host import HostName
from shepherd.model.lease import LeasePage
from shepherd.model.stop import Ban, BanKind, Quarantine

words = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=30)
times = st.floats(0, 1e11)
addresses = st.lists(st.ip_addresses(v=4).map(str), max_size=4).map(tuple)
bans = st.builds(
    Ban, kind=st.sampled_from(BanKind), value=words, at_s=times, until_s=st.none() | times, who=words, why=words,
    domain=words, addresses=addresses,
)  # fmt: skip
quarantines = st.builds(
    Quarantine, ident=words, host=words.map(HostName), address=st.just("") | st.ip_addresses(v=4).map(str), at_s=times,
    who=words, why=words, keep_host=st.booleans(), released_at_s=st.none() | times,
)  # fmt: skip


@given(st.lists(bans, max_size=3), st.lists(quarantines, max_size=3), st.dictionaries(words, st.integers(1, 1 << 40)))
def test_what_was_ordered_is_what_hosts_read(
    banned: list[Ban], held: list[Quarantine], spooled: dict[str, int]
) -> None:
    """A ban that a host cannot read is none."""
    page = LeasePage(
        pool="home", instance="one", page=0, pages=1, serial=1, issued_at_s=1.0, flockoff=False, leases=(),
        bans=tuple(banned), quarantines=tuple(held), spooled=tuple(sorted(spooled.items())),
    )  # fmt: skip
    assert decode(encode(page)) == page


def test_a_page_with_nothing_to_stop_reads_as_before() -> None:
    """Keepers that do not know bans yet refuse pages that have any, and no others."""
    page = LeasePage(pool="home", instance="one", page=0, pages=1, serial=1, issued_at_s=1.0, flockoff=False, leases=())
    assert not {b"bans", b"quarantines", b"spooled"} & set(encode(page).replace(b'"', b" ").split())


@given(bans, quarantines, st.sampled_from(["kind", "at_s", "who", "addresses", "host", "ident", "keep_host"]))
def test_a_malformed_order_is_refused(ban: Ban, quarantine: Quarantine, wrong: str) -> None:
    """Half an order may stop the wrong one."""
    for read, members in ((ban_from, ban_members(ban)), (quarantine_from, quarantine_members(quarantine))):
        if wrong in members:
            with pytest.raises(LeaseRefused):
                read({**members, wrong: ["nonsense"]})
            with pytest.raises(LeaseRefused):
                read({name: value for name, value in members.items() if name != wrong})
