"""`shepherd key`: the key that signs lease pages, created, shown, rotated and revoked.

Nothing here talks to a host. What must be done there, and in which order, is printed.
"""

import argparse
import dataclasses
import json
import re
from pathlib import Path

from shepherd.cli.where import before_any, usable
from shepherd.core.settings.daemon import daemon_problems
from shepherd.edges.settings_file import read_settings
from shepherd.edges.signing import create_key, delete_key, id_of_file, public_path
from shepherd.errors import UsageError
from shepherd.model.settings import LeaseSettings
from shepherd.views.machine import key_json

CREATED = """\
key {ident} created
  private  {private}  mode 0600; it never leaves this machine.
           Root's is well: systemd hands the daemon a copy. Without systemd: chown USER {private}
  public   {public}

Next, on every host that may be lent:
  1. copy the public file there, e.g. as /etc/shepherd/keys/{public_name}, root 0644;
  2. name it in trusted_keys of /etc/shepherd/node.toml;
  3. restart the keeper. A host without it refuses every lease and stays local.
"""

ROTATED = """\
key {ident} created beside {old_ident}
  private  {private}
  public   {public}
Nothing has changed yet: the daemon signs with {old} as before.

In this order, so that no lease is ever refused:
  1. every host: copy the public file there, add it to trusted_keys in /etc/shepherd/node.toml
     (two are trusted during a rotation), restart the keeper;
  2. when every host has it: set  key = "{private}"  in [lease] of {settings}
     and restart the daemon; hosts keep their leases meanwhile;
  3. every host: take the old public file out of trusted_keys, restart the keeper;
  4. here: shepherd key revoke --key {old} --delete
A host forgotten in step 1 comes home when its lease lapses, and stays local.
"""

REVOKE = """\
key {ident} ({private})
Whoever has this private key can have leases believed wherever it is trusted. To revoke it:
  1. every host whose trusted_keys in /etc/shepherd/node.toml names {public_name}:
     take it out, delete the file, restart the keeper. From that moment the host refuses every
     page of this key, and what it holds of it ends at once, by the ladder of deadlines.
     A host that trusted no other key stays local until it is given one.
  2. hosts that cannot be reached now: they trust the key until step 1 is done there. Stopping the
     daemon does not stop a thief; take them off the network, or power them off.
  3. here: {deletion}
If the daemon still signs with this key, `shepherd key rotate` first, unless it was stolen.
"""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb and its four acts."""
    parser = subparsers.add_parser("key", help="the key that signs lease pages")
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    for act, text in {
        "create": "make the first key; never overwrites",
        "show": "print the id of a key, private or public",
        "rotate": "make the next key beside the present one",
        "revoke": "tell how to end a key; with --delete remove it here",
    }.items():
        one = acts.add_parser(act, help=text, description=text)
        one.add_argument("--key", metavar="FILE", help="default: lease.key of the settings")
        one.add_argument("--json", action="store_true", help="for machines; `schema` is its version")
        if act == "revoke":
            one.add_argument("--delete", action="store_true", help="remove both files here")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do one act. Raises BadInput with what to do about it."""
    private = key_file(args)
    match args.act:
        case "create":
            done = created(private)
        case "show":
            done = shown(private)
        case "rotate":
            done = rotated(private, Path(args.settings))
        case "revoke":
            done = revoked(private, delete=args.delete)
        case other:
            raise UsageError(f"key {other}: there is create, show, rotate and revoke")
    if args.json:
        public = done.file if done.file.suffix == ".pub" else public_path(done.file)
        more = {"old_ident": done.old_ident, "deleted": [str(path) for path in done.deleted]}
        told = key_json(args.act, done.ident, str(done.file), str(public), done.said) | more
        print(json.dumps(told, indent=1))
    else:
        print(done.said, end="")
    return 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Done:
    """What was done with a key, and what is to be done now."""

    ident: str
    file: Path
    said: str
    old_ident: str | None = None
    deleted: tuple[Path, ...] = ()


def key_file(args: argparse.Namespace) -> Path:
    """The file that is meant: named, or of the settings, or the default before there are any."""
    if args.key:
        return usable("--key", Path(args.key))
    from shepherd.cli.main import DAEMON_SETTINGS

    settings = usable("--settings", Path(args.settings))
    if before_any(settings, DAEMON_SETTINGS):
        return Path(LeaseSettings().key)
    return Path(read_settings(settings, daemon_problems).lease.key)


def created(private: Path) -> Done:
    """Make a key; what to do with it."""
    ident = create_key(private)
    public = public_path(private)
    said = CREATED.format(ident=ident, private=private, public=public, public_name=public.name)
    return Done(ident=ident, file=private, said=said)


def shown(path: Path) -> Done:
    """The id of a key as it appears in pages, logs and refusals."""
    half = "public" if path.suffix == ".pub" else "private"
    ident = id_of_file(path)
    return Done(ident=ident, file=path, said=f"{ident}  {path} ({half})\n")


def rotated(old: Path, settings: Path) -> Done:
    """Make the next key; in which order it takes over."""
    old_ident = id_of_file(old)
    private = next_file(old)
    ident = create_key(private)
    said = ROTATED.format(
        ident=ident,
        old_ident=old_ident,
        private=private,
        public=public_path(private),
        old=old,
        settings=settings,
    )
    return Done(ident=ident, file=private, said=said, old_ident=old_ident)


def next_file(private: Path) -> Path:
    """lease.key, lease-2.key, lease-3.key and so on."""
    matched = re.fullmatch(r"(?P<name>.*?)(-(?P<number>\d+))?", private.stem)
    name, number = (matched["name"], matched["number"]) if matched else (private.stem, None)
    return private.with_name(f"{name}-{int(number or 1) + 1}{private.suffix}")


def revoked(private: Path, *, delete: bool) -> Done:
    """How to end a key everywhere; removes it here if asked to."""
    public = public_path(private)
    ident = id_of_file(public if public.exists() else private)
    deleted = tuple(delete_key(private)) if delete else ()
    deletion = f"shepherd key revoke --key {private} --delete"
    deletion = "deleted " + " and ".join(map(str, deleted)) if delete else deletion
    said = REVOKE.format(ident=ident, private=private, public_name=public.name, deletion=deletion)
    return Done(ident=ident, file=private, said=said, deleted=deleted)
