"""Times that the programs wait and that no setting changes, read from the constants and the units themselves."""

import ast
import dataclasses
import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

from shepherd.views.settings_table import markdown, one_line

ROOT = Path(__file__).parents[2]
PLACES = ("shepherd/programs", "shepherd/core/switch", "shepherd/core/keeper")
"""Where constants of the programs stand. Deadlines of a single call stand beside it, in `shepherd/edges`."""
OWNERS = (
    ("shepherd/programs/guard.py", "guard"),
    ("shepherd/programs/guests.py", "`shepherd guest`"),
    ("shepherd/programs/image_wiring.py", "`shepherd image`"),
    ("shepherd/programs/checkup", "`shepherd check`"),
    ("shepherd/programs/trace/drilling.py", "`shepherd drill`"),
    ("shepherd/programs/keeper", "keeper"),
    ("shepherd/programs/node_wiring.py", "keeper"),
    ("shepherd/core/keeper", "keeper"),
    ("shepherd/programs/gateway", "gateway"),
    ("shepherd/programs/flow/of_host.py", "keeper's flow log"),
    ("shepherd/programs/flow", "flow log"),
    ("shepherd/programs/steady.py", "keeper, gateway"),
)
"""By the beginning of a path, the first that fits; all others are the shepherd's."""
NO_WAIT = frozenset({
    "programs/checkup_wiring.py:SHIPPED_WATCHDOG_S", "programs/gateway/stops.py:SILENT_S", "programs/guests.py:DAY_S",
    "programs/guests.py:PROBE_S", "programs/keeper/bans.py:FRESH_S", "programs/keeper/drain.py:FRESH_S",
    "programs/keeper/evidence.py:DAY_S", "programs/keeper/keeper.py:UNTIL_S", "programs/keeper/trace.py:LATE_S",
    "programs/keeper/trace.py:TICKS_PER_S", "programs/pages.py:AHEAD_S", "programs/trace/anchor.py:JUMP_S",
    "programs/trace/asking.py:SETTLED_S", "programs/trace/drilling.py:OWN_CLOCK_S",
    "programs/trace/hearing.py:BEFORE_S", "programs/trace/hearing.py:LOOKS_S", "programs/trace/witnessing.py:MOVED_S",
    "core/switch/move.py:EARLY_END_S",
})  # fmt: skip
"""Constants in seconds for which nobody waits: units, ages, tolerances, and what is only said or looked back on."""
CONSTANT = re.compile(r"_?[A-Z][A-Z_]*_S")
UNIT_TIMES = {
    "WatchdogSec": "Without a sign of life for so long it is killed and started anew.",
    "RestartSec": "So long after its end it is started anew.",
    "TimeoutStartSec": "To start.",
    "TimeoutStopSec": "To end when told to; then it is killed.",
}
UNIT_TIME = re.compile(rf"^({'|'.join(UNIT_TIMES)})=(\d+)(min)?$", re.MULTILINE)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fixed:
    """A constant of a module."""

    name: str
    place: str
    """Path of the module below the project."""
    length_s: float
    text: str
    """Its docstring, on one line; of several in one statement it is that of all."""

    @property
    def key(self) -> str:
        """As `NO_WAIT` names it."""
        return f"{self.place.removeprefix('shepherd/')}:{self.name}"


def fixed_markdown() -> str:
    """The table."""
    rows = [
        (f"`{one.name}`", f"{one.length_s:g} s", owner_of(one.place), one.text, f"`{one.place}`")
        for place in PLACES
        for path in sorted((ROOT / place).rglob("*.py"))
        for one in constants_of(path)
        if one.key not in NO_WAIT
    ]
    return markdown(("time", "length", "owner", "why", "in"), [*rows, *unit_rows()])


def constants_of(path: Path) -> Iterator[Fixed]:
    """Constants of a module whose names end in `_S`. Those that are no numbers, as ladders of times are, have nan."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for statement, after in itertools.pairwise([*body, ast.Pass()]):
        text = docstring(after)
        for name, value in assigned(statement):
            if CONSTANT.fullmatch(name):
                place = path.relative_to(ROOT).as_posix()
                yield Fixed(name=name, place=place, length_s=number_of(value), text=text)


def docstring(statement: ast.stmt) -> str:
    """What a statement says that only says something; empty for any other."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return one_line(text)
    return ""


def assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Names and what they are given, by `A = 1.0`, `A: float = 1.0` or `A, B = 1.0, 2.0`."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            pairs = zip(names, values, strict=True)
            yield from ((name.id, value) for name, value in pairs if isinstance(name, ast.Name))


def number_of(value: ast.expr) -> float:
    """A written number; nan for anything else."""
    match value:
        case ast.Constant(value=float(number) | int(number)):
            return float(number)
    return math.nan


def owner_of(place: str) -> str:
    """Whose time it is."""
    return next((owner for begin, owner in OWNERS if place.startswith(begin)), "shepherd")


def unit_rows() -> Iterator[tuple[str, str, str, str, str]]:
    """What systemd waits, from the shipped units."""
    for path in sorted((ROOT / "systemd").rglob("*.service")) + sorted((ROOT / "systemd").rglob("*.conf")):
        place = path.relative_to(ROOT).as_posix()
        for name, number, minutes in UNIT_TIME.findall(path.read_text(encoding="utf-8")):
            length_s = int(number) * (60 if minutes else 1)
            whose = path.parent.name.removesuffix(".d") if path.suffix == ".conf" else path.name
            yield f"`{name}`", f"{length_s} s", f"systemd, of `{whose}`", UNIT_TIMES[name], f"`{place}`"
