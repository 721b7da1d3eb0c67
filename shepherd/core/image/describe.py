"""The parts of an image that are text: which paths go in, the accounts, and its description.

An image's id is the hash of its description, and that names the hashes of the layers: whatever is not the same in two
builds (times, the order of a directory, the machine's id) must not get in.
"""

import fnmatch
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from shepherd.core.settings.forms import Problem
from shepherd.model.image import Recipe

EPOCH_S = 946_684_800
"""Every time in the image: the first second of 2000. A program that minds a time before 1980 is content."""
EPOCH = "2000-01-01T00:00:00Z"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SET_ID_BITS = 0o6000
LEAST_UID = 1000
SLOT_USERS = "etc/condor/config.d/20-slot-users.conf"
"""Made of the recipe's number of slots."""


def goes_in(path: str, left_out: Iterable[str]) -> bool:
    """Whether a path below the tree's root, without a leading slash, is part of the image."""
    return not any(fnmatch.fnmatchcase(path, pattern) for pattern in left_out)


def mode_of(mode: int, *, is_file: bool) -> int:
    """Permissions in the image: no program of it runs as anybody but its caller."""
    return mode & 0o7777 & ~(SET_ID_BITS if is_file else 0)


def accounts(recipe: Recipe) -> tuple[str, str]:
    """Lines for passwd and group: one account a slot, without a home and with no password that could be given."""
    users = [(f"slot1_{number + 1}", recipe.first_slot_uid + number) for number in range(recipe.slots)]
    passwd = "".join(f"{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n" for name, uid in users)
    return passwd, "".join(f"{name}:x:{uid}:\n" for name, uid in users)


def without_days(shadow: str) -> str:
    """/etc/shadow without the days on which passwords were changed: the days on which the tree was made."""
    lines = (line.split(":") for line in shadow.splitlines())
    return "".join(":".join([*fields[:2], "", *fields[3:]]) + "\n" for fields in lines)


def recipe_problems(recipe: Recipe) -> Iterator[Problem]:
    """Everything that is wrong with a recipe."""
    for key in ("packages", "entrypoint"):
        if not getattr(recipe, key):
            yield Problem(key, "is empty", "see images/flock/recipe.toml of the release")
    if recipe.slots < 1 or recipe.first_slot_uid < LEAST_UID:
        yield Problem("slots", "no slot, or accounts among the system's own", f"uids from {LEAST_UID} on")
    for place in recipe.files.values():
        if place.startswith("/") or ".." in place.split("/"):
            yield Problem("files", f"{place!r} is no place in the image", "give it without a leading / and without ..")


def versions_of(status: str) -> Mapping[str, str]:
    """Installed packages and their versions, from dpkg's status file."""
    found = {}
    for paragraph in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
        if fields.get("Status") == "install ok installed":
            found[fields["Package"]] = fields["Version"]
    return found


def slot_users(recipe: Recipe) -> str:
    """HTCondor's configuration that gives each slot its account."""
    head = "# One account a slot, so that no two jobs ever share one. The image holds the accounts.\n"
    return head + "".join(f"SLOT1_{n}_USER = slot1_{n}\n" for n in range(1, recipe.slots + 1))


def description(recipe: Recipe, diff_ids: Sequence[str], versions: Mapping[str, str]) -> bytes:
    """The image's configuration (OCI image spec 1.1), in one form only: its hash is the image's id. The packages that
    the recipe names are labels, with their versions."""
    labels = {f"shepherd.package.{name}": versions[name] for name in sorted(recipe.packages)}
    body = {
        "architecture": "amd64",
        "os": "linux",
        "created": EPOCH,
        "config": {"Entrypoint": list(recipe.entrypoint), "Env": [f"PATH={PATH}"], "Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
        "history": [{"created": EPOCH, "created_by": what} for what in history(recipe, diff_ids)],
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def history(recipe: Recipe, diff_ids: Sequence[str]) -> Iterator[str]:
    """A line for each layer."""
    yield f"Debian {recipe.suite} with {', '.join(recipe.packages)}"
    yield from ("the flocking shepherd's files" for _ in diff_ids[1:])


def manifest(ident: str, tag: str, layers: Sequence[str]) -> bytes:
    """manifest.json of an archive that `docker load` takes."""
    body = [{"Config": f"{ident}.json", "RepoTags": [tag], "Layers": list(layers)}]
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
