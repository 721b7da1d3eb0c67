"""What is recorded of a change, and the whole made of it again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.recorded.patch import grouped, patch, patched, ungrouped

LISTS = st.lists(st.integers(0, 3), max_size=2)
LEAVES = st.one_of(st.integers(-9, 9), st.text("ab", max_size=2), st.booleans(), LISTS)
OBJECTS = st.recursive(
    st.dictionaries(st.sampled_from("abcd"), LEAVES, max_size=4),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), st.one_of(LEAVES, inner), max_size=4),
    max_leaves=12,
)


@given(OBJECTS, OBJECTS)
def test_the_changes_make_the_new_of_the_old(before, after):
    """One member that is lost in a record is missing in all that follow, until the next day."""
    changes = json.loads(json.dumps(patch(before, after)))
    assert patched(before, changes) == after


@given(OBJECTS)
def test_what_has_not_changed_is_not_recorded(value):
    """The same three thousand hosts each minute were half a gigabyte a day."""
    assert patch(value, value) == {}


@given(st.dictionaries(st.text("ph0", min_size=1, max_size=4), st.one_of(st.none(), OBJECTS), max_size=8))
def test_hosts_with_the_same_change_are_told_once(changes):
    """A pool that goes home as one is one change, not a thousand."""
    groups = json.loads(json.dumps(grouped(changes)))
    assert ungrouped(groups) == changes
    assert len(groups) == len({json.dumps(change, sort_keys=True) for change in changes.values()})


@pytest.mark.parametrize("groups", [[{}], [[{}]], [[{}, "p201"]], ["p201"]])
def test_a_group_that_is_none_is_refused(groups):
    """An altered record made hosts named `p`, `2`, `0` and `1`."""
    with pytest.raises(ValueError, match="a group of hosts of a record cannot be read"):
        ungrouped(groups)
