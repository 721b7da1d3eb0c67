"""What travels between daemon and worker."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.edges.htcondor.frames import FrameBroken, pack, unpack

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(json_values, json_values)
def test_frames_arrive_one_by_one_however_they_are_cut(first, second):
    """A pipe gives what it has, not what was written at once."""
    stream = io.BytesIO(pack(first) + pack(second))
    assert unpack(lambda size: stream.read(min(size, 3))) == first
    assert unpack(lambda size: stream.read(min(size, 1))) == second


@pytest.mark.parametrize(
    "data", [b"", b"\0", pack("hello")[:-1], struct.pack(">I", 2**31) + b"x", struct.pack(">I", 1) + b"{"]
)
def test_a_broken_frame_is_never_half_an_answer(data):
    """A worker killed in the middle of an answer must not make a small pool out of a big one."""
    with pytest.raises(FrameBroken):
        unpack(io.BytesIO(data).read)
