"""The JSON Schemas that are shipped, one a document: `python -m shepherd.views.documents.schemas` writes them.

A schema whose version stays may only gain members: whoever reads our JSON must go on working.
"""

import dataclasses
import inspect
import json
import pathlib
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from shepherd.views.documents.registry import DOCUMENTS, Document
from shepherd.views.settings_table import field_docs

PLACE = pathlib.Path(__file__).parents[2] / "docs" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


class AsWritten(GenerateJsonSchema):
    """As our verbs write values: every member is there."""

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: ANN401, FBT001 - as pydantic has it
        """A default does not make a member optional: it is written all the same."""
        return True if field["type"] == "dataclass-field" else super().field_is_required(field, total)


def schema_of(document: Document) -> Schema:
    """As it is shipped."""
    made = TypeAdapter(document.of).json_schema(schema_generator=AsWritten, mode="serialization")
    described(made, document.of)
    calls = ", ".join(f"`shepherd {call} --json`" for call in document.calls)
    own = {"const": document.version, "description": "Version of this document."}
    return {
        "$schema": DIALECT,
        "title": document.name,
        "description": f"{made.pop('description', '')} Printed by {calls}.".strip(),
        **{name: value for name, value in made.items() if name not in {"title", "properties", "required"}},
        "properties": {"schema": own, **made["properties"]},
        "required": ["schema", *made.get("required", [])],
    }


def described(schema: Schema, of: type) -> None:
    """Put docstrings of types and members into a schema, for those who read only that."""
    types = {of.__name__: of, **{one.__name__: one for one in types_below(of)}}
    for name, part in {of.__name__: schema, **schema.get("$defs", {})}.items():
        if name not in types:
            continue
        if fields := getattr(types[name], "_fields", ()):
            named(part, fields)
        if text := doc_of(types[name]):
            part["description"] = text
        part.pop("title", None)
        docs = docs_of(types[name])
        for member, its in part.get("properties", {}).items():
            its.pop("title", None)
            its.pop("default", None)
            if member in docs:
                its["description"] = docs[member]


def docs_of(kind: type) -> dict[str, str]:
    """Docstrings of members, also of those that it has from others of ours."""
    ours = [one for one in reversed(kind.__mro__) if one.__module__.startswith("shepherd.")]
    return {name: text for one in ours for name, text in field_docs(one).items()}


def named(part: Schema, fields: Sequence[str]) -> None:
    """A named tuple is written as an object."""
    members = dict(zip(fields, part.pop("prefixItems"), strict=True))
    for name in ("minItems", "maxItems"):
        part.pop(name, None)
    part |= {"type": "object", "properties": members, "required": list(members)}


def types_below(of: object) -> Iterator[type]:
    """Every class of ours that a type is made of."""
    waiting, seen = [of], set[object]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        waiting += typing.get_args(one)
        if inspect.isclass(one) and one.__module__.startswith("shepherd."):
            yield one
            if dataclasses.is_dataclass(one) or hasattr(one, "__annotations__"):
                waiting += typing.get_type_hints(one).values()


def doc_of(kind: type) -> str:
    """What the class's docstring says, on one line."""
    return " ".join((inspect.getdoc(kind) or "").split())


def text_of(schema: Mapping[str, object]) -> str:
    """As it lies in its file."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def path_of(document: Document) -> pathlib.Path:
    """Where it lies."""
    return PLACE / f"{document.name}.schema.json"


def lost(before: Schema, after: Schema, at: str = "") -> Iterator[str]:
    """What readers of a schema can no longer rely on: members that went, are not always there any more, or have
    another type."""
    where = at or "the document"
    for name in before.get("properties", {}):
        if name not in after.get("properties", {}):
            yield f"{where}: {name} went"
        else:
            yield from lost(before["properties"][name], after["properties"][name], f"{at}.{name}")
    for name in set(before.get("required", ())) & set(after.get("properties", {})) - set(after.get("required", ())):
        yield f"{where}: {name} is not always there"
    for name in ("type", "const", "$ref", "anyOf", "format"):
        if before.get(name) != after.get(name):
            yield f"{where}: {name} was {before.get(name)}, is {after.get(name)}"
    for name in ("items", "additionalProperties"):
        if isinstance(before.get(name), dict) and isinstance(after.get(name), dict):
            yield from lost(before[name], after[name], f"{at}[]")
    for name, part in before.get("$defs", {}).items():
        yield from lost(part, after.get("$defs", {}).get(name, {}), name)


def main() -> int:
    """Write them all; refuse one that lost something under the same version."""
    wrong = []
    for document in DOCUMENTS:
        path, made = path_of(document), schema_of(document)
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        same = before.get("properties", {}).get("schema", {}).get("const") == document.version
        if same and (gone := list(lost(before, made))):
            wrong += [f"{document.name}: {what}; raise its version" for what in gone]
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(text_of(made), encoding="utf-8")
    sys.stderr.write("".join(f"{one}\n" for one in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
