"""Standing bans, for a person and as JSON."""

from collections.abc import Iterator, Mapping, Sequence

from shepherd.model.one_line import one_line
from shepherd.model.stop import Ban
from shepherd.views.wording import age, instant

SCHEMA = 1


def ban_lines(bans: Sequence[Ban], now_s: float) -> Iterator[str]:
    """A line each: whom, since when, until when, by whom and why."""
    if bans:
        yield f"Bans: {len(bans)}"
    for ban in bans:
        until = f"until {instant(ban.until_s)}" if ban.until_s is not None else "until `shepherd unban`"
        since = f"since {instant(ban.at_s)} ({age(max(now_s - ban.at_s, 0.0))} ago)"
        by = f"by {one_line(ban.who)}: {one_line(ban.why)}"
        yield f"  {ban.kind.value} {one_line(ban.value)}{_what(ban)}, {since}, {until}, {by}"


def _what(ban: Ban) -> str:
    """What is cut off besides."""
    known = [f"its users are …@{ban.domain}"] if ban.domain else []
    known += [f"cut off: {', '.join(ban.addresses)}"] if ban.addresses else []
    return f" ({'; '.join(known)})" if known else ""


def bans_text(bans: Sequence[Ban], now_s: float) -> str:
    """`shepherd ban --list`."""
    return "".join(f"{line}\n" for line in ban_lines(bans, now_s)) or "nobody is banned\n"


def bans_json(bans: Sequence[Ban]) -> Mapping[str, object]:
    """The same for machines. The schema number grows when a key changes its meaning or goes away."""
    fields = ("at_s", "until_s", "who", "why", "domain")
    return {
        "schema": SCHEMA,
        "bans": [
            {"kind": ban.kind.value, "value": ban.value, "addresses": list(ban.addresses)}
            | {name: getattr(ban, name) for name in fields}
            for ban in bans
        ],
    }
