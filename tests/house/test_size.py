"""Files and functions stay small enough to be read in one go.

A file may break a limit with one line `# size: REASON`.
"""

import ast
import itertools
import pathlib
import re
import statistics

from tests.house import sources

FILE_LINES = 400
FUNCTION_LINES = 60
MEDIAN_LINES = 10
EXCUSE = re.compile(r"^\s*# size: \S.{9,}", re.MULTILINE)
WORDLESS = {"common", "helper", "helpers", "manager", "misc", "tools", "util", "utils"}


def excused(path: pathlib.Path) -> bool:
    return bool(EXCUSE.search(path.read_text(encoding="utf-8")))


def measured() -> list[pathlib.Path]:
    return [path for path in sources.python_files() if not excused(path)]


def lines_of(function: sources.Function, text: list[str]) -> int:
    """Lines of code, from `def` to the end, without blank ones and the docstring."""
    first, *_ = function.body
    documented = ast.get_docstring(function, clean=False) is not None
    prose = range(first.lineno, (first.end_lineno or first.lineno) + 1) if documented else ()
    numbers = range(function.lineno, (function.end_lineno or function.lineno) + 1)
    return sum(n not in prose and bool(text[n - 1].strip()) for n in numbers)


def function_sizes(path: pathlib.Path) -> list[tuple[int, str]]:
    text = path.read_text(encoding="utf-8").splitlines()
    return [(lines_of(f, text), f"{sources.name(path)}:{f.name}") for f in sources.functions(path)]


def test_no_file_is_long() -> None:
    """The file of four thousand lines began as one of four hundred and one."""
    lengths = {
        sources.name(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in measured()
    }
    assert {name: n for name, n in lengths.items() if n > FILE_LINES} == {}


def test_no_function_is_long() -> None:
    """Nobody sees the early return in the middle of two screens."""
    sizes = itertools.chain.from_iterable(map(function_sizes, measured()))
    assert [size for size in sizes if size[0] > FUNCTION_LINES] == []


def test_functions_are_short_as_a_rule() -> None:
    """One idea a function, in the package as a whole."""
    sizes = [n for path in sources.python_files("shepherd") for n, _ in function_sizes(path)]
    assert statistics.median(sizes or [0]) <= MEDIAN_LINES


def test_every_module_is_named_for_what_it_holds() -> None:
    """Whatever fits nowhere else ends up in a module whose name says nothing."""
    assert [sources.name(p) for p in sources.python_files() if p.stem in WORDLESS] == []
