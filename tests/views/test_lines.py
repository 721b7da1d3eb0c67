"""Lines for a terminal: never wider than it, and nothing of the text gets lost."""

from hypothesis import given
from hypothesis import strategies as st

from shepherd.model.one_line import one_line
from shepherd.views.lines import Line, Span, Tone, cells, line, painted, wrapped

TEXT = st.text(max_size=80).map(one_line)
LINES = st.lists(st.tuples(TEXT, st.sampled_from(Tone)), max_size=5).map(
    lambda parts: Line(tuple(Span(text, tone) for text, tone in parts), 4)
)


@given(LINES, st.integers(8, 120))
def test_no_line_is_wider_than_the_terminal(whole, width):
    """The terminal broke lines in the middle of a name, and the next line looked like another host."""
    assert all(cells(one.text()) <= width for one in wrapped([whole], width))


@given(LINES, st.integers(8, 120))
def test_nothing_is_lost_by_wrapping(whole, width):
    """The reason of a ban ended at the right edge."""
    told = "".join(one.text() for one in wrapped([whole], width))
    assert told.replace(" ", "") == whole.text().replace(" ", "")


def test_the_rest_of_a_line_stands_further_in():
    """A list of ranges in which one cannot see where the next state begins."""
    found = [one.text() for one in wrapped([line("  local p-[1-4,6-9,11-14]")], 16)]
    assert found == ["  local p-[1-4,", "    6-9,11-14]"]


def test_wide_characters_count_twice():
    """A reason in Chinese ran over the edge, and the screen scrolled."""
    found = [one.text() for one in wrapped([line("維護維護維護維護")], 8)]
    assert found == ["維護維", "  護維護", "  維護"]
    assert cells("e\u0301") == 1


def test_tones_are_colours_only_where_they_are_wanted():
    """Escape sequences in a ticket."""
    one = line("all is lost", Tone.WRONG)
    assert painted(one, coloured=False) == "all is lost"
    assert painted(one, coloured=True) == "\x1b[1;31mall is lost\x1b[0m"


def test_what_is_cut_says_so():
    """A list that ended in the middle was taken for all of it."""
    whole = line("a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p")
    found = [one.text() for one in wrapped([whole._replace(most=2)], 10)]
    assert found == ["a,b,c,d,e,", "  f,g,h, …"]
    assert len(list(wrapped([whole], 10))) == 4
