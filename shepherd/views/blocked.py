"""Which local hosts cannot be lent, by reason."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from shepherd.model.few import few
from shepherd.model.one_line import one_line
from shepherd.views.present import ShownHost
from shepherd.views.wording import age

MOST_REASONS = 10
"""Commonest first; the hosts of all others are named together. `--json` has every host with its reason."""


def blocked_lines(hosts: Iterable[ShownHost], now_s: float) -> Iterator[str]:
    """A title with the number of all, then a line for each reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for host in sorted((host for host in hosts if host.blocked), key=lambda host: host.host):
        by_reason[one_line(host.blocked)].append(named(host, now_s))
    if not by_reason:
        return
    yield f"Local hosts that cannot be lent: {sum(map(len, by_reason.values()))}"
    commonest = sorted(by_reason.items(), key=lambda found: (-len(found[1]), found[0]))
    yield from (reason_line(why, names) for why, names in commonest[:MOST_REASONS])
    if others := [name for _, names in commonest[MOST_REASONS:] for name in names]:
        yield reason_line("other reasons", sorted(others))
    yield ""


def reason_line(why: str, names: list[str]) -> str:
    """What is wrong, with how many, with whom."""
    return f"  {why} ({len(names)}): {few(names)}"


def named(host: ShownHost, now_s: float) -> str:
    """The name, and for how long still if that is known."""
    left = f" for {age(host.blocked_until_s - now_s)}" if host.blocked_until_s else ""
    return one_line(host.host) + left
