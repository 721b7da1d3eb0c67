"""Domains of guests' users, from the files that `shepherd guest` keeps, as far as this account may read them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path


def domains_in(directory: Path) -> Mapping[str, str]:
    """Domain by name of the guest. What cannot be read or understood is left out: the flock pool's ads tell it, too."""
    told = {name: words.get("domain") for name, words in files_in(directory).items()}
    return {name: domain for name, domain in told.items() if isinstance(domain, str) and domain}


def identities_in(directory: Path) -> Mapping[str, str]:
    """Name of the guest by each identity that it has or had, `past` included. What cannot be read is left out."""
    found: dict[str, str] = {}
    for name, words in files_in(directory).items():
        past = words.get("past")
        told = [words.get("identity"), *(past if isinstance(past, list) else [])]
        found |= {one.partition(":")[0]: name for one in told if isinstance(one, str) and one}
    return found


def files_in(directory: Path) -> Mapping[str, Mapping[str, object]]:
    """What each guest's file says, by the guest's name; files that cannot be read or understood are left out."""
    found: dict[str, Mapping[str, object]] = {}
    for path in sorted(paths_in(directory)):
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if told.get("name") == path.stem:
            found[path.stem] = told
    return found


def paths_in(directory: Path) -> list[Path]:
    """Guests' files; none if the directory cannot be read."""
    try:
        return list(directory.glob("*.toml"))
    except OSError:
        return []
