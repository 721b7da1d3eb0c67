"""The recipe of the flock image (`images/flock/recipe.toml`)."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """What the image is made of."""

    suite: str
    """Debian's name of the release."""
    packages: tuple[str, ...]
    """Installed besides what is essential, without what they recommend."""
    entrypoint: tuple[str, ...]
    """The container's PID 1."""
    programs: tuple[str, ...] = ()
    """Places of files, besides PID 1, that are executable."""
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Files beside the recipe, and their places in the image."""
    slots: int = 256
    """Accounts for slots."""
    first_slot_uid: int = 3001
    """User and group id of the first; the others follow."""
    left_out: tuple[str, ...] = ()
    """Shell patterns of paths that do not go into the image."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Built:
    """An image that was built."""

    ident: str
    """`sha256:…`, as every dockerd that loads it will call it."""
    layers: tuple[str, ...]
    """Digests of the layers, base first."""
    size_bytes: int
    """Of all layers, unpacked."""
