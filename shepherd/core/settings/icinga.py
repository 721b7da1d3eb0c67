"""What the settings of the monitoring must not say."""

import string
from collections.abc import Iterator
from urllib.parse import urlsplit

from shepherd.core.monitoring.names import NAMES
from shepherd.core.settings.forms import Problem, absolute_problems, duplicate_problems, line_problem, second_problems
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.settings import TimerSettings

SHORTEST_DOWNTIME_S = 120.0
"""Icinga looks for downtimes that are over every minute."""
LONGEST_DOWNTIME_S = 86400.0
FORM = 'write "HOST!SERVICE" or "HOST", e.g. "{host}!startd"'


def icinga_problems(icinga: IcingaSettings, timers: TimerSettings) -> Iterator[Problem]:
    """Everything wrong; nothing is, when no monitoring is used."""
    if not icinga.url:
        return
    yield from url_problems(icinga.url)
    yield from line_problem("icinga.user", icinga.user)
    yield from absolute_problems("icinga.", {"password_file": icinga.password_file})
    if icinga.ca_file:
        yield from absolute_problems("icinga.", {"ca_file": icinga.ca_file})
    yield from name_problems(icinga)
    yield from time_problems(icinga, timers)


def url_problems(url: str) -> Iterator[Problem]:
    """https, a host, and no more: a password in a URL ends up in logs."""
    try:
        parts = urlsplit(url)
        is_bare = parts.path in {"", "/"} and not (parts.query or parts.fragment or "@" in parts.netloc)
        is_sound = parts.scheme == "https" and bool(parts.hostname) and is_bare and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound or not url.isprintable() or " " in url:
        yield Problem("icinga.url", f"{url!r} is not https://HOST[:PORT]", 'e.g. "https://icinga.example.org:5665"')


def name_problems(icinga: IcingaSettings) -> Iterator[Problem]:
    """Every template names one check of one host, and no check is of both herds."""
    templates = {"regular": icinga.regular, "flock": icinga.flock}
    for key, names in templates.items():
        for name in names:
            yield from template_problems(f"icinga.{key}", name)
    yield from duplicate_problems("icinga.flock", [*set(icinga.regular), *set(icinga.flock)], "check of both herds")
    if icinga.heartbeat and (not is_check(icinga.heartbeat) or "!" not in icinga.heartbeat):
        yield Problem("icinga.heartbeat", f"{icinga.heartbeat!r} is no check", 'write "HOST!SERVICE"')


def template_problems(key: str, template: str) -> Iterator[Problem]:
    """Names of the pair only, and at least one of them: else one check would stand for all hosts."""
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError as exc:
        yield Problem(key, f"{template!r} is no template: {exc}", FORM)
        return
    used = {name for _, name, _, _ in fields if name is not None}
    if used - set(NAMES) or any(form or conversion for _, _, form, conversion in fields):
        yield Problem(key, f"{template!r} uses more than {', '.join(f'{{{name}}}' for name in NAMES)}", FORM)
    elif not used:
        yield Problem(key, f"{template!r} is one check for all hosts", FORM)
    elif not is_check(template):
        yield Problem(key, f"{template!r} is no check's name", FORM)


def is_check(name: str) -> bool:
    """One or two names, neither empty nor padded."""
    parts = name.split("!")
    return len(parts) <= 2 and all(part and part == part.strip() and part.isprintable() for part in parts)


def time_problems(icinga: IcingaSettings, timers: TimerSettings) -> Iterator[Problem]:
    """What waits for the monitoring ends before anything else does."""
    values = {key: value for key, value in vars(icinga).items() if key.endswith("_s")}
    waits = {"lend_waits_s": values.pop("lend_waits_s")}
    problems = [*second_problems("icinga.", values), *second_problems("icinga.", waits, zero=True)]
    yield from problems
    if problems:
        return
    if not SHORTEST_DOWNTIME_S <= icinga.downtime_s <= LONGEST_DOWNTIME_S:
        remedy = f"{SHORTEST_DOWNTIME_S:g} to {LONGEST_DOWNTIME_S:g}: a dead shepherd or host hides alerts for so long"
        yield Problem("icinga.downtime_s", f"is {icinga.downtime_s:g}", remedy)
    if icinga.lend_waits_s >= timers.arm_deadline_s:
        yield Problem(
            "icinga.lend_waits_s",
            f"is {icinga.lend_waits_s:g}, not below timers.arm_deadline_s = {timers.arm_deadline_s:g}: "
            "a silent monitoring would end every lend",
            "shorten the wait",
        )
    if icinga.heartbeat_ttl_s < 3 * timers.look_s:
        yield Problem(
            "icinga.heartbeat_ttl_s",
            f"is {icinga.heartbeat_ttl_s:g}, less than three times timers.look_s = {timers.look_s:g}",
            "a sign of life follows a look; lengthen it",
        )
