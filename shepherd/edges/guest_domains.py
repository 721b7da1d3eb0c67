"""Domains of guests' users, from the files that `shepherd guest` keeps, as far as this account may read them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path


def domains_in(directory: Path) -> Mapping[str, str]:
    """Domain by name of the guest. What cannot be read or understood is left out: the flock pool's ads tell it, too."""
    found: dict[str, str] = {}
    try:
        paths = sorted(directory.glob("*.toml"))
    except OSError:
        return found
    for path in paths:
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(domain := told.get("domain"), str) and told.get("name") == path.stem and domain:
            found[path.stem] = domain
    return found
