"""The pages that people read, taken apart: code, commands, links and headings."""

import dataclasses
import functools
import itertools
import pathlib
import re
import shlex
from collections.abc import Iterator

from tests.house import sources

DOCS = sources.PACKAGE / "docs"
PAGES = tuple(sorted([
    sources.ROOT / "README.md", sources.ROOT / "puppet/README.md", sources.PACKAGE / "DESIGN.md", *DOCS.glob("*.md"),
]))  # fmt: skip
FENCE = re.compile(r"^ *```(\w*) *$")
SPAN = re.compile(r"`([^`]+)`")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PROGRAMS = ("shepherd", "./run")
PUNCTUATION = frozenset("();<>|&")


@dataclasses.dataclass(frozen=True, order=True)
class Command:
    """One call of one of our programs, as a page has it."""

    page: str
    line: int
    words: tuple[str, ...]
    """From the program's name on."""
    whole: bool
    """It can be typed as it stands; False: it stands in a sentence, or has an ellipsis."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {shlex.join(self.words)}"


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of code, continuations joined."""

    number: int
    language: str
    """Of its fence; empty: it is indented, or the fence says none."""
    text: str


@functools.cache
def text_of(page: pathlib.Path) -> str:
    return page.read_text(encoding="utf-8")


def code(page: pathlib.Path) -> Iterator[Line]:
    """Every line of fenced or indented code."""
    held, began = "", 0
    for number, language, line in code_lines(page):
        held, began = held + line.strip(), began or number
        if held.endswith("\\"):
            held = held[:-1]
            continue
        yield Line(began, language, held)
        held, began = "", 0


def code_lines(page: pathlib.Path) -> Iterator[tuple[int, str, str]]:
    """Lines within fences, and indented ones below an empty line, as Markdown has it."""
    language: str | None = None
    is_code = True
    for number, line in enumerate(text_of(page).splitlines(), 1):
        is_code = not line.strip() or (is_code and line.startswith("    "))
        if fence := FENCE.match(line):
            language = None if language is not None else fence[1]
        elif language is not None or (is_code and line.strip()):
            yield number, language or "", line


def blocks(page: pathlib.Path, language: str) -> Iterator[tuple[int, str]]:
    """Fenced blocks of one language, with the line of their fence."""
    for found in re.finditer(rf"^( *)```{language}\n(.*?)^ *```$", text_of(page), re.MULTILINE | re.DOTALL):
        yield text_of(page).count("\n", 0, found.start()) + 1, re.sub(f"(?m)^{found[1]}", "", found[2])


def spans(page: pathlib.Path) -> Iterator[tuple[int, str]]:
    """Code within sentences."""
    code = {number for number, _, _ in code_lines(page)}
    for number, line in enumerate(text_of(page).splitlines(), 1):
        if number not in code:
            yield from ((number, found[1]) for found in SPAN.finditer(line))


def commands(page: pathlib.Path) -> Iterator[Command]:
    """Every call of ours, in code and in sentences."""
    name = sources.name(page)
    for line in code(page):
        for words in calls(re.sub(r"^[$#] (?=\S)", "", line.text)):
            yield Command(name, line.number, words, "…" not in words)
    for number, span in spans(page):
        if re.match(r"(sudo )?(shepherd|\./run) ", span):
            yield from (Command(name, number, words, whole=False) for words in calls(span))


def calls(line: str) -> Iterator[tuple[str, ...]]:
    """The calls of our programs in a line of shell; none in a line that is none."""
    for variant in variants(line):
        lexer = shlex.shlex(variant, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            found = list(lexer)
        except ValueError:
            continue
        for is_between, group in itertools.groupby(found, key=lambda word: set(word) <= PUNCTUATION):
            words = tuple(itertools.dropwhile(lambda word: word == "sudo" or "=" in word, group))
            if not is_between and words and words[0] in PROGRAMS:
                yield words


def variants(line: str) -> Iterator[str]:
    """A line with `[--json]` and `add|show` in it, written out."""
    if found := re.search(r"(?<=\s)\[([^\]]*)\]", line):
        for inside in ("", found[1]):
            yield from variants(line[: found.start()] + inside + line[found.end() :])
    elif found := re.search(r"(?<=\s)[\w-]+(?:\|[\w-]+)+", line):
        for word in found[0].split("|"):
            yield from variants(line[: found.start()] + word + line[found.end() :])
    else:
        yield line


def anchors(page: pathlib.Path) -> set[str]:
    """What a link to this page may end in, as the usual renderers make them."""
    bare = re.sub(r"(?ms)^ *```.*?^ *```$", "", text_of(page))
    return {anchor(title) for title in HEADING.findall(bare)} | set(re.findall(r'<a name="([^"]+)">', bare))


def anchor(title: str) -> str:
    """`## What `shepherd check` looks at` -> what-shepherd-check-looks-at."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def links(page: pathlib.Path) -> Iterator[str]:
    """Links to places of the project."""
    yield from (link for link in LINK.findall(text_of(page)) if "://" not in link and not link.startswith("mailto:"))
