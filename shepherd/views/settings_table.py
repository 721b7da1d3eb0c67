"""Every setting with type, default, unit and reason, read from the dataclasses and their docstrings."""

import ast
import dataclasses
import enum
import functools
import inspect
import itertools
import json
import re
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence

from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import Settings

UNITS = {"_per_s": "1/s", "_s": "s", "_mib": "MiB"}
"""By the end of a name; the first that fits."""
UNIT_SENTENCE = re.compile(r" ?\b(Seconds|MiB|Jobs|Hosts|Pages|Cpus|0\.\.1)(?=[.;])\.?")
"""The unit as the docstrings say it, where the name of the field does not."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setting:
    """One line of a table."""

    key: str
    kind: str
    default: object
    """MISSING where one must be given."""
    unit: str
    text: str
    """Meaning and reason: the field's docstring on one line."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """One table of the file; an empty name is the top."""

    name: str
    text: str
    settings: tuple[Setting, ...]


def tables_of(root: type) -> Iterator[Table]:
    """The tables of a file, in the order of the fields."""
    hints = typing.get_type_hints(root)
    nested = [f.name for f in dataclasses.fields(root) if dataclasses.is_dataclass(hints[f.name])]
    if not nested:
        yield table_of("", root)
    for name in nested:
        yield table_of(name, hints[name])


def table_of(name: str, kind: type) -> Table:
    """One dataclass as a table."""
    docs = field_docs(kind)
    hints = typing.get_type_hints(kind)
    return Table(
        name=name,
        text=one_line(inspect.getdoc(kind) or ""),
        settings=tuple(
            Setting(
                key=field.name,
                kind=kind_words(hints[field.name]),
                default=default_of(field),
                unit=unit_of(field.name, docs[field.name]),
                text=docs[field.name],
            )
            for field in dataclasses.fields(kind)
        ),
    )


def field_docs(kind: type) -> Mapping[str, str]:
    """The docstring under each field, on one line; KeyError later if one is missing."""
    found = {}
    body = class_body(kind)
    for field, doc in itertools.pairwise(body):
        match field, doc:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = one_line(text)
    return found


def class_body(kind: type) -> list[ast.stmt]:
    """The statements of a class."""
    for node in module_tree(kind.__module__).body:
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__:
            return node.body
    return []


@functools.cache
def module_tree(name: str) -> ast.Module:
    """A module that was imported, parsed."""
    return ast.parse(inspect.getsource(sys.modules[name]))


def one_line(text: str) -> str:
    """A docstring without its line breaks."""
    return " ".join(text.split())


def default_of(field: "dataclasses.Field[object]") -> object:
    """The default, made if there is a factory."""
    if field.default_factory is dataclasses.MISSING:
        return field.default
    return field.default_factory()


def kind_words(kind: object) -> str:
    """A type in words."""
    simple = {bool: "true or false", int: "integer", float: "number", str: "string"}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return " or ".join(json.dumps(member.value) for member in kind)
    if isinstance(kind, type) and kind in simple:
        return simple[kind]
    return "list of strings" if typing.get_origin(kind) is tuple else "table of strings"


def unit_of(name: str, text: str) -> str:
    """The unit, by the name's ending, else as the docstring says; empty if there is none."""
    for ending, unit in UNITS.items():
        if name.endswith(ending):
            return unit
    matched = UNIT_SENTENCE.search(text)
    return matched[1].lower() if matched else ""


def toml(value: object) -> str:
    """A value as TOML writes it."""
    match value:
        case enum.Enum():
            return toml(value.value)
        case str() if "\\" in value and "'" not in value:
            return f"'{value}'"
        case tuple():
            return f"[{', '.join(map(toml, value))}]"
        case Mapping():
            pairs = ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case _:
            return json.dumps(value, ensure_ascii=False)


SETTINGS_HEAD = """\
# Settings

Generated from `settings.py` and the other `*_settings.py` in `shepherd/model` by
`python -m shepherd.views.settings_files`; do not edit. Unknown keys, wrong types and contradictions
are refused with file, key and remedy, all of them at once. Strings stay strings and whole numbers
whole; a whole number is welcome where a number is asked for.
"""


def settings_markdown() -> str:
    """docs/settings.md."""
    parts = [SETTINGS_HEAD]
    for title, root in (
        ("The daemon: `/etc/shepherd/shepherd.toml`", Settings),
        ("A host's keeper: `/etc/shepherd/node.toml`", NodeSettings),
        ("The gateway: `/etc/shepherd/gateway.toml`", GatewaySettings),
    ):
        parts.append(f"## {title}\n")
        parts.extend(table_markdown(table) for table in tables_of(root))
    return "\n".join(parts)


def table_markdown(table: Table) -> str:
    """One table of the file."""
    head = f"### `[{table.name}]`\n\n{table.text}\n\n" if table.name else f"{table.text}\n\n"
    rows = [(f"`{s.key}`", s.kind, default_cell(s.default), s.unit, s.text) for s in table.settings]
    return head + markdown(("key", "type", "default", "unit", "meaning and reason"), rows)


def default_cell(default: object) -> str:
    """A default in a table."""
    return "**required**" if default is dataclasses.MISSING else f"`{toml(default)}`"


def markdown(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(map(cell, line))} |\n" for line in lines)


def cell(text: str) -> str:
    """Text that cannot end a cell."""
    return text.replace("|", "\\|")
