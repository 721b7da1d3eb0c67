"""All hosts at a glance: one cell each, in the order of their names, in blocks that a person can find again."""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from shepherd.model.host import HostState
from shepherd.views.present import ShownHost
from shepherd.views.web.page import Cells

LETTERS = {
    HostState.LOCAL: "L",
    HostState.FLOCK: "F",
    HostState.ARMING: "A",
    HostState.DRAINED: "D",
    HostState.LEAVING: "R",
    HostState.HELD: "H",
    HostState.UNKNOWN: "U",
}
"""R: leaving, on the way home. Each has a form of its own besides its colour (site.css)."""
MEANINGS = {
    HostState.LOCAL: "works for the site",
    HostState.FLOCK: "lent to guests",
    HostState.ARMING: "its container gets ready",
    HostState.DRAINED: "between its two startds",
    HostState.LEAVING: "on its way home",
    HostState.HELD: "kept by a person or a failed check",
    HostState.UNKNOWN: "facts are missing",
}
ALL_SHOWN = 400
"""With more hosts the first page has a bar for each block in the place of a cell for each host."""
DIGITS = re.compile(r"(\d+)")
BLOCK = 100
"""Hosts, at most."""
LONGEST = 19
"""Digits of what counts as a number."""
FEWEST_ALIKE = 4
"""Names that share what stands before their last number are a block if there are so many."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Block:
    """Neighbours by name."""

    title: str
    hosts: tuple[ShownHost, ...]

    @property
    def counts(self) -> list[tuple[HostState, int]]:
        """How many in each state, in the order of the states."""
        counted = Counter(host.state for host in self.hosts)
        return [(state, counted[state]) for state in HostState if counted[state]]

    @property
    def words(self) -> str:
        """`92 local, 8 flock`."""
        return ", ".join(f"{count} {state.value}" for state, count in self.counts)


def by_name(host: ShownHost) -> list[tuple[int, int | str]]:
    """p9 before p10."""
    return [
        (0, int(part)) if part.isdecimal() and len(part) < LONGEST else (1, part)
        for part in DIGITS.split(host.host)
        if part
    ]


def blocks(hosts: Sequence[ShownHost]) -> list[Block]:
    """All of them, in order. Names that share their beginning stand together; what is alone joins the others."""
    made: list[Block] = []
    alone: list[ShownHost] = []
    for _, group in groupby(sorted(hosts, key=by_name), key=lambda host: stem(host.host)):
        alike = list(group)
        if len(alike) < FEWEST_ALIKE:
            alone += alike
        else:
            made += _cut(alike)
    return [*made, *_cut(alone)]


def stem(name: str) -> str:
    """What stands before the last number of a name's first word: `p-7-` of `p-7-17.example.org`."""
    first = name.partition(".")[0]
    numbers = list(DIGITS.finditer(first))
    return first[: numbers[-1].start()] if numbers else first


def cells_of(made: Sequence[Block]) -> Cells:
    """The letters of all cells."""
    hosts = [host for block in made for host in block.hosts]
    letters = "".join(LETTERS[host.state] for host in hosts)
    return Cells(names=tuple(host.host for host in hosts), letters=letters)


def folded(names: Sequence[str]) -> list[str]:
    """`p201 to p240` for neighbours by number: the map's text alternative."""
    found: list[list[str]] = []
    for name in names:
        if found and _follows(found[-1][-1], name):
            found[-1].append(name)
        else:
            found.append([name])
    return [run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in found]


def _cut(hosts: Sequence[ShownHost]) -> Iterator[Block]:
    for first in range(0, len(hosts), BLOCK):
        some = hosts[first : first + BLOCK]
        title = some[0].host if len(some) == 1 else f"{some[0].host} to {some[-1].host}"
        yield Block(title=title, hosts=tuple(some))


def _follows(last: str, name: str) -> bool:
    one, two = DIGITS.split(last), DIGITS.split(name)
    differ = [place for place, (a, b) in enumerate(zip(one, two, strict=False)) if a != b]
    if len(one) != len(two) or len(differ) != 1 or differ[0] % 2 == 0 or len(two[differ[0]]) >= LONGEST:
        return False
    return int(two[differ[0]]) == int(one[differ[0]]) + 1
