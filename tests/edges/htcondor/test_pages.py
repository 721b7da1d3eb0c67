"""Lease pages as ads: what was signed must come back byte by byte, from the place where the host looks."""

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from shepherd.edges.htcondor import pages
from shepherd.edges.htcondor.expressions import both, one_of, quoted
from shepherd.model.host import HostName
from shepherd.model.lease import SignedPage, host_number


def signed(signature: bytes = b"s", **body: object) -> SignedPage:
    """A page that nobody checks."""
    about = {"page": 3, "pages": 16, "pool": "home", "serial": 7, **body}
    return SignedPage(payload=json.dumps(about).encode(), key_id="abc", signature=signature)


@given(st.binary(min_size=1), st.text())
def test_payload_and_signature_survive(signature, why):
    """A signature over other bytes than those that arrive ends every lease of the page."""
    page = signed(signature, why=why)
    assert pages.from_rows(pages.rows([pages.to_ad(page)])) == [page]


def test_the_ad_names_its_place():
    """Hosts pick their page by these, before anything is verified."""
    ad = pages.to_ad(signed())
    assert (ad["Name"], ad["Page"], ad["Pages"], ad["Serial"]) == ("shepherd-leases-3@home", 3, 16, 7)


def test_what_is_no_page_is_left_out():
    """A broken ad beside the good ones must not cost every host its lease."""
    good = pages.to_ad(signed())
    broken = [{**good, "Payload": "***"}, {**good, "Signature": None}, {**good, "KeyId": 7}, {}]
    assert pages.from_rows(pages.rows([good, *broken])) == [signed()]


def test_a_hosts_place_is_63_bits_of_its_names_hash():
    """ClassAd integers have 63 bits and a sign; both sides must compute the same page."""
    number = int.from_bytes(hashlib.sha256(b"p220").digest()[:8], "big")
    assert host_number(HostName("p220")) == number >> 1
    assert host_number(HostName("p220")) < 1 << 63
    assert pages.constraint(5) == 'MyType == "ShepherdLeasePage" && Page =?= (5 % Pages)'


def test_names_cannot_leave_their_quotes():
    """A machine called `" || true || "` was asked for, and every host of the pool answered."""
    assert quoted('a" || true || "\\') == '"a\\" || true || \\"\\\\"'


def test_many_names_ask_for_everything():
    """An expression of a thousand names costs the collector more than sending all ads."""
    assert one_of(["a", "b"]) == '(Machine == "a" || Machine == "b")'
    assert one_of([f"p{number}" for number in range(1000)]) is None
    assert one_of(None) is None
    assert both(None, "x") == "x"
    assert both(None, None) is None
