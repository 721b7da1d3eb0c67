"""Judgements about the daemon's own place: its account, programs, files and monitoring."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from shepherd.core.checkup.pool import OLDEST, dotted
from shepherd.core.checkup.tokens import loose_file
from shepherd.core.settings.trace import trace_warnings
from shepherd.model.checkup import FileSeen, Version
from shepherd.model.few import few
from shepherd.model.finding import Finding, Subject, ok, warn, wrong
from shepherd.model.trace_settings import TraceSettings

MIB = 1 << 20
ROOM_MIB, LITTLE_ROOM_MIB = 64, 1024
"""Free space for the ledger: below the first nothing can be recorded soon, below the second somebody should know."""


def account_finding(user: str, daemon: str) -> Finding:
    """Whose rights are looked at. `daemon` is empty if nobody knows whom the daemon runs as."""
    if not daemon:
        remedy = "make the user shepherd (systemd-sysusers), and let paths.state belong to it"
        return wrong(Subject.ACCOUNT, "there is neither a state directory nor a user shepherd", remedy)
    if daemon == "root":
        remedy = "let paths.state, the lease key and the tokens belong to a user shepherd, and run the daemon as it"
        return warn(Subject.ACCOUNT, "the daemon's files are root's: it needs no such rights", remedy)
    if user != daemon:
        said = f"{user} is neither root nor {daemon}, whom the daemon runs as: what {user} may says nothing of that"
        return wrong(Subject.ACCOUNT, said, "call it with sudo")
    return ok(Subject.ACCOUNT, f"looked at as {daemon}, whom the daemon runs as")


def bindings_finding(ours: Version, daemons: Version = ()) -> Finding:
    """HTCondor's Python bindings, beside the daemons' release if that is known."""
    if daemons and ours[:1] < daemons[:1]:
        remedy = f"install the wheel htcondor {dotted(daemons[:1])}.* into the shepherd's environment"
        return warn(Subject.BINDINGS, f"{dotted(ours)}, older than the daemons' {dotted(daemons)}", remedy)
    return ok(Subject.BINDINGS, f"htcondor2 {dotted(ours)}")


def tools_finding(tools: Version, said: str, directory: str) -> Finding:
    """HTCondor's command line tools, which give the orders."""
    where = directory or "PATH"
    if not tools:
        remedy = "mend HTCondor's installation, or paths.tools"
        return wrong(Subject.TOOLS, f"condor_version of {where} says: {said[:200] or 'nothing'}", remedy)
    if tools[:2] < OLDEST:
        return wrong(Subject.TOOLS, f"{dotted(tools)} ({where})", f"upgrade HTCondor here to {dotted(OLDEST)} or newer")
    return ok(Subject.TOOLS, f"HTCondor {dotted(tools)} ({where})")


def flockoff_finding(
    path: str, pid: int | None, *, is_there: bool, same: bool | None, enabled: bool = False
) -> Finding:
    """Whether the daemon sees the directory of the file that stops all flocking. `pid`: the daemon's, None if none
    runs; `is_there`: whether we see the directory; `same`: whether it sees the same, None if that cannot be told;
    `enabled`: whether systemd would start it at boot."""
    start = "systemctl start shepherd"
    if not is_there:
        return wrong(Subject.FLOCKOFF, f"the directory of {path} is not there", "make it, or correct flockoff.path")
    if pid is None:
        said = f"no daemon runs that would look at {path}"
        return (wrong if enabled else warn)(Subject.FLOCKOFF, said, f"{start}; its log: journalctl -u shepherd")
    if same is None:
        return warn(Subject.FLOCKOFF, f"process {pid} cannot be looked into", "call it with sudo")
    if not same:
        remedy = "set PrivateTmp=no in shepherd.service (`systemctl edit shepherd`), or another flockoff.path; restart"
        said = f"the daemon (process {pid}) has a directory of its own there: it would never see {path}"
        return wrong(Subject.FLOCKOFF, said, remedy)
    return ok(Subject.FLOCKOFF, f"the daemon (process {pid}) sees {path}")


def state_finding(path: str, seen: FileSeen | None, room: int, uid: int) -> Finding:
    """The directory of the ledger. `room`: bytes free there."""
    if seen is None or not seen.is_directory:
        remedy = f"install -d -m 0755 -o shepherd -g shepherd {path}"
        return wrong(Subject.STATE, f"{path} is no directory", remedy)
    if seen.uid != uid or not seen.mode & 0o200:
        return wrong(Subject.STATE, f"{path} is {seen.owner}'s with mode {seen.mode:04o}", f"chown {uid} {path}")
    if seen.mode & 0o002:
        return wrong(Subject.STATE, f"{path} has mode {seen.mode:04o}: anybody can write there", f"chmod o-w {path}")
    free_mib = room // MIB
    if free_mib < LITTLE_ROOM_MIB:
        judge = wrong if free_mib < ROOM_MIB else warn
        return judge(Subject.STATE, f"{path} has {free_mib} MiB left", "make room: without it nothing is lent")
    return ok(Subject.STATE, f"{path} is {seen.owner}'s, {free_mib // 1024} GiB free")


def record_findings(trace: TraceSettings) -> Iterator[Finding]:
    """What the daemon says of its record when it starts."""
    remedies = {"trace.logger": 'logger = "tls:logger.example.org:6514" in [trace]', "": "keep_days = 180 in [trace]"}
    warnings = list(trace_warnings(trace))
    for said in warnings:
        yield warn(Subject.RECORD, said, next(remedy for key, remedy in remedies.items() if said.startswith(key)))
    if not warnings:
        yield ok(Subject.RECORD, f"kept for {trace.keep_days} days, its ends are told to {trace.logger}")


def intents_finding(path: str, seen: FileSeen | None) -> Finding:
    """The spool in which people leave their orders."""
    if seen is None or not seen.is_directory:
        remedy = f"install -d -m 2770 -o shepherd -g GROUP {path}, with the group that may order"
        return wrong(Subject.INTENTS, f"{path} is no directory: nobody could say flockoff", remedy)
    if seen.mode & 0o002:
        return wrong(Subject.INTENTS, f"{path} has mode {seen.mode:04o}: anybody can order", f"chmod 2770 {path}")
    if seen.mode & 0o2070 != 0o2070:
        said = f"{path} has mode {seen.mode:04o}: only root and {seen.owner} can order"
        return warn(Subject.INTENTS, said, f"chmod 2770 {path}, and chgrp it to the group that may")
    return ok(Subject.INTENTS, f"{path}: {seen.owner} and the group {seen.group} may order")


def lease_key_problem(path: str, seen: FileSeen | None, uid: int, handed_over: Collection[str]) -> Finding | None:
    """The private key of lease pages, as a file; None if it is as it must be. `handed_over`: what systemd gives the
    daemon copies of (LoadCredential), so that it may be root's alone."""
    if seen is None:
        return wrong(Subject.LEASE_KEY, f"{path} is missing", "`shepherd key create`; its .pub goes to every host")
    is_given = seen.uid == 0 and (path in handed_over or path.rpartition("/")[0] in handed_over)
    return loose_file(Subject.LEASE_KEY, path, seen, 0 if is_given else uid)


def lease_key_finding(path: str, key_id: str) -> Finding:
    """The key itself."""
    return ok(Subject.LEASE_KEY, f"{path} is key {key_id}")


def unseen_finding(subject: Subject, path: str, user: str) -> Finding:
    """What is root's to look at."""
    return warn(subject, f"{path} is kept from {user}", "call it with sudo")


def pages_finding(key_id: str, published: Sequence[str]) -> Finding:
    """Whose lease pages lie in the home collector: keys' ids."""
    others = sorted(set(published) - {key_id})
    if not others:
        return ok(Subject.PAGES, "all under our key" if published else "none; the daemon publishes them")
    remedy = (
        "is another shepherd active in this pool? After a rotation of keys they vanish by themselves; else "
        "`shepherd key rotate` and keep keys that you do not know out of the hosts' trusted_keys"
    )
    said = f"under other keys than ours: {', '.join(others)}"
    return warn(Subject.PAGES, said, remedy)


def monitoring_finding(address: str, lacking: Sequence[str]) -> Finding:
    """The monitoring's account of ours: `lacking` are permissions that it has not, in the monitoring's own words."""
    if lacking:
        remedy = "give them to the ApiUser (the one that we ship has them), and reload the monitoring"
        return wrong(Subject.MONITORING, f"our account at {address} lacks {', '.join(lacking)}", remedy)
    return ok(Subject.MONITORING, f"{address} lets us silence and unsilence checks")


def checks_finding(address: str, asked: Mapping[str, Sequence[str]], unseen: Collection[str]) -> Finding:
    """Whether the checks themselves are there for us. `asked`: names of some, by what they are of; `unseen`: those that
    the monitoring does not show us. One host's may be missing for a reason of its own, all of a kind are not."""
    everything = [name for names in asked.values() for name in names]
    absent = [name for name in everything if name in unseen]
    if not absent:
        said = f"has all of {len(everything)} checks that it was asked for" if everything else "has no check to silence"
        return ok(Subject.MONITORING, f"{address} {said}")
    whole = [what for what, names in asked.items() if set(names) <= set(absent)]
    kinds = f", and so no check of {' and '.join(whole)}" if whole else ""
    said = f"{address} does not show us {few(absent)} ({len(absent)} of {len(everything)} that it was asked for){kinds}"
    remedy = "let them import the templates of shepherd-templates.conf, or mend regular, flock, heartbeat in [icinga]"
    return (wrong if whole else warn)(Subject.MONITORING, said, remedy)
