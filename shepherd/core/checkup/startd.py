"""Judgements about a host's HTCondor: the guard, how it is restarted, the keeper and whom it believes."""

from collections.abc import Iterator, Mapping, Sequence

from shepherd.model.checkup import FileSeen, UnitSeen
from shepherd.model.finding import Finding, Subject, ok, warn, wrong
from shepherd.model.observation import KeeperReport

CONDOR_FILE = "/etc/condor/config.d/50-shepherd-host.conf"
DROP_IN = "/etc/systemd/system/{}.service.d/50-shepherd.conf"
LONGEST_RESTART_S = 10.0
"""From the end of a startd or master to its successor; the switch needs the rest of the minute."""
CONSTANT = ("MASTER_STARTD_BACKOFF_CONSTANT", "MASTER_BACKOFF_CONSTANT")
FACTOR = ("MASTER_STARTD_BACKOFF_FACTOR", "MASTER_BACKOFF_FACTOR")
BACKOFF = (*CONSTANT, *FACTOR)
"""Settings of condor_master, the first that is set of each: after n restarts it waits CONSTANT + FACTOR^n seconds."""
USUAL_CONSTANT, USUAL_FACTOR = "9", "2.0"
"""HTCondor's defaults."""
LENDS_A_DAY = 20
DURATIONS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def guard_finding(path: str, seen: FileSeen | None, source: str, digest: str) -> Finding:
    """The guard's file. `source`: the one that belongs to this release, and `digest` its SHA-256."""
    remedy = f"install -D -o root -m 0755 {source} {path}"
    if seen is None:
        return wrong(Subject.GUARD, f"{path} is missing", remedy)
    if seen.uid or seen.mode & 0o022:
        return wrong(Subject.GUARD, f"{path} is {seen.owner}'s with mode {seen.mode:04o}: others can change it", remedy)
    if seen.mode & 0o555 != 0o555:
        return wrong(Subject.GUARD, f"{path} has mode {seen.mode:04o}: the master cannot run it", f"chmod 0755 {path}")
    if seen.digest != digest:
        said = f"{path} is not this release's: an upgrade leaves it alone, as it is sound"
        return warn(Subject.GUARD, said, f"if nobody meant that: {remedy}, when no job runs")
    return ok(Subject.GUARD, f"{path} is this release's")


def startd_finding(value: str, guard: str, beside: Sequence[int] = ()) -> Finding:
    """What condor_master runs as STARTD. `beside`: startds that run and do not hold the host lock."""
    if value == guard and beside:
        said = f"is the guard in the files, but a startd runs without the host lock (process {beside[0]})"
        remedy = "condor_restart -daemon master when no job runs"
        return wrong(Subject.STARTD, f"{said}: its master was not restarted", remedy)
    if value == guard:
        return ok(Subject.STARTD, "is the guard")
    remedy = f"STARTD = {guard} in {CONDOR_FILE}, and condor_restart -daemon master when no job runs"
    said = f"is {value or 'not set'}, not the guard: a startd would run beside the container"
    return wrong(Subject.STARTD, said, remedy)


def backoff_finding(values: Mapping[str, str]) -> Finding:
    """How long condor_master waits before it starts a startd again, after many lends in one day."""
    constant = number(next((values[name] for name in CONSTANT if values.get(name)), USUAL_CONSTANT))
    factor = number(next((values[name] for name in FACTOR if values.get(name)), USUAL_FACTOR))
    remedy = f"MASTER_STARTD_BACKOFF_CONSTANT = 4 and MASTER_STARTD_BACKOFF_FACTOR = 1.0 in {CONDOR_FILE}"
    if constant is None or factor is None:
        return wrong(Subject.BACKOFF, "is no number", remedy)
    if constant <= 0:
        return wrong(Subject.BACKOFF, "MASTER_STARTD_BACKOFF_CONSTANT is 0: condor_master dies of it", remedy)
    wait_s = constant + min(factor**LENDS_A_DAY, 3600.0)
    if wait_s > LONGEST_RESTART_S:
        said = f"after {LENDS_A_DAY} lends a host would be {wait_s:.0f} s without its startd"
        return wrong(Subject.BACKOFF, said, remedy)
    return ok(Subject.BACKOFF, f"{wait_s:.0f} s, however often a host is lent")


def number(text: str) -> float | None:
    """A number; None if it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def drop_in_finding(seen: UnitSeen | None, unit: str = "condor") -> Finding:
    """How the service manager restarts condor_master, which is this unit. None: it is not systemd."""
    if seen is None:
        remedy = "let your service manager start a dead condor_master within 10 s, and end its children first"
        return warn(Subject.DROP_IN, "systemd does not manage this machine", remedy)
    restart, wait = seen.properties.get("Restart", "no"), seen.properties.get("RestartUSec", "")
    wait_s = duration_s(wait)
    place = DROP_IN.format(unit)
    remedy = f"install the package's condor.service.d/50-shepherd.conf as {place}, systemctl daemon-reload"
    if restart not in {"on-failure", "always"} or wait_s is None or wait_s > LONGEST_RESTART_S:
        said = f"a dead condor_master is started again: {restart}, after {wait or 'an unknown time'}"
        return wrong(Subject.DROP_IN, said, remedy)
    if seen.properties.get("KillMode") in {"process", "none"}:
        return wrong(Subject.DROP_IN, "a dead condor_master leaves children behind, which keep its port", remedy)
    return ok(Subject.DROP_IN, f"a dead condor_master is started again after {wait}")


def duration_s(text: str) -> float | None:
    """A time as systemd shows it, `1min 5s`; None if it is none."""
    total = 0.0
    for word in text.split():
        digits = word.rstrip("abcdefghijklmnopqrstuvwxyz")
        unit = DURATIONS.get(word[len(digits) :])
        amount = number(digits)
        if unit is None or amount is None:
            return None
        total += amount * unit
    return total if text.strip() else None


def keeper_finding(report: KeeperReport | None, pid: int | None, *, now_s: float, report_s: float) -> Finding:
    """The keeper of this host. `pid`: its process, None if none runs; `now_s`: by the collector's clock."""
    start = "systemctl start shepherd-keeper; its log: journalctl -u shepherd-keeper"
    if pid is None:
        return wrong(Subject.KEEPER, "does not run: this host is never lent", start)
    if report is None:
        remedy = "can it reach the home collector, and has its identity DAEMON there? journalctl -u shepherd-keeper"
        return wrong(Subject.KEEPER, f"process {pid} runs, and the home collector has not heard of it", remedy)
    ago_s = max(0.0, now_s - report.heard_at_s)
    if ago_s > 3 * report_s:
        return wrong(Subject.KEEPER, f"process {pid} was heard {ago_s:.0f} s ago for the last time", start)
    if report.problem:
        return warn(Subject.KEEPER, f"process {pid} says: {report.problem}", "mend that; the other findings tell more")
    return ok(Subject.KEEPER, f"process {pid} runs and was heard {ago_s:.0f} s ago")


def trust_findings(trusted: Sequence[str], published: Sequence[str]) -> Iterator[Finding]:
    """Keys that lease pages must be signed by: ids of those trusted here, and of those that sign this host's pages."""
    if published and not set(trusted) & set(published):
        remedy = "copy the shepherd's public key (lease.key.pub) here, and name it in trusted_keys of node.toml"
        said = f"lease pages are signed by {', '.join(published)}; trusted here: {', '.join(trusted)}"
        yield wrong(Subject.TRUSTED_KEYS, said, remedy)
    elif published:
        yield ok(Subject.TRUSTED_KEYS, f"lease pages are signed by one of {', '.join(trusted)}")
    else:
        yield warn(
            Subject.TRUSTED_KEYS,
            f"{', '.join(trusted)}; no lease page is in the home collector",
            "start the shepherd on the central manager",
        )


def flock_pool_finding(place: str, problem: str) -> Finding:
    """The flock pool's collector as this host sees it, where containers' tokens come from."""
    if not problem:
        return ok(Subject.FLOCK_COLLECTOR, f"{place} accepts connections")
    remedy = "is flock_pool in node.toml right, does shepherd-flock-pool run there, do firewalls let it through?"
    return wrong(Subject.FLOCK_COLLECTOR, f"{place}: {problem}: no container could get a token", remedy)
