"""Judgements about where our programs listen on the central manager."""

import re

from shepherd.model.checkup import ListenSeen
from shepherd.model.finding import Finding, Subject, ok, warn, wrong

LAST_LOOK = re.compile(r"^shepherd_last_look_timestamp_seconds (\S+)$", re.MULTILINE)
DASHBOARD = re.compile(r"flocking shepherd|\[web\]")
"""A page, or what it says to whom it does not show one."""


def metrics_finding(listen: str, seen: ListenSeen, pid: int | None, late_s: float, now_s: float) -> Finding:
    """The daemon's figures. `pid`: the daemon's, None if none runs; a look that is older than `late_s` is too old."""
    shown = LAST_LOOK.search(seen.text)
    if unusable := _unusable(Subject.METRICS, "metrics.listen", listen, seen, is_ours=shown is not None):
        return unusable
    if pid is None and shown is None:
        return ok(Subject.METRICS, f"{listen} is free; no daemon runs that would show figures there")
    if shown is None:
        remedy = "`shepherd -s` says why; if the setting is new: systemctl reload shepherd"
        return wrong(Subject.METRICS, f"the daemon (process {pid}) does not listen at {listen}", remedy)
    if pid is None:
        remedy = _named(listen, "end them, or set another metrics.listen")
        return warn(Subject.METRICS, f"a shepherd with other settings shows its figures at {listen}", remedy)
    return _looked(listen, float(shown[1]), late_s, now_s)


def _looked(listen: str, looked_at_s: float, late_s: float, now_s: float) -> Finding:
    age_s = max(now_s - looked_at_s, 0.0)
    if not looked_at_s:
        return warn(Subject.METRICS, f"{listen} shows that no look was finished yet", "ask again in a minute")
    if age_s > late_s:
        remedy = "`shepherd -s` says what it waits for; its log: journalctl -u shepherd"
        return wrong(Subject.METRICS, f"the last look that {listen} shows is {age_s:.0f} s old", remedy)
    return ok(Subject.METRICS, f"{listen} shows a look of {age_s:.0f} s ago")


def web_finding(listen: str, seen: ListenSeen, *, enabled: bool) -> Finding:
    """The dashboard. `enabled`: whether systemd would start it at boot."""
    is_ours = DASHBOARD.search(seen.text) is not None
    if unusable := _unusable(Subject.DASHBOARD, "web.listen", listen, seen, is_ours=is_ours):
        return unusable
    log = "its log: journalctl -u shepherd-web"
    if not seen.is_taken and enabled:
        return wrong(Subject.DASHBOARD, f"nothing listens at {listen}", f"systemctl start shepherd-web; {log}")
    if not seen.is_taken:
        return ok(Subject.DASHBOARD, f"{listen} is free; systemd starts no dashboard")
    if seen.status >= 500:
        return wrong(Subject.DASHBOARD, f"at {listen} it answers with {seen.status}", log)
    return ok(Subject.DASHBOARD, f"it answers at {listen}")


def _unusable(subject: Subject, key: str, listen: str, seen: ListenSeen, *, is_ours: bool) -> Finding | None:
    if seen.problem:
        remedy = f"set {key} to an address that this machine has, and a port above 1023"
        return wrong(subject, f"{listen} cannot be had: {seen.problem}", remedy)
    if seen.is_taken and not is_ours:
        said = f"somebody listens at {listen} who gives {f'another answer ({seen.status})' if seen.status else 'none'}"
        return wrong(subject, said, _named(listen, f"if it is ours, see its log; else end it, or set another {key}"))
    return None


def _named(listen: str, then: str) -> str:
    return f"`ss -ltnp sport = :{listen.rpartition(':')[2]}` names who listens: {then}"
