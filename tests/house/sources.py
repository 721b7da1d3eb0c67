"""The project's own files, as the house tests see them."""

import ast
import functools
import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "shepherd"
LEFT_BY_RUNS = {
    ".git", ".venv", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__",
    "dist", "node_modules",
}  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def files() -> tuple[pathlib.Path, ...]:
    """Every file of the checkout which a person wrote, without what runs and builds leave."""
    return tuple(sorted(walk(ROOT)))


def walk(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    for path in folder.iterdir():
        if path.name in LEFT_BY_RUNS or path.name.endswith(".egg-info") or path.is_symlink():
            continue
        if path.is_dir():
            yield from walk(path)
        elif path.suffix != ".pyc":
            yield path


def python_files(*below: str) -> list[pathlib.Path]:
    """The Python files below the named top-level folders, or all of them."""
    return [
        path
        for path in files()
        if path.suffix == ".py" and (not below or path.relative_to(ROOT).parts[0] in below)
    ]


@functools.cache
def tree(path: pathlib.Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name(path: pathlib.Path) -> str:
    """How a failure names the file: relative to the checkout."""
    return str(path.relative_to(ROOT))


def functions(path: pathlib.Path) -> Iterator[Function]:
    """Every function and method of the file, nested ones too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield node
