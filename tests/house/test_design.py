"""The living design says what the code does."""

import ast
import re
import tomllib

from shepherd.core.invariants import INVARIANTS
from tests.house import sources

DESIGN = (sources.PACKAGE / "DESIGN.md").read_text(encoding="utf-8")
CALLED_OTHERWISE = {
    "htcondor": "htcondor2",
    "prometheus-client": "prometheus_client",
    "typing-extensions": "typing_extensions",
}
"""Distributions whose module has another name."""


def section(title: str) -> str:
    """What stands below a heading."""
    return DESIGN.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_numbered_list_is_there_and_marks_what_is_checked() -> None:
    """`invariants.py` pointed at a list that pointed back at it: nobody knew what number 6 was."""
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (✓?) ?\|$", section("Invariants"), re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(len(rows)))
    assert [int(number) for number, _, mark in rows if mark] == list(INVARIANTS)


def test_every_dependency_is_imported_or_said_not_to_be() -> None:
    """A package was upgraded in haste at night, for a breach in code that nothing called."""
    project = tomllib.loads((sources.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[<>=]", line)[0] for line in project["dependencies"]]
    used, idle = (text for text in section("Dependencies").split("not imported yet:"))
    here = imported()
    listed = {name: f"| {name} |" in used for name in names}
    assert listed == {name: CALLED_OTHERWISE.get(name, name) in here for name in names}
    assert [name for name in names if not listed[name] and name not in idle] == []


def imported() -> set[str]:
    """Top names of everything that the package imports."""
    found: set[str] = set()
    for path in sources.python_files("shepherd"):
        for node in ast.walk(sources.tree(path)):
            match node:
                case ast.Import(names=names):
                    found |= {alias.name.partition(".")[0] for alias in names}
                case ast.ImportFrom(module=str(module), level=0):
                    found.add(module.partition(".")[0])
    return found
