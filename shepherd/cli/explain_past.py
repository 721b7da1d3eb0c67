"""`shepherd explain host` and `explain cycle`: why, from the records alone."""

import argparse
import dataclasses
import datetime
import json
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence

from shepherd.cli.recorded import days_until, heard_last_s, moment_at, readable, settings_by
from shepherd.cli.status import life_of
from shepherd.cli.tell import tell
from shepherd.cli.where import ledger_directory
from shepherd.core.recorded.verdicts import verdict_from
from shepherd.core.story.cycle import cycle_story
from shepherd.core.story.host import host_story
from shepherd.core.story.lend import leases_of, lend_story, result_of
from shepherd.core.trace.times import instant_s
from shepherd.edges import ledger_past
from shepherd.edges.clock import SystemClock
from shepherd.edges.ledger_present import read_present
from shepherd.errors import Unavailable, UsageError
from shepherd.model.entry import Entry, EntryKind, Stored
from shepherd.model.host import Herd, HostName
from shepherd.model.moment import Moment, Said
from shepherd.model.orders import Order
from shepherd.model.story import CycleStory, HostStory, LendStory, Ordered
from shepherd.views.present import Present, present_from
from shepherd.views.status import life_json, life_lines_of
from shepherd.views.story import cycle_json, cycle_text, host_json, host_text, lend_json, lend_text
from shepherd.views.wording import instant

NUMBER = re.compile(r"\d{1,8}")
"""Of a record. Epoch seconds have more digits."""
LENDS_TOLD = 2
TAKEN_UP_S = 5.0
"""An order is recorded right after its decision."""
DAYS_BACK = 30
"""A lend that began before is told from what there is since."""


def explain_host(args: argparse.Namespace) -> int:
    """Print. Raises UsageError, LedgerUnavailable."""
    at_s = time_of(args.at)
    days = days_until(ledger_directory(args.settings), at_s)
    moment = next(filter(None, (moment_at(path, at_s) for path in days)), None)
    if moment is None:
        raise UsageError("no look is on record of that time or before")
    host = host_of(moment, args.host)
    story = story_of_host(days, host, moment, at_s)
    if story is None:
        raise UsageError(nothing_known(host, heard_last_s(days, host, at_s)))
    return told(args, host_text(story), host_json(story), of_now=args.at is None)


def nothing_known(host: str, heard_s: float | None) -> str:
    """Why there is nothing to tell of a host."""
    if heard_s is None:
        return f"nothing was known of {host} then; hosts are named as `shepherd -s` names them"
    return f"{host} was not heard then, but until {instant(heard_s)}; --at a time before that tells where it was"


def story_of_host(days: Sequence[pathlib.Path], host: HostName, moment: Moment, at_s: float) -> HostStory | None:
    """What is on record of a host until then; None if nothing was known of it. Raises LedgerUnavailable."""
    settings = settings_by({})(moment.settings)
    return host_story(moment, host, settings, said_until(days, at_s), lends_of(days, host, moment, at_s))


def explain_cycle(args: argparse.Namespace) -> int:
    """Print. Raises UsageError, LedgerUnavailable."""
    days = days_until(ledger_directory(args.settings))
    if args.which is not None and args.at is not None:
        raise UsageError("say N, TIME or --at TIME, only one of them")
    story = story_of_cycle(days, args.at if args.which is None else args.which)
    return told(args, cycle_text(story), cycle_json(story), of_now=args.at is None and args.which is None)


def story_of_cycle(days: Sequence[pathlib.Path], which: str | None) -> CycleStory:
    """A decision, as `decision` finds it. Raises UsageError, LedgerUnavailable."""
    path, said = decision(days, which)
    moment = moment_at(path, said.at_s, before=said.seq)
    if moment is None:
        raise UsageError(f"what was known at {said.seq} is not on record: that shepherd is from before it was")
    settings = settings_by({})(moment.settings)
    moment = dataclasses.replace(moment, said=said)
    later = [path, *days[: days.index(path)][-1:]]
    return cycle_story(moment, said, settings, [came_of(order, said, later) for order in said.orders])


def explain_lend(args: argparse.Namespace) -> int:
    """Print. Raises UsageError, LedgerUnavailable."""
    days = days_until(ledger_directory(args.settings))
    entries = entries_of(days, args.lease, float("inf"), len(days))
    story = lend_story(args.lease, entries)
    if not story.events:
        raise UsageError(f"no lend {args.lease!r} is on record; `shepherd explain host HOST` names a host's last ones")
    is_over = any(entry.kind is EntryKind.SWITCH and not entry.body for entry in entries)
    return told(args, lend_text(story), lend_json(story), of_now=not is_over)


def told(args: argparse.Namespace, text: str, document: Mapping[str, object], *, of_now: bool) -> int:
    """Print. What is asked of now, and of a dead or silent daemon, is told as of the past: that is said first."""
    directory, now_s = ledger_directory(args.settings), SystemClock().wall_s()
    present, life = last_seen(directory), life_of(directory)
    if args.json:
        print(json.dumps({**document, **life_json(present, life, now_s)}, indent=1))
    else:
        lines = life_lines_of(present, life, now_s) if of_now else ()
        tell("".join(f"{line}\n" for line in lines) + text)
    return 0


def last_seen(directory: pathlib.Path) -> Present | None:
    """The daemon's last view; None if there is none, or none that can be read: the record tells all the same."""
    try:
        found = read_present(directory)
        return None if found is None else present_from(found[0])
    except Unavailable:
        return None


def host_of(moment: Moment, name: str) -> HostName:
    """The host that is meant, by either of its two names."""
    known = {facts.pair.flock_name: host for host, facts in moment.snapshot.hosts.items()}
    known |= {record.flock_name: host for host, record in moment.switches.items()}
    is_host = name in moment.snapshot.hosts or name in moment.switches
    return HostName(name) if is_host else known.get(name, HostName(name))


def time_of(text: str | None) -> float:
    """What was said, in UTC unless it names a zone; without that the end of all time. Raises UsageError."""
    if text is None:
        return float("inf")
    try:
        return instant_s(text, datetime.UTC)
    except ValueError as exc:
        raise UsageError(str(exc)) from exc


def decision(days: Sequence[pathlib.Path], which: str | None) -> tuple[pathlib.Path, Said]:
    """The one that is asked for: by its record's number, the newest by a time, or the newest. Raises UsageError."""
    if which is not None and NUMBER.fullmatch(which):
        return numbered(days, int(which))
    at_s = time_of(which)
    for path in days:
        for found in ledger_past.newest_first(path, EntryKind.VERDICT, at_s):
            return path, said_in(path, found)
    raise UsageError("no decision is on record of that time or before")


def numbered(days: Sequence[pathlib.Path], seq: int) -> tuple[pathlib.Path, Said]:
    """The decision that is this record. Raises UsageError."""
    for path in days:
        if (found := ledger_past.record(path, seq)) is not None:
            if found.entry.kind is EntryKind.VERDICT:
                return path, said_in(path, found)
            raise UsageError(f"record {seq} is no decision, but of kind {found.entry.kind.value}")
    raise UsageError(f"there is no record {seq}")


def said_in(path: pathlib.Path, stored: Stored) -> Said:
    """Raises LedgerUnavailable."""
    with readable(path):
        return verdict_from(stored)


def said_until(days: Sequence[pathlib.Path], at_s: float) -> Iterator[Said]:
    """Decisions of that day and the one before, the newest first. Raises LedgerUnavailable."""
    for path in days[:2]:
        for stored in ledger_past.newest_first(path, EntryKind.VERDICT, at_s):
            yield said_in(path, stored)


def lends_of(days: Sequence[pathlib.Path], host: HostName, moment: Moment, at_s: float) -> list[LendStory]:
    """The last lends of a host by then, the newest last. Raises LedgerUnavailable."""
    leases = leases_of(stored.entry for stored in ledger_past.of_host(days[0], host, at_s))
    if host in moment.switches and moment.switches[host].lease not in leases:
        leases.append(moment.switches[host].lease)
    return [lend_story(lease, entries_of(days, lease, at_s)) for lease in leases[-LENDS_TOLD:]]


def entries_of(days: Sequence[pathlib.Path], lease: str, at_s: float, back: int = DAYS_BACK) -> list[Entry]:
    """All of a lend, from the day on which it began. Raises LedgerUnavailable."""
    found: list[Entry] = []
    for path in days[:back]:
        entries = [stored.entry for stored in ledger_past.of_cause(path, lease) if stored.entry.at_s <= at_s]
        found = [*entries, *found]
        if entries and begins_a_lend(entries[0]):
            break
    return found


def begins_a_lend(entry: Entry) -> bool:
    """The order to lend, which is the first record of a lend."""
    return entry.kind is EntryKind.ORDER and entry.body.get("herd") == Herd.FLOCK.value


def came_of(order: Order, said: Said, days: Sequence[pathlib.Path]) -> Ordered:
    """By the records of its lend, on that day and the next. Raises LedgerUnavailable."""
    first = ledger_past.order_after(days[0], order.host, said.seq)
    if first is None or first.entry.at_s - said.at_s > TAKEN_UP_S:
        return Ordered(order=order, result="not taken up: the host was under way, or nothing could be recorded")
    entries = [stored.entry for path in days for stored in ledger_past.of_cause(path, first.entry.cause)]
    return Ordered(order=order, result=result_of(order.herd, first.entry.at_s, entries))
