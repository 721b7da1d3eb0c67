"""`shepherd image build|push`: the flock image, of a Debian tree, and to a registry."""

import argparse
import json
from pathlib import Path

from shepherd.cli.where import shipped
from shepherd.views.machine import image_json, steps_json

DESCRIPTION = """Packs a Debian tree that has the recipe's packages (made by debootstrap, mmdebstrap or `docker export`)
into an image for `docker load`. The same tree gives the same image id, wherever and whenever it is built; leases and
keepers name the image by that id."""
PUSH = """Brings a built image to a registry, under a tag that is its id: hosts whose keepers have `registry` set fetch
it there. The login is read from a file that only its owner can read, {"username": "…", "password": "…"}."""
RECIPE = "images/flock/recipe.toml"


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    image = subparsers.add_parser("image", help="the flock image")
    verbs = image.add_subparsers(dest="image_verb", required=True, metavar="VERB")
    build = verbs.add_parser("build", help="build it of a Debian tree", description=DESCRIPTION)
    build.add_argument("--root", type=Path, required=True, help="the tree")
    build.add_argument("--out", type=Path, required=True, help="the archive to write")
    build.add_argument("--recipe", type=Path, default=None, help="default: the one that was installed with the program")
    build.add_argument("--tag", default="shepherd/flock:latest", help="name in dockerd; default: %(default)s")
    push = verbs.add_parser("push", help="bring it to a registry", description=PUSH)
    push.add_argument("--archive", type=Path, required=True, help="what `build` wrote")
    push.add_argument("--to", required=True, metavar="HOST[:PORT]/NAME", help="as `registry` of the keepers")
    push.add_argument("--login", type=Path, default=None, help="file with user and password")
    push.add_argument("--ca", type=Path, default=None, help="certificate of the site's own authority")
    for one in (build, push):
        one.add_argument("--json", action="store_true", help="for machines; `schema` is its version")


def run(args: argparse.Namespace) -> int:
    """Build or push. Raises SettingsError, CommandFailed, Unavailable."""
    if args.image_verb == "push":
        return push(args)
    from shepherd.programs.image_wiring import build

    built = build(args.recipe or shipped(RECIPE), args.root, args.out, args.tag)
    if args.json:
        print(json.dumps(image_json(built.ident, built.layers, built.size_bytes), indent=1))
    else:
        print(f"{built.ident}  {built.size_bytes / 1e6:.0f} MB  {args.out}")
        print(f"`docker load -i {args.out}`; the id goes to `images` of the keepers and `flock.image` of the shepherd")
    return 0


def push(args: argparse.Namespace) -> int:
    """Bring it to the registry."""
    from shepherd.programs.image_wiring import push

    told = push(args.archive, args.to, args.login, args.ca)
    print(json.dumps(steps_json([told]), indent=1) if args.json else told)
    return 0
