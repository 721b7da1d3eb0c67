"""What the security model says is shown by a probe, a test or a finding is shown by one that exists."""

import ast
import fnmatch
import pathlib
import re
from collections.abc import Iterator

from shepherd.model.finding import Subject
from tests.docs import pages
from tests.house import sources

PAGE = pages.DOCS / "security.md"
PROBE = re.compile(r"[a-z]+(-[a-z0-9*]+)+")


def tables() -> Iterator[tuple[str, list[str]]]:
    """Rows of tables whose last column is `shown by`: the row, and the names in that column."""
    is_one = False
    for line in pages.text_of(PAGE).splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] if line.startswith("|") else []
        last = cells[-1] if cells else ""
        is_one = last == "shown by" or (is_one and bool(cells))
        if is_one and last != "shown by" and set(last) != {"-"}:
            yield line, pages.SPAN.findall(last)


def probes() -> set[str]:
    """Names of the audit's probes, `*` for what is filled in."""
    return {name for path in sources.python_files("shepherd") if "lab/audit" in str(path) for name in names(path)}


def names(path: pathlib.Path) -> Iterator[str]:
    for node in ast.walk(sources.tree(path)):
        match node:
            case ast.Constant(value=str(text)):
                name = text
            case ast.JoinedStr(values=parts):
                name = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)
            case _:
                continue
        if PROBE.fullmatch(name):
            yield name


def functions() -> set[str]:
    paths = [path for path in sources.python_files("tests") if path.name.startswith("test_")]
    return {function.name for path in paths for function in sources.functions(path)}


def known() -> set[str]:
    return {*probes(), *functions(), *(subject.value for subject in Subject)}


def is_there(name: str, there: set[str]) -> bool:
    """One of them; or of a family whose names are filled in, as `kernel-*` is with what is tried twice."""
    family, _, rest = name.partition("-")
    return name in there or (f"{family}-*" in there and rest in there)


def test_what_is_said_to_show_it_exists() -> None:
    """The auditor asked for the test that the table named, and it had been renamed."""
    there = known()
    said = {name for _, shown in tables() for name in shown}
    assert len(said) > 100
    assert {name for name in said if not is_there(name, there)} == set()


def test_every_requirement_is_shown_by_something() -> None:
    """A requirement was met by a sentence."""
    rows = list(tables())
    assert len(rows) > 40
    assert [row for row, shown in rows if not shown] == []


def test_every_wall_that_carries_is_in_the_model() -> None:
    """A wall that was added was in no list, and the next review asked why it was there."""
    carrying = sources.tree(sources.ROOT / "tests/audit/test_load_bearing.py")
    taken = {name for name in names_of(carrying) if name in probes() and not name.startswith("greed")}
    said = {name for _, shown in tables() for name in shown}
    missing = {name for name in taken if not any(fnmatch.fnmatch(name, one) for one in said)}
    assert missing == set()


def names_of(tree: ast.Module) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
