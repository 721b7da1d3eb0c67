"""The log's lines."""

import io
import json

import pytest

from shepherd.edges.log import make_log


class Pipe(io.StringIO):
    """A reader that went away."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_a_line_for_machines_is_one_json_object():
    """A log that is half JSON is searched by nobody."""
    out = io.StringIO()
    make_log(out)("lent", host="p220", seconds=2.5, odd={1, })
    line = json.loads(out.getvalue())
    assert out.getvalue().count("\n") == 1
    assert (line["event"], line["host"], line["seconds"]) == ("lent", "p220", 2.5)
    assert line["timestamp"].endswith("Z")


def test_a_line_for_people_has_the_words_and_no_colours_in_a_file():
    """Escape codes in a file make it unreadable."""
    out = io.StringIO()
    make_log(out, human=True)("lent", host="p220")
    assert "lent" in out.getvalue()
    assert "host=p220" in out.getvalue()
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("human", [True, False])
def test_an_exception_in_hand_is_added_when_asked_for(human):
    """The log is the only place a traceback goes to; there it must be."""
    out = io.StringIO()
    try:
        raise ZeroDivisionError("seven")
    except ZeroDivisionError:
        make_log(out, human=human)("defect", exc_info=True)
    assert "ZeroDivisionError" in out.getvalue()
    assert "seven" in out.getvalue()


@pytest.mark.parametrize("human", [True, False])
def test_a_log_that_nobody_reads_does_not_end_the_daemon(human):
    """journald restarted, the pipe broke, and the shepherd died of a sentence."""
    out = Pipe()
    log = make_log(out, human=human)
    log("lent", host="p220")
    out.close()
    log("lent", host="p220")
    assert out.closed
