"""What was done on a machine, for machines. A schema number grows when a key changes its meaning or goes away."""

from collections.abc import Mapping, Sequence

GATEWAY_SCHEMA = 1
STEPS_SCHEMA = 1
KEY_SCHEMA = 1
IMAGE_SCHEMA = 1
LEDGER_SCHEMA = 1


def applied_json(changed: Sequence[str], rules: str | None) -> Mapping[str, object]:
    """`shepherd gateway apply`."""
    return {"schema": GATEWAY_SCHEMA, "changed": list(changed), "rules": rules}


def steps_json(said: Sequence[str]) -> Mapping[str, object]:
    """What was done, as it is told to a person."""
    return {"schema": STEPS_SCHEMA, "said": list(said)}


def image_json(ident: str, layers: Sequence[str], size_bytes: int) -> Mapping[str, object]:
    """`shepherd image build`."""
    return {"schema": IMAGE_SCHEMA, "id": ident, "layers": list(layers), "size_bytes": size_bytes}


def key_json(act: str, ident: str, file: str, public: str, said: str) -> dict[str, object]:
    """`shepherd key`; `old_ident` and `deleted` come to it."""
    return {"schema": KEY_SCHEMA, "act": act, "ident": ident, "file": file, "public": public, "said": said}
