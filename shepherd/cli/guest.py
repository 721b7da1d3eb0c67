"""`shepherd guest add|show|remove`: which foreign pools may flock to us."""

import argparse
import json
from collections.abc import Sequence

from shepherd.cli.where import usable
from shepherd.edges.clock import SystemClock
from shepherd.errors import UsageError
from shepherd.model.guest import Anew, Guest, Standing, Wanted
from shepherd.views.guests import guest_text, guests_json, guests_text
from shepherd.views.machine import steps_json

ADD = """Lets a foreign pool flock to us: its identity in the flock pool, its token, and the configuration that its
administrator pastes. Run by root where the flock pool's signing key is. Interrupted, it is completed by repeating it;
for a guest who is there already it changes nothing without --change, --renew or --reissue."""
REMOVE = """Lets a guest in no more, from now on: its tokens are refused, its ads leave the flock pool, its jobs end
without notice. Interrupted, it is completed by repeating it. A later guest of this name has another identity, and the
old tokens stay refused."""
SHOW = "What is known of guests. Never a token."


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    guest = subparsers.add_parser("guest", help="which foreign pools may flock to us")
    acts = guest.add_subparsers(dest="act", required=True, metavar="ACT")
    _declare_add(acts.add_parser("add", help="let a foreign pool flock to us", description=ADD))
    show = acts.add_parser("show", help="what is known of guests", description=SHOW)
    show.add_argument("name", nargs="?", metavar="NAME", help="one guest, with everything; default: all, a line each")
    show.add_argument("--all", action="store_true", help="removed ones, too")
    remove = acts.add_parser("remove", help="let a guest in no more", description=REMOVE)
    remove.add_argument("name", metavar="NAME")
    of_every = "end all guests' jobs, because its schedds may say that theirs are another's"
    remove.add_argument("--every-claim", action="store_true", help=of_every)
    for one in acts.choices.values():
        one.add_argument("--json", action="store_true", help="for machines; `schema` is its version")


def _declare_add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a short name for the guest")
    of_schedd = "names of its schedds, as `condor_status -schedd -af Name` shows them there"
    parser.add_argument("--schedd", nargs="+", action="extend", dest="schedds", metavar="NAME", help=of_schedd)
    parser.add_argument("--domain", metavar="DOMAIN", help="UID_DOMAIN of its schedds: its users are USER@DOMAIN")
    parser.add_argument("--contact", metavar="MAIL", help="whom to ask when its jobs do harm")
    parser.add_argument("--hosts", type=int, metavar="N", help="at most so many hosts' worth at a time; 0: no limit")
    of_notice = "seconds before a reclaim that it is promised; at most graceful_s, which is what it gets"
    parser.add_argument("--notice", type=float, dest="notice_s", metavar="S", help=of_notice)
    parser.add_argument("--token-days", type=int, metavar="N", help="how long its token is good for; default: 365")
    anew = parser.add_mutually_exclusive_group()
    anew.add_argument("--change", action="store_const", dest="anew", const=Anew.CHANGE, help="give it other values")
    of_renew = "one more token; older ones stay good until they end"
    anew.add_argument("--renew", action="store_const", dest="anew", const=Anew.RENEW, help=of_renew)
    of_reissue = "a new identity and token; older tokens are refused at once, running jobs stay"
    anew.add_argument("--reissue", action="store_const", dest="anew", const=Anew.REISSUE, help=of_reissue)
    parser.set_defaults(anew=Anew.NOTHING)


def run(args: argparse.Namespace) -> int:
    """Do one act. Raises BadInput with nothing changed, CommandFailed, Unavailable."""
    from shepherd.programs.guest_wiring import GuestProgram

    program = GuestProgram(usable("--settings", args.settings))
    said: list[str] = []
    say = said.append if args.json else _say
    match args.act:
        case "add":
            program.changing(say).add(args.name, _wanted(args), args.anew)
        case "remove":
            program.changing(say).remove(args.name, every_claim=args.every_claim)
        case "show":
            print(_shown(args, program.guests(), program.graceful_s), end="")
        case other:
            raise UsageError(f"guest {other}: there is add, show and remove")
    if args.json and args.act != "show":
        print(json.dumps(steps_json(said), indent=1))
    return 0


def _say(step: str) -> None:
    print(step, flush=True)


def _wanted(args: argparse.Namespace) -> Wanted:
    return Wanted(
        schedds=tuple(args.schedds) if args.schedds else None,
        domain=args.domain,
        contact=args.contact,
        hosts=args.hosts,
        notice_s=args.notice_s,
        token_days=args.token_days,
    )


def _shown(args: argparse.Namespace, guests: Sequence[Guest], graceful_s: float) -> str:
    now_s = SystemClock().wall_s()
    found = [guest for guest in guests if args.name in {None, guest.name}]
    if args.name and not found:
        raise UsageError(f"there is no guest {args.name}; `shepherd guest show` lists them")
    if not (args.name or args.all):
        found = [guest for guest in found if guest.standing is not Standing.REMOVED]
    if args.json:
        return json.dumps(guests_json(found, graceful_s, now_s), indent=1) + "\n"
    return guest_text(found[0], graceful_s, now_s) if args.name else guests_text(found, graceful_s, now_s)
