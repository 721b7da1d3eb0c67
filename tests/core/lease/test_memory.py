"""What a keeper remembers over its restarts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.lease.memory import Memory, from_json, to_json
from shepherd.errors import LeaseRefused
from shepherd.model.host import Nonce
from tests.core.lease.pages_of_leases import NONCE, fresh, later, lease, page, shown

SEEN, _ = shown(fresh(), page(lease()), later(3))


@pytest.mark.parametrize("memory", [fresh(), SEEN])
def test_a_memory_is_read_back_as_it_was_written(memory: Memory) -> None:
    """A restarted keeper forgot the first sight, and a dead shepherd's lease began anew."""
    assert from_json(to_json(memory), NONCE) == memory


def test_a_memory_of_another_boot_is_empty() -> None:
    """The boot clock starts from nought: times of another boot would mean years."""
    assert from_json(to_json(SEEN), Nonce("boot-2")) == Memory(nonce=Nonce("boot-2"))


@given(st.integers(0, len(to_json(SEEN)) - 1))
def test_half_a_memory_is_damage_and_never_an_empty_one(length: int) -> None:
    """An empty memory after a crash would begin every lease anew."""
    with pytest.raises(LeaseRefused, match="damaged"):
        from_json(to_json(SEEN)[:length], NONCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"v": 1', '"v": 2'),
        ('"serial": 100', '"serial": "100"'),
        ('"serial": 100', '"serial": true'),
        ('"until_boottime_s": 5903.0', '"until_boottime_s": NaN'),
        ('"until_boottime_s": 5903.0', '"until_boottime_s": "x"'),
        ('"held": {', '"held": 3, "x": {'),
        ('"serials": {', '"serials": [], "x": {'),
        ('"phase": "go"', '"phase": "gone"'),
    ],
)
def test_a_memory_of_a_wrong_shape_is_damage(old: str, new: str) -> None:
    """A later version, or an editor, left something that reads but means something else."""
    text = to_json(SEEN)
    assert old in text
    with pytest.raises(LeaseRefused):
        from_json(text.replace(old, new, 1), NONCE)
