"""What is wrong with a setting, in words: key, problem and remedy, from the dataclasses themselves."""

import dataclasses
import datetime
import difflib
import enum
import json
import typing
from collections.abc import Mapping, Sequence

Loc = Sequence[int | str]

EMPTY: Mapping[object, str] = {str: '"…"', tuple: '["…"]'}
"""How a value looks where no default can show it."""


class Fault(typing.NamedTuple):
    """One thing that is wrong."""

    key: str
    problem: str
    remedy: str


class Place(typing.NamedTuple):
    """What the model says of one key: its type, and its default or MISSING."""

    kind: object
    default: object = dataclasses.MISSING


def fault_of(root: type, tree: Mapping[str, object], loc: Loc, problem: str) -> Fault:
    """Say what pydantic found at `loc` below `root`; `problem` is pydantic's word for it."""
    key = dotted(loc)
    match problem:
        case "missing":
            return Fault(key, "is missing", f"add it: {example(root, loc)}")
        case "unexpected_keyword_argument":
            return Fault(key, "is not a setting", suggestion(root, loc))
    wanted = wanted_words(place(root, loc).kind)
    return Fault(key, f"{found_words(tree, loc)} is not {wanted}", f"write {example(root, loc)}")


def dotted(loc: Loc) -> str:
    """A key as people write it: hosts.exclude[1]."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return "".join(parts).removeprefix(".") or "file"


def place(root: type, loc: Loc) -> Place:
    """The type and default at `loc`; items of lists and tables are strings throughout."""
    here = Place(kind=root)
    for part in loc:
        fields = fields_of(here.kind)
        here = fields.get(str(part), Place(kind=str)) if fields else Place(kind=str)
    return here


def fields_of(kind: object) -> Mapping[str, Place]:
    """The settings in a table; empty for what is no dataclass."""
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        return {}
    hints = typing.get_type_hints(kind)
    return {field.name: Place(kind=hints[field.name], default=default_of(field)) for field in dataclasses.fields(kind)}


def default_of(field: dataclasses.Field[object]) -> object:
    """The default, made if there is a factory; MISSING if there is none."""
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def wanted_words(kind: object) -> str:
    """A type in words."""
    simple = {
        bool: "true or false",
        int: "a whole number",
        float: "a finite number",
        str: "a string",
    }
    if isinstance(kind, type) and kind in simple:
        return simple[kind]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "one of " + ", ".join(json.dumps(member.value) for member in kind)
    return "a list of strings" if typing.get_origin(kind) is tuple else "a table"


def found_words(tree: object, loc: Loc) -> str:
    """The value at `loc` in words."""
    match value_at(tree, loc):
        case dict():
            return "a table"
        case list():
            return "a list"
        case datetime.date() | datetime.time() as moment:
            return f"the date or time {moment}"
        case str() as text:
            return f"the string {json.dumps(text[:60])}"
        case value:
            return json.dumps(value)[:60]


def value_at(tree: object, loc: Loc) -> object:
    """What the file has at `loc`."""
    for part in loc:
        match tree:
            case dict() if part in tree:
                tree = tree[part]
            case list() if isinstance(part, int) and part < len(tree):
                tree = tree[part]
            case _:
                return None
    return tree


def example(root: type, loc: Loc) -> str:
    """How the key is written: its default if it has one."""
    name = next((part for part in reversed(loc) if isinstance(part, str)), "")
    whole = loc if not loc or isinstance(loc[-1], str) else loc[:-1]
    here = place(root, whole)
    table = ".".join(str(part) for part in whole[:-1])
    if fields_of(here.kind):
        return f"the table [{name}]"
    line = f"{name} = {sample(here)}"
    return f"{line} in [{table}]" if table else line


def sample(here: Place) -> str:
    """A value of the right type, as TOML."""
    match here.default:
        case dataclasses.MISSING | () | "":
            return EMPTY.get(kind_of(here.kind), "…")
        case enum.Enum() as member:
            return json.dumps(member.value)
        case dict():
            return '{ "…" = "…" }'
        case value:
            return json.dumps(value)


def kind_of(kind: object) -> object:
    """The bare type: tuple for tuple[str, ...]."""
    return typing.get_origin(kind) or kind


def suggestion(root: type, loc: Loc) -> str:
    """Did you mean …, or what there is."""
    *table, name = loc
    known = fields_of(place(root, table).kind)
    if close := difflib.get_close_matches(str(name), known, n=1, cutoff=0.6):
        return f"did you mean {dotted([*table, close[0]])}?"
    if elsewhere := elsewhere_of(root, str(name)):
        return f"did you mean {elsewhere}?"
    return f"remove it; known here: {', '.join(known)}"


def elsewhere_of(root: type, name: str) -> str:
    """The same key in another table: the commonest slip is a line under the wrong heading."""
    for table, here in fields_of(root).items():
        if name in fields_of(here.kind):
            return f"{table}.{name}"
    return ""
