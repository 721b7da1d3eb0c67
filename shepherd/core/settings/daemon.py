"""What well-formed settings of the daemon must not say: impossible values and contradictions."""

import string
import zoneinfo
from collections.abc import Iterator

from shepherd.core.maintenance import FORMS, window_of
from shepherd.core.roles import role_problems
from shepherd.core.settings.drill import drill_problems
from shepherd.core.settings.forms import (
    Problem,
    absolute_problems,
    address_problem,
    digest_problem,
    duplicate_problems,
    line_problem,
    regex_groups,
    second_problems,
)
from shepherd.core.settings.gaps import start_problems
from shepherd.core.settings.icinga import icinga_problems
from shepherd.core.settings.ledger import ledger_problems
from shepherd.core.settings.metrics import metrics_problems
from shepherd.core.settings.trace import trace_problems
from shepherd.core.settings.web import web_problems
from shepherd.model.place_settings import PathSettings
from shepherd.model.settings import (
    FlockSettings,
    HomeSettings,
    HostSettings,
    LeaseSettings,
    PolicySettings,
    Settings,
    TimerSettings,
)
from shepherd.model.trace_settings import TraceSettings

SHORTEST_LOOK_S = 0.5
SHORTEST_STUCK_S = 60.0
"""NEGOTIATOR_INTERVAL, HTCondor's default."""
SILENT_QUESTIONS = 3
"""A finished look may have waited for so many questions that nobody answered: two of its own and a renewal."""
MOST_PAGES = 4096
MOST_FETCHERS = 64


def daemon_problems(settings: Settings) -> list[Problem]:
    """Everything that is wrong; empty if nothing is."""
    return [
        *home_problems(settings.home),
        *flock_problems(settings.flock, settings.home),
        *host_problems(settings.hosts),
        *policy_problems(settings.policy),
        *timer_problems(settings.timers),
        *lease_problems(settings.lease),
        *path_problems(settings.paths),
        *absolute_problems("flockoff.", {"path": settings.flockoff.path}),
        *icinga_problems(settings.icinga, settings.timers),
        *role_problems(settings.roles),
        *drill_problems(settings.drill),
        *ledger_problems(settings.ledger),
        *metrics_problems(settings.metrics),
        *trace_problems(settings.trace),
        *collect_problems(settings.trace),
        *web_problems(settings.web),
    ]


def collect_problems(trace: TraceSettings) -> Iterator[Problem]:
    """What is collected can be."""
    if trace.gateway_spool:
        yield from absolute_problems("trace.", {"gateway_spool": trace.gateway_spool})
    yield from second_problems("trace.", {"fetch_s": trace.fetch_s})
    if not 1 <= trace.fetchers <= MOST_FETCHERS:
        yield Problem("trace.fetchers", f"is {trace.fetchers}", f"1 to {MOST_FETCHERS}: each is a tool that runs")


def watchdog_problems(settings: Settings, watchdog_s: float | None) -> Iterator[Problem]:
    """A service manager that kills us unless we say within `watchdog_s` that a look was finished. None: nobody does."""
    longest_s = settings.timers.look_s + SILENT_QUESTIONS * settings.timers.query_s
    if watchdog_s is not None and watchdog_s <= longest_s:
        yield Problem(
            "timers.look_s",
            f"a look every {settings.timers.look_s:g} s may take until {longest_s:g} s, but systemd kills the daemon "
            f"after {watchdog_s:g} s without one",
            f"make look_s or query_s shorter, or say WatchdogSec={2 * longest_s:.0f} in a drop-in of shepherd.service",
        )


def home_problems(home: HomeSettings) -> Iterator[Problem]:
    """The site's own pool: someone must be listened to, and be known by more than a name."""
    yield from line_problem("home.name", home.name)
    if home.collector:
        yield from address_problem("home.collector", home.collector)
    lists = {"schedds": home.schedds, "schedd_identities": home.schedd_identities}
    for key, names in lists.items():
        if not names:
            yield Problem(
                f"home.{key}",
                "is empty, so that no idle job would ever count as local demand",
                "name at least one; `condor_status -schedd -af Name AuthenticatedIdentity` shows them",
            )
        yield from duplicate_problems(f"home.{key}", names)
        for name in names:
            yield from line_problem(f"home.{key}", name)


def flock_problems(flock: FlockSettings, home: HomeSettings) -> Iterator[Problem]:
    """The flock pool is another one than the site's own."""
    yield from address_problem("flock.collector", flock.collector)
    yield from absolute_problems("flock.", {"condor_config": flock.condor_config})
    if flock.collector == home.collector:
        yield Problem(
            "flock.collector",
            "is the home collector: guests would be matched in the site's own pool",
            "give the address of the flock pool's collector",
        )
    yield from digest_problem("flock.image", flock.image)


def host_problems(hosts: HostSettings) -> Iterator[Problem]:
    """The naming rule can be applied, and the table maps no two hosts to one."""
    groups, why = regex_groups(hosts.regular)
    if groups is None:
        yield Problem(
            "hosts.regular",
            f"does not compile as a regular expression: {why}",
            "mend it, e.g. regular = 'p(?P<rest>.*)'",
        )
    else:
        yield from template_problems(hosts, groups)
    yield from pair_problems(hosts)
    yield from duplicate_problems("hosts.exclude", hosts.exclude)
    yield from duplicate_problems("hosts.always_lend", hosts.always_lend)
    yield from hours_problems(hosts)
    if both := {*hosts.always_lend} & {*hosts.exclude}:
        yield Problem("hosts.always_lend", f"names {min(both)}, and so does hosts.exclude", "a host is one of the two")


def hours_problems(hosts: HostSettings) -> Iterator[Problem]:
    """Hours of maintenance can be understood."""
    try:
        zoneinfo.ZoneInfo(hosts.zone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        yield Problem("hosts.zone", f"is {hosts.zone!r}, which no zone is called", "see `timedatectl list-timezones`")
    for text in hosts.maintenance:
        try:
            window_of(text)
        except ValueError as exc:
            yield Problem("hosts.maintenance", f"has {text!r}: {exc}", FORMS)


def template_problems(hosts: HostSettings, groups: frozenset[str]) -> Iterator[Problem]:
    """The template uses groups of the expression, and at least one."""
    try:
        fields = list(string.Formatter().parse(hosts.flock))
    except ValueError as exc:
        yield Problem("hosts.flock", f"is no template: {exc}", "write e.g. flock = 'f{rest}'")
        return
    used = {name for _, name, _, _ in fields if name is not None}
    if any(form or conversion for _, _, form, conversion in fields):
        yield Problem("hosts.flock", "has a format or a conversion", "name groups only, e.g. {rest}")
    elif unknown := sorted(used - groups):
        yield Problem(
            "hosts.flock",
            f"names {', '.join('{' + name + '}' for name in unknown)}, which hosts.regular lacks",
            f"use its groups ({', '.join(sorted(groups)) or 'it has none'}), or add (?P<name>…) there",
        )
    elif not used:
        yield Problem(
            "hosts.flock",
            f"uses no group, so that every host would be {hosts.flock}",
            "use a group of hosts.regular, e.g. flock = 'f{rest}'",
        )


def pair_problems(hosts: HostSettings) -> Iterator[Problem]:
    """The table is one to one and changes every name."""
    yield from duplicate_problems("hosts.pairs", hosts.pairs, "regular machine")
    yield from duplicate_problems("hosts.pairs", hosts.pairs.values(), "flocking machine")
    regular = {name.casefold() for name in hosts.pairs}
    for name, flock in hosts.pairs.items():
        yield from line_problem(f"hosts.pairs.{name}", flock)
        if flock.casefold() in regular:
            yield Problem(
                f"hosts.pairs.{name}",
                f"{flock} is itself a regular machine",
                "a host's two startds need two names",
            )


def policy_problems(policy: PolicySettings) -> Iterator[Problem]:
    """Counts and shares are possible."""
    least = {
        "idle_jobs_threshold": 0,
        "lend_per_cycle": 1,
        "reclaim_per_cycle": 0,
        "idle_reserve": 0,
        "arming_at_once": 1,
    }
    for key, bound in least.items():
        value = getattr(policy, key)
        if value < bound:
            yield Problem(f"policy.{key}", f"is {value}", f"{bound} is the least that means something")
    if not 0 <= policy.reserve <= 1:
        yield Problem("policy.reserve", f"is {policy.reserve:g}", "it is a share: 0.25 keeps a quarter, 1 all")
    if not 0 < policy.lend_share <= 1:
        yield Problem("policy.lend_share", f"is {policy.lend_share:g}", "a share: 0.2 lends a fifth in five minutes")
    if policy.lend_gpus:
        yield Problem(
            "policy.lend_gpus",
            "is true, but nothing can show yet that a GPU's memory was scrubbed between users",
            "leave it false; hosts with GPUs stay local and `shepherd -s` says so",
        )
    waits = {key: getattr(policy, key) for key in ("cooling_s", "wait_target_s", "quiet_s", "stuck_s")}
    yield from second_problems("policy.", waits, zero=True)
    if 0 <= policy.stuck_s < SHORTEST_STUCK_S:
        yield Problem(
            "policy.stuck_s",
            f"is {policy.stuck_s:g}: jobs that the negotiator has not yet looked at would count as stuck",
            f"{SHORTEST_STUCK_S:g}, one negotiation cycle, is the least; three are right",
        )


def timer_problems(timers: TimerSettings) -> Iterator[Problem]:
    """Every time is possible, and the slow ones outlast the quick ones."""
    values = {key: value for key, value in vars(timers).items() if key.endswith("_s")}
    notice = {key: values.pop(key) for key in ("graceful_s", "fast_s")}
    problems = [
        *second_problems("timers.", values),
        *second_problems("timers.", notice, zero=True),
    ]
    yield from problems
    if not problems:
        yield from rhythm_problems(timers)
        yield from deadline_problems(timers)


def rhythm_problems(timers: TimerSettings) -> Iterator[Problem]:
    """How the loops' periods fit into each other."""
    if timers.look_s < SHORTEST_LOOK_S:
        yield Problem("timers.look_s", f"is {timers.look_s:g}", f"{SHORTEST_LOOK_S:g} is the least")
    if timers.look_s > timers.cycle_s:
        yield longer("look_s", timers.look_s, "cycle_s", timers.cycle_s, "the fast look")
    if timers.switch_poll_s > timers.look_s:
        yield longer("switch_poll_s", timers.switch_poll_s, "look_s", timers.look_s, "a switch")
    if timers.stale_factor < 1:
        yield Problem(
            "timers.stale_factor",
            f"is {timers.stale_factor:g}, so that every observation is too old before the next",
            "1 is the least; 3 lets two go wrong",
        )
    if timers.young_collector_s < timers.ad_period_s:
        yield Problem(
            "timers.young_collector_s",
            f"is {timers.young_collector_s:g}, shorter than ad_period_s = {timers.ad_period_s:g}: "
            "a restarted collector would be believed before every host has reported",
            "two ad periods are right",
        )


def longer(key: str, value: float, other: str, bound: float, what: str) -> Problem:
    """Of two timers the quick one is slower."""
    return Problem(
        f"timers.{key}",
        f"is {value:g}, longer than {other} = {bound:g}",
        f"{what} has the shorter period",
    )


def deadline_problems(timers: TimerSettings) -> Iterator[Problem]:
    """What must end before something else may."""
    yield from start_problems(timers)
    if 3 * timers.renew_s > timers.lease_s:
        yield Problem(
            "timers.renew_s",
            f"is {timers.renew_s:g}, more than a third of lease_s = {timers.lease_s:g}: "
            "two lost renewals would empty the flock",
            f"at most {timers.lease_s / 3:g}, or a longer lease_s",
        )
    ladder_s = timers.graceful_s + timers.fast_s + timers.kill_s
    if ladder_s >= timers.lease_s:
        yield Problem(
            "timers.graceful_s",
            f"graceful_s + fast_s + kill_s = {ladder_s:g}, not below lease_s = {timers.lease_s:g}",
            "shorten a guest's notice, or lengthen the lease",
        )
    if timers.renew_s + timers.query_s >= timers.lease_s:
        yield Problem(
            "timers.query_s",
            f"renew_s + query_s = {timers.renew_s + timers.query_s:g}, not below "
            f"lease_s = {timers.lease_s:g}: one hung collector would empty the flock",
            "shorten one of the two, or lengthen the lease",
        )


def lease_problems(lease: LeaseSettings) -> Iterator[Problem]:
    """The key and the number of pages."""
    yield from absolute_problems("lease.", {"key": lease.key})
    if not 1 <= lease.pages <= MOST_PAGES:
        yield Problem("lease.pages", f"is {lease.pages}", f"1 to {MOST_PAGES}; 16 suits 3 000 hosts")


def path_problems(paths: PathSettings) -> Iterator[Problem]:
    """Where things lie: absolute, and the spool of others apart from our own state."""
    yield from absolute_problems("paths.", {"state": paths.state, "intents": paths.intents, "guests": paths.guests})
    optional = {"condor_config": paths.condor_config, "tools": paths.tools}
    yield from absolute_problems("paths.", {key: path for key, path in optional.items() if path})
    if paths.state == paths.intents:
        yield Problem(
            "paths.intents",
            "is paths.state, which only the daemon may write",
            "give the spool a directory of its own",
        )
