"""Tests are held to rules too: each asserts something, tells why it exists, and is never skipped."""

import ast

import pytest

from tests.house import sources

ASSERTING = frozenset({"eventually", "fail", "raises", "run_state_machine_as_test"})
"""Calls that fail a test when something does not hold. Whole names: neither `failing_with` nor a keeper's `check`."""
SKIPPING = {"skip", "skipif", "skipIf", "importorskip", "xfail", "SkipTest"}


def called(node: ast.AST) -> str:
    """The last name of what a call calls: `pytest.raises(...)` -> raises."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def asserts(function: ast.AST) -> bool:
    nodes = list(ast.walk(function))
    return any(isinstance(n, ast.Assert) or called(n) in ASSERTING for n in nodes)


def project_tests() -> list[tuple[str, sources.Function]]:
    return [
        (f"{sources.name(path)}:{function.name}", function)
        for path in sources.python_files("tests")
        if path.name.startswith("test_")
        for function in sources.functions(path)
        if function.name.startswith("test_")
    ]


def test_every_test_asserts_something() -> None:
    """A scenario that only ran, and looked at nothing, was green through the outage it was for."""
    assert [name for name, function in project_tests() if not asserts(function)] == []


def test_every_test_says_which_incident_it_prevents() -> None:
    """Nobody dares to delete, or knows how to mend, a test whose reason is lost."""
    silent = [name for name, f in project_tests() if not ast.get_docstring(f)]
    assert silent == []


def test_no_test_is_skipped() -> None:
    """What is skipped where it matters most, on the machine without Docker, protects nobody."""
    skipping = [
        f"{sources.name(path)}:{node.lineno}"
        for path in sources.python_files("tests")
        for node in ast.walk(sources.tree(path))
        if isinstance(node, ast.Attribute | ast.Name) and name_of(node) in SKIPPING
    ]
    assert skipping == []


def name_of(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def test_a(): site.run()", False),
        ("def test_b(): assert site.run()", True),
        ("def test_c():\n with pytest.raises(E): f()", True),
        ("def test_d(): failing_with(monkeypatch, E())", False),
        ("def test_e(): node.must(('condor_reconfig',))", False),
        ("def test_f(): checkout(); yard.check(1, 2)", False),
        ("def test_g(): site.eventually(f, 3, 'it is so')", True),
    ],
)
def test_a_test_without_an_assertion_is_seen(source: str, expected: bool) -> None:
    """The rule itself must bite."""
    assert asserts(ast.parse(source)) is expected
