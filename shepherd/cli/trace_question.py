"""The words of `shepherd trace` as a question."""

import argparse
import datetime
import re
import zoneinfo
from collections.abc import Callable
from pathlib import Path

from shepherd.core.trace.question import is_ipv4, question_problems
from shepherd.core.trace.times import instant_s, tolerance_s
from shepherd.errors import UsageError
from shepherd.model.question import Question

WITHIN_S = 5.0
"""How far the clock of whoever writes may be off, if nothing is said."""
ENDPOINT = re.compile(r"(?P<address>[0-9.]+)?(?::(?P<port>\d{1,5}))?")
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1}
LOCAL = Path("/etc/localtime")
WORDS = {
    "host": "a host's name",
    "container": "a container's id, or how it begins",
    "lease": "a lend",
    "image": "the id of a container's image, sha256:…",
    "slot": "a slot, e.g. slot1_2",
    "job": "a global job id; needs the role",
    "user": "NAME@DOMAIN, which needs the role, or a pseudonym as an answer has it",
    "schedd": "a schedd's name, as jobs say it",
    "guest": "a guest's name, as `shepherd guest show` has it",
}


def declare(parser: argparse.ArgumentParser) -> None:
    """The options that make a question."""
    when = parser.add_argument_group("when")
    when.add_argument("--at", metavar="TIME", help="a moment, e.g. '2026-03-03 14:02:10'; most forms are understood")
    of_within = f"seconds that their clock may be off; default: {WITHIN_S:g} with --at, else 0"
    when.add_argument("--within", metavar="S", help=of_within)
    when.add_argument("--from", dest="from_", metavar="TIME", help="the beginning of a time")
    when.add_argument("--until", metavar="TIME", help="the end of it")
    of_zone = "of times that name none, and of the answer: UTC (default), local, or e.g. Europe/Zurich"
    when.add_argument("--zone", default="UTC", metavar="ZONE", help=of_zone)
    flow = parser.add_argument_group("a connection")
    flow.add_argument("--nat", metavar="ADDRESS[:PORT]", help="our address, as they saw it")
    flow.add_argument("--nat-port", metavar="PORT", help="our port, as they saw it")
    flow.add_argument("--to", metavar="ADDRESS[:PORT]", help="their address and port")
    flow.add_argument("--to-port", metavar="PORT", help="their port")
    flow.add_argument("--ip", metavar="ADDRESS[:PORT]", help="inside: a container's address")
    flow.add_argument("--protocol", metavar="NAME", help="tcp, udp or a number; default: any")
    who = parser.add_argument_group("who and where")
    for name, what in WORDS.items():
        who.add_argument(f"--{name}", default="", metavar=name.upper(), help=what)
    who.add_argument("--account", metavar="UID", help="a slot's account in the container")


def question_of(args: argparse.Namespace) -> Question:
    """The question. Raises UsageError."""
    from_s, until_s, within_s = times_of(args)
    nat, far, inside = endpoint("--nat", args.nat), endpoint("--to", args.to), endpoint("--ip", args.ip)
    question = Question(
        from_s=from_s,
        until_s=until_s,
        within_s=within_s,
        nat_address=nat[0],
        nat_port=one_of("--nat-port", nat[1], whole("--nat-port", args.nat_port, 65535)),
        address=inside[0],
        port=inside[1],
        far_address=far[0],
        far_port=one_of("--to-port", far[1], whole("--to-port", args.to_port, 65535)),
        protocol=protocol_of(args.protocol),
        account=whole("--account", args.account, 1 << 32),
        **{name: line(name, getattr(args, name)) for name in WORDS},
    )
    if problems := list(question_problems(question)):
        raise UsageError("; ".join(problems))
    if not question.given():
        raise UsageError("say what to look for besides the time, e.g. --nat-port 41822 or --host p220")
    return question


def times_of(args: argparse.Namespace) -> tuple[float, float, float]:
    """From, until, and how far the asker's clock may be off. Raises UsageError."""
    zone = zone_of(args.zone)
    if (args.at is None) == (args.from_ is None and args.until is None):
        raise UsageError("say when: --at TIME, or --from TIME --until TIME")
    if args.at is None and (args.from_ is None or args.until is None):
        raise UsageError("--from and --until are given both or neither")
    begun, ended = (args.at, args.at) if args.at is not None else (args.from_, args.until)
    within_s = WITHIN_S if args.at is not None else 0.0
    if args.within is not None:
        within_s = told("--within", lambda: tolerance_s(args.within))
    return told("time", lambda: instant_s(begun, zone)), told("time", lambda: instant_s(ended, zone)), within_s


def zone_of(name: str) -> datetime.tzinfo:
    """A time zone. Raises UsageError."""
    if name.upper() in {"UTC", "Z"}:
        return datetime.UTC
    try:
        if name == "local":
            with LOCAL.open("rb") as file:
                return zoneinfo.ZoneInfo.from_file(file)
        return zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError) as exc:
        raise UsageError(f"--zone: {name!r} is no time zone here; UTC, local, or e.g. Europe/Zurich") from exc


def endpoint(option: str, text: str | None) -> tuple[str, int | None]:
    """`192.0.2.7`, `192.0.2.7:443` or `:443`. Raises UsageError."""
    if text is None:
        return "", None
    matched = ENDPOINT.fullmatch(text) if text.isascii() else None
    if matched is None or not text or (matched["address"] and not is_ipv4(matched["address"])):
        raise UsageError(f"{option}: {text!r} is no IPv4 address; write e.g. 192.0.2.7:443")
    return matched["address"] or "", whole(option, matched["port"], 65535)


def whole(option: str, text: str | None, most: int) -> int | None:
    """A number, or None if there is none. Raises UsageError."""
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > most:
        raise UsageError(f"{option}: {text!r} is no number up to {most}")
    return int(text)


def one_of(option: str, one: int | None, other: int | None) -> int | None:
    """A port that may be given in two ways. Raises UsageError."""
    if None not in {one, other} and one != other:
        raise UsageError(f"{option} and the address say different ports, {other} and {one}")
    return one if other is None else other


def protocol_of(text: str | None) -> int | None:
    """By name or number. Raises UsageError."""
    if text is None or text.lower() in PROTOCOLS:
        return PROTOCOLS.get((text or "").lower())
    return whole("--protocol", text, 255)


def line(option: str, text: str) -> str:
    """A word that can be in a record. Raises UsageError."""
    if len(text) > 500 or not (text.isprintable() or not text):
        raise UsageError(f"--{option}: is longer than 500 characters, or has some that do not print")
    return text


def told(option: str, read: Callable[[], float]) -> float:
    """What `read` gives; what it says is wrong is told to a person. Raises UsageError."""
    try:
        return read()
    except ValueError as exc:
        raise UsageError(f"{option}: {exc}") from exc
