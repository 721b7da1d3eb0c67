"""docs/timers.md: what the programs wait, by settings and for good, and what it comes to in a lend and a reclaim."""

from collections.abc import Iterator, Sequence

from shepherd.model.drill_settings import DrillSettings
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import PolicySettings, TimerSettings
from shepherd.model.trace_settings import TraceSettings
from shepherd.views.fixed_times import ROOT, constants_of, fixed_markdown
from shepherd.views.settings_table import markdown, table_of

ON_BOTH = frozenset({"graceful_s", "fast_s", "kill_s", "lease_s"})
"""Timers that the shepherd sets and the keeper enforces."""
SOURCES = (
    ("timers", TimerSettings, "shepherd"),
    ("policy", PolicySettings, "shepherd"),
    ("icinga", IcingaSettings, "shepherd"),
    ("drill", DrillSettings, "`shepherd drill`"),
    ("trace", TraceSettings, "shepherd"),
    ("node", NodeSettings, "keeper"),
    ("gateway", GatewaySettings, "gateway"),
)
"""Tables of settings, and whose timers they have."""

HEAD = """\
# Timers

What the programs wait, each time with one owner: those that settings change, and those that none
changes. Generated from settings and constants by `python -m shepherd.views.settings_files`; do not edit.
[A lend](#a-lend) · [a reclaim](#a-reclaim) · [the shepherd is dead](#the-shepherd-is-dead) · [the table](#the-table) ·
[fixed times](#fixed-times)

Bars are deadlines with the default settings, in seconds, one after another: the longest that can be. On the real
site a container is armed 1.7 s after its lease is read, nobody of the host accepts work for 0.9 to 2.7 s, and from a
reclaim's order to a regular startd in the pool 1.6 to 2.8 s pass, beside guests' notice.

"""

WAY_HOME = """\
## What the charts end at

A reclaim's chart ends after {chart}, with the deadline at which a host that is not back is shown as a problem.
What a local job may wait is reckoned to another end: {way} from the job in the queue to the job on a host that
guests had. Of these {look} are to see it, {notice} to empty the host, {back} until its regular startd is in the
collector, and {negotiation} until a negotiation has placed the job there (HTCondor's default).
`policy.wait_target_s` is compared with that.
"""
FIXED = """\
## Fixed times

No setting changes these; the units' can be changed by a drop-in. Numbers that are no wait are left out, and so are the
deadlines of a single call, which stand beside it in `shepherd/edges`.
"""

Bars = Sequence[tuple[str, str]]
"""Setting of `timers` whose time a bar is, and what is waited for."""

LEND: Bars = (
    ("arm_deadline_s", "the keeper reads its page, the container is armed"),
    ("drain_deadline_s", "the regular startd is drained"),
    ("start_deadline_s", "it ends, the flocking startd is in the flock pool"),
)
RECLAIM: Bars = (
    ("look_s", "demand is seen"),
    ("graceful_s", "guests' notice"),
    ("fast_s", "HTCondor ends jobs at once"),
    ("kill_s", "the container is killed"),
    ("home_deadline_s", "the regular startd is in the home pool"),
)
LAPSE: Bars = (("lease_s", "nothing renews the lease"), *RECLAIM[1:])
CHARTS = (
    ("A lend", "What is late is given up, and the host is local again; it cools off for `cooling_s`.", LEND),
    ("A reclaim", "The next thing begins as soon as the one before is done, not when its bar ends.", RECLAIM),
    ("The shepherd is dead", "Or cut off: keeper and PID 1 of the container do it by themselves.", LAPSE),
)


def timers_markdown() -> str:
    """The page."""
    charts = (f"## {title}\n\n{text}\n\n{chart(title, bars)}\n" for title, text, bars in CHARTS)
    ends = WAY_HOME.format(**way_home())
    return f"{HEAD}{''.join(charts)}{ends}\n## The table\n\n{table()}\n{FIXED}\n{fixed_markdown()}"


def way_home() -> dict[str, str]:
    """The numbers of `WAY_HOME`."""
    timers = TimerSettings()
    known = {one.name: one.length_s for one in constants_of(ROOT / "shepherd/core/policy/demand.py")}
    notice_s = timers.graceful_s + timers.fast_s + timers.kill_s
    back_s, negotiation_s = known["BACK_S"], known["NEGOTIATION_S"]
    numbers = {
        "chart": timers.look_s + notice_s + timers.home_deadline_s,
        "look": timers.look_s,
        "notice": notice_s,
        "back": back_s,
        "negotiation": negotiation_s,
        "way": timers.look_s + notice_s + back_s + negotiation_s,
    }
    return {name: f"{length_s:g} s" for name, length_s in numbers.items()}


def chart(title: str, bars: Bars) -> str:
    """Bars one after another, as a Gantt chart of Mermaid.

    Lengths and not ends: Mermaid 11 takes a start after the first for milliseconds, its end for seconds.
    """
    lines = ["gantt", f"    title {title}, in seconds", "    dateFormat X", "    axisFormat %s", *bars_of(bars)]
    return "```mermaid\n" + "\n".join(lines) + "\n```\n"


def bars_of(bars: Bars) -> Iterator[str]:
    """Its lines: what is waited for, after what, for how long."""
    begins, timers = "0", TimerSettings()
    for name, what in bars:
        length_s: float = getattr(timers, name)
        yield f"    {name} = {length_s:g}, {what} : {name}, {begins}, {length_s:g}s"
        begins = f"after {name}"


def table() -> str:
    """All of them."""
    rows = [
        (f"`{name}.{s.key}`", f"{s.default:g} s", owner_of(s.key, owner), s.text)
        for name, kind, owner in SOURCES
        for s in table_of(name, kind).settings
        if s.key.endswith("_s") and isinstance(s.default, float)
    ]
    return markdown(("timer", "default", "owner", "why"), rows)


def owner_of(key: str, owner: str) -> str:
    """Who acts on a timer."""
    return "shepherd; keeper enforces" if key in ON_BOTH and owner == "shepherd" else owner
