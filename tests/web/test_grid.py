"""The map: every host once, in an order that a person finds again; and the plots' numbers."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.model.harvest import Bucket
from shepherd.model.host import HostState
from shepherd.views.present import ShownHost
from shepherd.views.web import charts, grid


def host(name: str, state: HostState = HostState.LOCAL) -> ShownHost:
    return ShownHost(host=name, flock_name="", state=state, why="", since_s=None)


@given(st.lists(st.builds(host, st.text(max_size=12), st.sampled_from(HostState)), max_size=300))
def test_every_host_is_on_the_map_once(hosts: list[ShownHost]) -> None:
    """A host whose name had no number was on no map, and nobody missed it."""
    made = grid.blocks(hosts)
    on_it = [one for block in made for one in block.hosts]
    assert sorted(one.host for one in on_it) == sorted(one.host for one in hosts)
    assert all(0 < len(block.hosts) <= grid.BLOCK for block in made)
    cells = grid.cells_of(made)
    assert len(cells.letters) == len(cells.names) == len(hosts)


def test_neighbours_stand_together() -> None:
    """p1000 stood between p100 and p101."""
    made = grid.blocks([host(f"p{n}") for n in (*range(1, 151), 1000)] + [host(f"x-{n}") for n in range(5)])
    assert [block.title for block in made] == ["p1 to p100", "p101 to p1000", "x-0 to x-4"]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["p1", "p2", "p3", "p5"], ["p1 to p3", "p5"]),
        (["p9", "p10"], ["p9 to p10"]),
        (["p-1-9", "p-2-10"], ["p-1-9", "p-2-10"]),
        (["a", "b"], ["a", "b"]),
        ([], []),
    ],
)
def test_neighbours_are_folded_in_words(names: list[str], told: list[str]) -> None:
    """A screen reader read three thousand names."""
    assert grid.folded(names) == told


def test_states_differ_by_letter() -> None:
    """Two states had the same letter, and one in twelve men sees no difference between their colours."""
    assert set(grid.LETTERS) == set(grid.MEANINGS) == set(HostState)
    assert len(set(grid.LETTERS.values())) == len(HostState)


EMPTY = Bucket(
    from_s=0.0, to_s=900.0, known_s=900.0, local_hosts=0.0, lent_hosts=0.0, moving_hosts=0.0, other_hosts=0.0,
    local_core_h=0.0, local_used_core_h=0.0, lent_core_h=0.0, lent_used_core_h=0.0, moving_core_h=0.0,
    idle_jobs=0.0, running_jobs=0.0, blocked_jobs=0.0, waited_jobs=0.0, queue_known_s=900.0, guest_core_h=(),
)  # fmt: skip


@given(
    st.lists(
        st.tuples(st.floats(0, 5000), st.floats(0, 5000), st.one_of(st.none(), st.floats(0, 1e7)), st.booleans()),
        max_size=60,
    )
)
def test_a_plot_stays_within_its_frame(rows) -> None:
    """One burst of a million jobs, and the line left the page."""
    series = [
        dataclasses.replace(
            EMPTY, from_s=900.0 * n, to_s=900.0 * (n + 1), local_hosts=local, lent_hosts=lent, idle_jobs=idle,
            known_s=900.0 if known else 0.0,
        )
        for n, (local, lent, idle, known) in enumerate(rows)
    ]  # fmt: skip
    for made in (charts.herds_plot(series), charts.queue_plot(series)):
        points = [point for _, path in made.shapes for point in path.replace("M", "L").replace("Z", "").split("L")]
        for x, y in (map(float, point.split()) for point in points if point):
            assert made.left <= x <= made.right
            assert made.top - 0.1 <= y <= made.bottom + 0.1


def test_what_is_not_on_record_is_a_gap_and_no_zero() -> None:
    """The shepherd was down for a night, and the plot said that nobody had waited."""
    series = [dataclasses.replace(EMPTY, from_s=900.0 * n, to_s=900.0 * (n + 1), idle_jobs=5.0) for n in range(4)]
    series[1] = dataclasses.replace(series[1], known_s=0.0)
    made = charts.queue_plot(series)
    assert len(made.gaps) == 1
    assert dict(made.shapes)["line idle"].count("M") == 2


@given(st.floats(0, 1e9))
def test_an_axis_ends_above_its_values(value: float) -> None:
    """The highest bar was cut off."""
    top = charts.ceiling(value)
    assert value <= top <= max(10 * value, 1)
