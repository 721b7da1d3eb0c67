"""Names of hosts as ranges: nobody is lost, and nobody is made up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.views.folded import folded

NAMES = st.from_regex(r"[a-c]-?[0-9]{0,2}-?[0-9]{0,4}(\.s[12])?", fullmatch=True).filter(bool)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([f"p-7-{number}" for number in range(1, 41)], ["p-7-[1-40]"]),
        (["p-7-1", "p-7-2", "p-7-4", "p-8-9"], ["p-7-[1-2,4]", "p-8-9"]),
        (["n009", "n010", "n011", "n100"], ["n[009-011,100]"]),
        (["n9", "n10"], ["n[9-10]"]),
        (["p1.site.org", "p2.site.org", "p2.other"], ["p2.other", "p[1-2].site.org"]),
        (["gpu1a", "gpu2a", "login", "login"], ["gpu[1-2]a", "login"]),
        ([], []),
    ],
)
def test_hosts_of_one_kind_are_one_word(names, told):
    """Three thousand names filled forty screens, and nobody saw that two hosts were away."""
    assert folded(names) == told


def test_thousands_of_hosts_are_a_few_words():
    """A rack in which every third host is lent, twenty times."""
    names = [f"p-{rack}-{host}" for rack in range(20) for host in range(1, 151) if host % 3]
    assert len(folded(names)) == 20
    assert unfolded(folded(names)) == sorted(names)


@given(st.lists(NAMES, max_size=40))
def test_whoever_is_folded_can_be_unfolded(names):
    """A host that is in no list is looked for in the machine room."""
    assert unfolded(folded(names)) == sorted(set(names))


def unfolded(told: list[str]) -> list[str]:
    """The names that ranges stand for."""
    names = []
    for one in told:
        found = re.fullmatch(r"(.*)\[(.*)\](.*)", one)
        if found is None:
            names.append(one)
            continue
        for span in found[2].split(","):
            first, _, last = span.partition("-")
            width = len(first) if first.startswith("0") and first != "0" else 0
            names += [f"{found[1]}{n:0{width}}{found[3]}" for n in range(int(first), int(last or first) + 1)]
    return sorted(names)
