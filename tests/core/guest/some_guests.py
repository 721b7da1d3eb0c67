"""Guests of all kinds that the rules allow."""

import dataclasses
import math

from hypothesis import strategies as st

from shepherd.core.guest.naming import group_of, identity_of
from shepherd.core.guest.rules import guest_problems, site_problems
from shepherd.model.guest import Guest, Standing

DOMAIN = "flock.lab"
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
HOST = st.lists(LABEL, min_size=1, max_size=3).map(".".join)
SCHEDD = st.one_of(HOST, st.builds("{}@{}".format, LABEL, HOST))
NAME = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)

CAMPUS = Guest(
    name="campus", generation=1, standing=Standing.ADMITTED, identity=identity_of("campus", 1, DOMAIN),
    schedds=("submit.campus.example", "second.campus.example"), domain="campus.example",
    contact="security@campus.example", token_id="0f" * 16, token_until_s=2e9, added_by="root", added_at_s=1.7e9,
)  # fmt: skip
OTHER = dataclasses.replace(
    CAMPUS, name="other", identity=identity_of("other", 1, DOMAIN), schedds=("ap.other.example",),
    domain="other.example",
)  # fmt: skip


@st.composite
def guests(draw: st.DrawFn) -> Guest:
    """Any guest that is sound by itself."""
    name, generation = draw(NAME), draw(st.integers(1, 99))
    schedds = draw(st.lists(SCHEDD, min_size=1, max_size=4, unique_by=str.casefold))
    made = Guest(
        name=name, generation=generation, standing=draw(st.sampled_from(Standing)),
        identity=identity_of(name, generation, DOMAIN), schedds=tuple(schedds), domain=draw(HOST),
        contact=draw(st.sampled_from(["", "security@campus.example"])), hosts=draw(st.integers(0, 1_000_000)),
        notice_s=draw(st.floats(0, 1e6)), token_days=draw(st.integers(1, 3660)),
        token_until_s=draw(st.floats(0, 1e11)), added_by=draw(st.sampled_from(["root", "uid 1234", "Ünsal"])),
        added_at_s=draw(st.floats(0, 1e11)),
    )  # fmt: skip
    assert guest_problems(made) == []
    return made


def sites() -> st.SearchStrategy[list[Guest]]:
    """Guests that may be beside each other."""
    drawn = st.lists(guests(), max_size=4, unique_by=(lambda one: one.name, lambda one: group_of(one.domain)))
    return drawn.map(_apart)


def _apart(drawn: list[Guest]) -> list[Guest]:
    """Those who may be beside all before them, removed ones too."""
    kept: list[Guest] = []
    for guest in drawn:
        others = [dataclasses.replace(other, standing=Standing.ADMITTED) for other in kept]
        if not list(site_problems(guest, others, math.inf, DOMAIN)):
            kept.append(guest)
    return kept
