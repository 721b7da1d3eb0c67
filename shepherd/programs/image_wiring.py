"""The flock image: recipe and Debian tree in, an archive for `docker load` out; and the archive into a registry."""

import functools
from pathlib import Path

from shepherd.core.image import describe
from shepherd.edges.image import added, members_of, write_image
from shepherd.edges.registry import Registry
from shepherd.edges.settings_file import read_recipe
from shepherd.errors import CommandFailed
from shepherd.model.image import Built, Recipe

PUSH_S = 120.0
"""Patience with a registry that says nothing."""
PROGRAM_MODE, FILE_MODE = 0o755, 0o644
PASSWD, GROUP, SHADOW, STATUS = "etc/passwd", "etc/group", "etc/shadow", "var/lib/dpkg/status"


def build(recipe_path: Path, root: Path, out: Path, tag: str) -> Built:
    """Build the image. Raises SettingsError for the recipe, CommandFailed for the tree or what is to be written."""
    recipe = read_recipe(recipe_path, describe.recipe_problems)
    versions = describe.versions_of(text(root, STATUS))
    if missing := sorted(set(recipe.packages) - set(versions)):
        raise CommandFailed(f"{root} has no package {', '.join(missing)}: install what {recipe_path} names")
    goes_in = functools.partial(describe.goes_in, left_out=recipe.left_out)
    base = members_of(root, goes_in, describe.mode_of, replaced(recipe, root))
    return write_image(
        out,
        [base, added(files_of(recipe, recipe_path.parent))],
        describe=lambda digests: describe.description(recipe, digests, versions),
        manifest=lambda ident, names: describe.manifest(ident, tag, names),
        epoch_s=describe.EPOCH_S,
    )


def push(archive: Path, repository: str, login: Path | None, authority: Path | None) -> str:
    """Bring an archive to a registry; what a keeper's `registry` and `images` say of it then. Raises as `Registry`."""
    tag = Registry(repository, login=login, authority=authority, timeout_s=PUSH_S).push(archive)
    return f"{repository}:{tag}"


def replaced(recipe: Recipe, root: Path) -> dict[str, bytes]:
    """Files of the tree that are in the image with another content: accounts for the slots, and no dates."""
    passwd, group = describe.accounts(recipe)
    return {
        PASSWD: (text(root, PASSWD) + passwd).encode(),
        GROUP: (text(root, GROUP) + group).encode(),
        SHADOW: describe.without_days(text(root, SHADOW)).encode(),
    }


def files_of(recipe: Recipe, folder: Path) -> dict[str, tuple[bytes, int]]:
    """Our own files by their place in the image, with their modes."""
    programs = {path.lstrip("/") for path in (*recipe.entrypoint, *recipe.programs)}
    found = {
        place: (text(folder, name).encode(), PROGRAM_MODE if place in programs else FILE_MODE)
        for name, place in recipe.files.items()
    }
    return found | {describe.SLOT_USERS: (describe.slot_users(recipe).encode(), FILE_MODE)}


def text(folder: Path, name: str) -> str:
    """A file's text. Raises CommandFailed."""
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandFailed(f"{folder / name} cannot be read: {exc}") from exc
