"""Whether what a verb says with `--json` is what its shipped schema says, and nothing that it does not say."""

import copy
import functools
import json
from typing import Any

import jsonschema

from shepherd.views.documents.registry import DOCUMENTS
from shepherd.views.documents.schemas import path_of

PATHS = {document.name: path_of(document) for document in DOCUMENTS}


def fits(name: str, told: object) -> None:
    """Raises jsonschema's ValidationError."""
    validator(name).validate(told)


@functools.cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    """Readers must let unknown members pass. We must not write any that the schema does not tell of."""
    schema = json.loads(PATHS[name].read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(closed(copy.deepcopy(schema)))


def closed(part: Any) -> Any:
    """The schema without room for other members."""
    if isinstance(part, dict):
        if "properties" in part and part.get("type") == "object":
            part.setdefault("additionalProperties", False)
        for name, one in part.items():
            if name not in {"enum", "const", "required"}:
                closed(one)
    elif isinstance(part, list):
        for one in part:
            closed(one)
    return part
