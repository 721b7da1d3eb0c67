"""`shepherd trace`: who ran what, where and when; and who had our address and port when somebody complains."""

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from shepherd.cli import where
from shepherd.cli.trace_holds import drop, holds_of, listed, put_aside
from shepherd.cli.trace_question import declare, question_of, zone_of
from shepherd.core.guest.rules import guest_problems
from shepherd.core.roles import insist, may, refusal
from shepherd.core.settings.daemon import daemon_problems
from shepherd.edges.clock import SystemClock
from shepherd.edges.settings_file import read_guest, read_settings
from shepherd.edges.spool import leave
from shepherd.edges.trace_store.holds import StoreHolds
from shepherd.edges.trace_store.read import StoreReader
from shepherd.edges.unix_user import caller, me, owner_of, person_of
from shepherd.errors import SettingsError, Unavailable, UsageError
from shepherd.model.guest import Guest
from shepherd.model.intents import IntentKind
from shepherd.model.question import Question
from shepherd.model.roles import Person, Role
from shepherd.model.settings import Settings
from shepherd.model.tracing import FlowFound, StayFound, Suspect, Tracing, Verdict
from shepherd.ports_trace import TraceReader
from shepherd.programs.trace.asking import Asking
from shepherd.views.tracing import Telling, holds_json, tracing_json, tracing_text

LONGEST = 500
DESCRIPTION = """Asks the record who did what: by a time and any of the words below, e.g. our address and port from a
letter of complaint. Says what is proven, what is only claimed by a schedd, and what cannot be known. Who a person is,
is shown to the groups of [roles] personal, and each such use is recorded before anything is shown; others see
pseudonyms. Ends with 0 if there is an answer, 1 if nothing was found or it cannot be answered, 2 on bad input."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb."""
    parser = subparsers.add_parser("trace", help="who ran what, where and when", description=DESCRIPTION)
    declare(parser)
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("--flows", action="store_true", help="every other connection of each job that is named, too")
    shown.add_argument("--pseudonyms", action="store_true", help="show nobody's name, also if you may see it")
    holds = parser.add_argument_group("holds: records put aside, which retention leaves alone")
    holds.add_argument("--hold", metavar="NAME", help="put aside what is found, and all that was around it")
    holds.add_argument("--why", default="", metavar="REASON", help="of a hold, e.g. the number of the incident")
    holds.add_argument("--in-hold", metavar="NAME", help="ask a hold instead of the whole record")
    holds.add_argument("--holds", action="store_true", help="list holds")
    holds.add_argument("--drop-hold", metavar="NAME", help="release a hold: retention applies again")
    shown.add_argument("--json", action="store_true", help="for machines; `schema` is its version")


def run(args: argparse.Namespace) -> int:
    """Ask. Raises BadInput, Unavailable, LedgerUnavailable."""
    settings = read_settings(args.settings, daemon_problems)
    if args.holds or args.drop_hold:
        return of_holds(args, settings)
    question = question_of(args)
    telling = telling_for(question, args, settings)
    directory = store_directory(args.settings)
    holds = holds_of(directory, settings)
    if telling.personal:
        record(question.given() | when_words(question) | wishes(args), settings)
    elif args.hold:
        raise UsageError(f"a hold has what is personal: {telling.hidden_because}")
    now_s = SystemClock().wall_s()
    reader = reader_of(directory, args.in_hold, holds, reveal=telling.personal)
    found = with_contacts(Asking(reader, now_s).ask(question, flows=args.flows), Path(settings.paths.guests))
    held = put_aside(args.hold, args.why, found, holds) if args.hold else ""
    if args.json:
        print(json.dumps(tracing_json(found, telling, now_s), indent=1, allow_nan=False))
    else:
        print(tracing_text(found, telling), end="")
    if held:
        print(held, file=sys.stderr if args.json else sys.stdout)
    return 1 if found.verdict in {Verdict.NOTHING, Verdict.UNANSWERABLE} else 0


def of_holds(args: argparse.Namespace, settings: Settings) -> int:
    """List holds, or release one. Raises UsageError unless the caller may see what is in them."""
    insist(Role.PERSONAL, settings.roles, asker(settings))
    holds = holds_of(store_directory(args.settings), settings)
    if args.drop_hold:
        record({"also": f"drop hold {args.drop_hold}"}, settings)
        print(drop(args.drop_hold, holds))
    elif args.json:
        print(json.dumps(holds_json(holds.holds()), indent=1))
    else:
        print("\n".join(listed(holds.holds())))
    return 0


def reader_of(directory: Path, hold: str | None, holds: StoreHolds, *, reveal: bool) -> TraceReader:
    """The whole store, or one hold. Raises UsageError: there is no such hold."""
    return holds.read(hold, reveal=reveal) if hold else StoreReader(directory, reveal=reveal)


def asker(settings: Settings) -> Person:
    """Who runs this."""
    return person_of(me(), owner_of(Path(settings.paths.state)))


def telling_for(question: Question, args: argparse.Namespace, settings: Settings) -> Telling:
    """How it is told, and whether with names. Raises UsageError if names are asked for by who may not see them."""
    person = asker(settings)
    zone = zone_of(args.zone)
    if args.pseudonyms:
        why = "names were not asked for (--pseudonyms)"
    elif may(Role.PERSONAL, settings.roles, person):
        return Telling(zone=zone, personal=True)
    else:
        why = refusal(Role.PERSONAL, settings.roles, person)
    if question.job or "@" in question.user:
        raise UsageError(f"--user NAME@DOMAIN and --job ask for a person: {why}")
    return Telling(zone=zone, personal=False, hidden_because=why)


def record(what: Mapping[str, object], settings: Settings) -> None:
    """Leave on record that somebody is about to see names. Raises UsageError, Unavailable: then nothing is shown."""
    about = {name: str(value)[:LONGEST] for name, value in what.items()} | {"login": caller()}
    remedy = "nothing is shown that is not recorded; --pseudonyms shows the answer without names"
    try:
        leave(Path(settings.paths.intents), IntentKind.ASKED, why="shepherd trace", about=about)
    except UsageError as exc:
        raise UsageError(f"{exc}; {remedy}") from exc
    except Unavailable as exc:
        raise Unavailable(f"{exc}; {remedy}") from exc


def when_words(question: Question) -> dict[str, str]:
    """The time of a question, for the record."""
    return {"when": f"{question.from_s:.3f} to {question.until_s:.3f}, {question.within_s:g} s"}


def wishes(args: argparse.Namespace) -> dict[str, str]:
    """What was asked for besides an answer."""
    named = {"hold": args.hold, "in hold": args.in_hold}
    words = [*(["flows"] if args.flows else []), *(f"{what} {name}" for what, name in named.items() if name)]
    return {"also": ", ".join(words)} if words else {}


def store_directory(settings: Path) -> Path:
    """Where the record lies. Raises UsageError if there is none."""
    directory = where.trace_directory(settings)
    if not os.path.isdir(directory):  # noqa: PTH112 - pathlib's raises for a directory that is kept from us
        raise UsageError(f"there is no record in {directory}: nothing was recorded yet, or this user may not look")
    return directory


def with_contacts(tracing: Tracing, guests: Path) -> Tracing:
    """The answer with whom to ask of each guest that it names."""
    names = {one.sender.guest for one in tracing.suspects() if one.sender.guest}
    contacts = {name: contact_of(guests / f"{name}.toml") for name in names if "/" not in name}
    return each_suspect(tracing, lambda one: _asked(one, contacts))


def each_suspect(tracing: Tracing, change: Callable[[Suspect], Suspect]) -> Tracing:
    """The answer with each job that it names changed."""

    def of_flow(found: FlowFound) -> FlowFound:
        return dataclasses.replace(found, suspects=tuple(map(change, found.suspects)))

    def of_stay(at: StayFound) -> StayFound:
        return dataclasses.replace(at, jobs=tuple(map(change, at.jobs)))

    return dataclasses.replace(
        tracing, flows=tuple(map(of_flow, tracing.flows)), stays=tuple(map(of_stay, tracing.stays))
    )


def contact_of(path: Path) -> str:
    """The address that a guest gave; empty if it gave none, or is no guest any more."""
    try:
        guest: Guest = read_guest(path, guest_problems)
    except SettingsError:
        return ""
    return guest.contact


def _asked(one: Suspect, contacts: Mapping[str, str]) -> Suspect:
    sender = dataclasses.replace(one.sender, contact=contacts.get(one.sender.guest, ""))
    return dataclasses.replace(one, sender=sender)
