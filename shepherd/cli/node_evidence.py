"""`shepherd node evidence list|export|verify`: what quarantines kept on this host."""

import argparse
import json
import os
import pathlib

from shepherd.core.stop.custody import faults, manifest_noted
from shepherd.core.stop.manifest import case_of, differences, manifest_of
from shepherd.edges.evidence.store import EvidenceDirectory
from shepherd.edges.log import make_log
from shepherd.edges.unix_user import caller
from shepherd.errors import UsageError
from shepherd.model.evidence import Hand, Kept
from shepherd.programs.keeper.evidence import MANIFEST, Evidence, digest, kept
from shepherd.views.evidence import evidence_json, evidence_text, evidence_verified_json

WRONG = 1


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare what `shepherd node evidence` does."""
    evidence = verbs.add_parser("evidence", help="what quarantines kept on this host")
    acts = evidence.add_subparsers(dest="evidence_act", required=True, metavar="ACT")
    show = acts.add_parser("list", help="what there is, and what was lost")
    of_verify = "Compares every file with the manifest, the manifest with the chain of custody, and that with itself."
    verify = acts.add_parser("verify", help="is it as it was made", description=of_verify)
    verify.add_argument("ident", metavar="IDENT", help="a quarantine's name, q-…")
    for one in (show, verify):
        one.add_argument("--json", action="store_true", help="for machines; `schema` is its version")
    of_export = "Copies it, with its container's writable layer and the chain of custody, which notes who did."
    export = acts.add_parser("export", help="copy it elsewhere", description=of_export)
    export.add_argument("ident", metavar="IDENT", help="a quarantine's name, q-…")
    export.add_argument("directory", type=pathlib.Path, metavar="DIRECTORY", help="where a directory IDENT is made")
    export.add_argument("--why", default="", metavar="REASON", help="for the chain of custody")


def run(args: argparse.Namespace) -> int:
    """Do one act. Raises BadInput, CommandFailed."""
    if os.geteuid() != 0:
        raise UsageError("evidence is root's alone")
    from shepherd.programs.node_wiring import evidence_of, evidence_store_of, settings_in

    store = evidence_store_of(settings_in(args.settings))
    match args.evidence_act:
        case "list":
            found = [kept_of(store, ident) for ident in store.cases()]
            print(json.dumps(evidence_json(found), indent=1) if args.json else evidence_text(found).rstrip("\n"))
            return 0
        case "verify":
            return verified(store, known(store, args.ident), as_json=args.json)
        case _:
            evidence = evidence_of(settings_in(args.settings), make_log())
            return exported(store, evidence, known(store, args.ident), args)


def known(store: EvidenceDirectory, ident: str) -> str:
    """A name that there is. Raises UsageError."""
    if ident not in store.cases():
        raise UsageError(f"there is no evidence {ident!r} here; `shepherd node evidence list` shows what there is")
    return ident


def kept_of(store: EvidenceDirectory, ident: str) -> Kept:
    """What is told of one."""
    text = store.read(ident, MANIFEST)
    if text is not None:
        return kept(manifest_of(text), text)
    return Kept(case=case_of(store.cases()[ident]), manifest="", size_bytes=0, lost=(), made_at_s=0.0)


def verified(store: EvidenceDirectory, ident: str, *, as_json: bool) -> int:
    """Say whether it is whole; 1 if it is not."""
    found, told = list(wrong(store, ident)), kept_of(store, ident)
    if as_json:
        print(json.dumps(evidence_verified_json(told, ident, found), indent=1))
        return WRONG if found else 0
    for one in found:
        print(f"FAULT {one}")
    print(f"manifest {told.manifest or '-'}, {told.size_bytes} bytes; lost: {'; '.join(told.lost) or 'nothing'}")
    print("the evidence was altered" if found else "the evidence is as it was made")
    return WRONG if found else 0


def wrong(store: EvidenceDirectory, ident: str) -> list[str]:
    """What is not as it was made, a clause each."""
    lines = store.custody()
    found = list(faults(lines))
    text = store.read(ident, MANIFEST)
    if text is None:
        return [*found, "it was not listed yet: there is no manifest"]
    if manifest_noted(lines, ident) != digest(text):
        found.append("the manifest is not the one that the chain of custody tells of")
    manifest = manifest_of(text)
    found += differences(manifest, store.found(ident))
    layer = {piece.name: piece for piece in store.layer(ident) or ()}
    altered = [piece.name for piece in manifest.layer if layer.get(piece.name, piece).sha256 != piece.sha256]
    return [*found, *(f"{name} of the writable layer was altered" for name in altered)]


def exported(store: EvidenceDirectory, evidence: Evidence, ident: str, args: argparse.Namespace) -> int:
    """Noted before it is done."""
    if not args.directory.is_dir():
        raise UsageError(f"{args.directory} is no directory")
    evidence.handed(Hand.EXPORTED, ident, caller(), args.why or f"to {args.directory.resolve()}")
    target = store.export(ident, args.directory)
    print(f"{ident} is in {target}; manifest {kept_of(store, ident).manifest or '-'}")
    return 0
