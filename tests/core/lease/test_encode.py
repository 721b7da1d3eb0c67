"""Lease pages as bytes."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shepherd.core.lease.encode import MAX_BYTES, canonical, decode, encode
from shepherd.errors import InvariantBroken, LeaseRefused
from shepherd.model.lease import LeasePage
from tests.core.lease.pages_of_leases import any_pages, lease, page

PAYLOAD = encode(page(lease()))


@given(any_pages())
def test_a_page_is_read_back_as_it_was_written(written: LeasePage) -> None:
    """A digit lost on the way gave a host another notice than its guests were promised."""
    assert decode(encode(written)) == written


@given(any_pages(), st.data())
def test_no_changed_byte_is_read_as_the_same_page(written: LeasePage, data: st.DataObject) -> None:
    """Two spellings of one page would let a signature cover something nobody meant."""
    payload = encode(written)
    at = data.draw(st.integers(0, len(payload) - 1))
    flipped = bytearray(payload)
    flipped[at] ^= data.draw(st.integers(1, 255))
    assert read(bytes(flipped)) != written


def test_a_page_from_before_processes_were_told_apart_is_read() -> None:
    """The shepherd was upgraded, and took its predecessor's revocations for rubbish."""
    assert b'"process"' not in PAYLOAD
    assert decode(PAYLOAD).process == ""
    assert decode(changed(process="p1")) == page(lease(), process="p1")


def read(payload: bytes) -> LeasePage | None:
    """What a keeper makes of a payload; None if it refuses it."""
    try:
        return decode(payload)
    except LeaseRefused:
        return None


@given(st.binary(max_size=200))
@example(b"[" * 100_000)
@example(b'{"v":' + b"9" * 5000 + b"}")
@example(b'{"v":1e999}')
def test_any_rubbish_is_refused_with_a_reason(payload: bytes) -> None:
    """A keeper that dies of a bad ad can be stopped by whoever may write one."""
    with pytest.raises(LeaseRefused, match=r"\w"):
        decode(payload)


def changed(**changes: object) -> bytes:
    """The payload with members of the page set, in canonical form."""
    return canonical({**json.loads(PAYLOAD), **changes})


def changed_lease(**changes: object) -> bytes:
    """The payload with members of its only lease set."""
    members = json.loads(PAYLOAD)
    return canonical({**members, "leases": [{**members["leases"][0], **changes}]})


@pytest.mark.parametrize(
    "payload",
    [
        changed(v=2),
        changed(v=True),
        changed(more=1),
        changed(process=""),
        changed(process=3),
        changed(process="a\nphase=go"),
        changed(pool=3),
        changed(pool=""),
        changed(instance="a\nphase=go"),
        changed(pages=0),
        changed(pages=10**6),
        changed(page=-1),
        changed(page=4),
        changed(page=1.0),
        changed(serial=-1),
        changed(serial=2**63),
        changed(serial=True),
        changed(issued_at_s=1),
        changed(issued_at_s="1.0"),
        changed(issued_at_s=float("inf")),
        changed(issued_at_s=float("nan")),
        changed(issued_at_s=-1.0),
        changed(flockoff=0),
        changed(flockoff=None),
        changed(leases={}),
        changed(leases=[3]),
        changed(leases=json.loads(PAYLOAD)["leases"] * 2),
        changed_lease(host=None),
        changed_lease(lease="x\ny"),
        changed_lease(lease="x" * 1001),
        changed_lease(phase="gone"),
        changed_lease(phase=1),
        changed_lease(lease_s=-1.0),
        changed_lease(lease_s=900),
        changed_lease(kill_s=True),
        changed_lease(extra=1),
        b"",
        b"null",
        b"\xff",
        PAYLOAD + b"\n",
        PAYLOAD.replace(b":", b": ", 1),
        PAYLOAD.replace(b'"serial":100', b'"serial":1e2'),
        PAYLOAD.replace(b'"serial":100', b'"serial":0100'),
        PAYLOAD.replace(b'"serial":100', b'"serial":100,"serial":100'),
        PAYLOAD.replace(b'"pool":"home"', b'"pool":"hom\\u0065"'),
        PAYLOAD.ljust(MAX_BYTES + 1),
    ],
    ids=lambda payload: payload[:300].decode("ascii", "replace") or "empty",
)
def test_a_malformed_page_is_refused(payload: bytes) -> None:
    """A lenient reader and a strict writer differ one day, on the host of a guest."""
    with pytest.raises(LeaseRefused):
        decode(payload)


def test_a_reason_of_many_lines_becomes_one_line() -> None:
    """A lease's reason ended up in the control file, and its second line was read as a key."""
    read = decode(encode(page(lease(why="busy\nphase=go\t\x00 \ud800"))))
    assert read.leases[0].why == "busy phase=go"


@pytest.mark.parametrize("changes", [{"pool": ""}, {"page": 9}, {"serial": 1.5}, {"pages": 0}])
def test_a_page_that_nobody_could_read_is_not_written(changes: dict[str, object]) -> None:
    """All hosts refused every page of a shepherd with a defect, and came home one by one."""
    with pytest.raises(InvariantBroken):
        encode(page(lease(), **changes))
