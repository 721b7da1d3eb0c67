"""Every call of the command line, taken from its parsers, and words for it: sound ones, odd ones and wrong ones."""

import argparse
import dataclasses
import importlib
from collections.abc import Iterator

from hypothesis import strategies as st

from shepherd.cli.main import VERBS, assembled
from shepherd.views.manual import actions, verbs_of

ODD = (
    "", " ", "\t", "-", "--", "---", "-1", "0", "1e400", "nan", "-inf", "9" * 400, "1.2.3.4:99999", "::1",
    "\udcff\udcfe", "\x1b[2J\x1b]0;owned\x07", "a\nb\r\nc", "%s%n{}{0}", "$(reboot)", "../../etc/passwd", "x" * 5000,
    "né\u202e\u0301", "{", "[]", "2026-02-30", "9999-99-99", "1969-12-31 23:59:60", "policy.reserve=", "=x", "q-1",
    "a@b@c", "@", "2h", "1d-3m", "host", "user", "sha256:zz", "0:" + "0" * 64, "null", "'; DROP TABLE record; --",
)  # fmt: skip
"""What administrators' scripts, copied letters and strangers' names contain."""
TEXT = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_characters="\0/"), max_size=30),
    st.integers().map(str),
    st.floats().map(str),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """`ledger verify`, say."""

    words: tuple[str, ...]
    options: tuple[argparse.Action, ...]
    places: tuple[argparse.Action, ...]
    """Positional arguments."""

    def name(self) -> str:
        return " ".join(self.words)


def every_call() -> list[Call]:
    """All of them, in the order of the help."""
    parser = assembled([importlib.import_module(f"shepherd.cli.{verb}") for verb in VERBS])
    return list(_calls(parser, ()))


def _calls(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> Iterator[Call]:
    below = verbs_of(parser)
    for name, (_, one) in below.items():
        yield from _calls(one, (*words, name))
    if not below:
        own = actions(parser)
        yield Call(
            words=words,
            options=tuple(one for one in own if one.option_strings),
            places=tuple(one for one in own if not one.option_strings),
        )


@st.composite
def lines_of(draw: st.DrawFn, call: Call) -> list[str]:
    """Words for a call: some of its options and places with whatever, now and then something unknown."""
    line = list(call.words)
    for action in call.options:
        if draw(st.integers(0, 3)) == 0:
            line += draw(_option(action))
    for action in call.places:
        line += [draw(_value(action)) for _ in range(draw(st.sampled_from((0, 1, 1, 1, 1, 2))))]
    if draw(st.integers(0, 5)) == 0:
        line.insert(draw(st.integers(len(call.words), len(line))), draw(TEXT))
    return line


@st.composite
def _option(draw: st.DrawFn, action: argparse.Action) -> list[str]:
    name = draw(st.sampled_from(action.option_strings))
    if action.nargs == 0:
        return [name]
    value = draw(_value(action))
    return draw(st.sampled_from(([name, value], [f"{name}={value}"], [name])))


def _value(action: argparse.Action) -> st.SearchStrategy[str]:
    if action.choices:
        return st.one_of(st.sampled_from([str(choice) for choice in action.choices]), TEXT)
    return TEXT
