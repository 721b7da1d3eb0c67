"""Judgements about pools: collectors, clocks, rights, schedds, hosts and their keepers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from shepherd.core.naming import Pairing
from shepherd.model.checkup import Authority, CollectorSeen, QueueSeen, Version
from shepherd.model.few import few
from shepherd.model.finding import Finding, Subject, ok, warn, wrong
from shepherd.model.observation import KeeperReport
from shepherd.model.one_line import one_line

OLDEST = (23, 0)
"""The oldest HTCondor that this is run with."""
SLOW_NAME_S = 2.0
CLOCK_S = 5.0
"""Clocks that a time server keeps differ by less."""
SHEPHERD_CLOCK_S = 60.0
"""Beyond it ads seem stale, or come from the future."""
NEEDED_AT_HOME = ("READ", "DAEMON", "ADMINISTRATOR")
"""To look; to publish lease pages (UPDATE_LICENSE_AD); to drain and restart startds."""
NEEDED_IN_FLOCK = ("READ", "ADMINISTRATOR")
"""To look; to turn off a container's master."""
NEEDED_BY_KEEPER = ("READ", "DAEMON")
"""To read lease pages; to send its own ad (UPDATE_AD_GENERIC)."""
NEEDED_BY_CONTAINER = ("ADVERTISE_MASTER", "ADVERTISE_STARTD")
UNKNOWN = "unauthenticated@"
"""Whom HTCondor takes everybody for who need not say who they are."""
SURPLUS = ("NEGOTIATOR", "CONFIG", "ADVERTISE_STARTD", "ADVERTISE_SCHEDD")
"""What a stolen account of the shepherd's could forge matches, settings, hosts and demand with."""
CONTAINER_SURPLUS = ("DAEMON", "ADMINISTRATOR", "NEGOTIATOR", "CONFIG", "ADVERTISE_SCHEDD")
Schedds = Mapping[str, str]
"""Name of a schedd's ad, and the identity that the collector knows it by."""


def dotted(version: Version) -> str:
    """A version as people write it."""
    return ".".join(map(str, version)) or "unknown"


def host_of(address: str) -> str:
    """The host in `HOST[:PORT]`, `[IPV6]:PORT` and HTCondor's addresses with parameters."""
    place = address.strip("<>").partition("?")[0]
    host, colon, _ = place.rpartition(":")
    return (host if colon and (place.count(":") == 1 or host.endswith("]")) else place).strip("[]")


def names_findings(own: str, unresolved: Mapping[str, str], slow_s: float) -> Iterator[Finding]:
    """Names that have to have an address. `own`: why this machine's has none, empty if it has; `unresolved`: others,
    and why; `slow_s`: how long the slowest took."""
    resolver = "/etc/hosts, or the resolver in /etc/resolv.conf"
    for name, why in unresolved.items():
        yield wrong(Subject.NAMES, f"{name} has no address: {why}", f"correct the settings, {resolver}")
    if own:
        yield warn(Subject.NAMES, f"this machine's own name has no address: {own}", f"add it to {resolver}")
    if slow_s > SLOW_NAME_S:
        said = f"a name takes {slow_s:.0f} s to be resolved, and every tool of HTCondor's waits for it"
        yield warn(Subject.NAMES, said, f"mend {resolver}")
    if not own and not unresolved and slow_s <= SLOW_NAME_S:
        yield ok(Subject.NAMES, "this machine's and those of the settings have addresses")


def collector_finding(subject: Subject, address: str, seen: CollectorSeen, young_s: float) -> Finding:
    """A collector that answers."""
    version = dotted(seen.version)
    if seen.version[:2] < OLDEST:
        remedy = f"upgrade HTCondor there to {dotted(OLDEST)} or newer"
        return wrong(subject, f"{address} is HTCondor {version}", remedy)
    if seen.age_s < young_s:
        said = f"{address} started {seen.age_s:.0f} s ago: it may not know all hosts yet, nothing is lent"
        return warn(subject, said, f"wait {young_s - seen.age_s:.0f} s; if it restarts again and again, read its log")
    return ok(subject, f"{address} answers, HTCondor {version}")


def clock_finding(ahead_s: float, most_s: float, whose: str) -> Finding:
    """Our clock and the home collector's. `ahead_s`: how far that one is ahead of ours."""
    said = f"the home collector's clock is {abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} {whose}"
    remedy = "see which of the two is right (`date -u`), and let a time server keep both (chrony, systemd-timesyncd)"
    if abs(ahead_s) > most_s:
        return wrong(Subject.CLOCK, said, remedy)
    if abs(ahead_s) > CLOCK_S:
        return warn(Subject.CLOCK, said, remedy)
    return ok(Subject.CLOCK, f"agrees with the home collector's within {max(1.0, abs(ahead_s)):.0f} s")


def rights_finding(subject: Subject, needed: Sequence[str], found: Authority, pool: str) -> Finding:
    """Authorisation levels that we have to have."""
    if not found.identity:
        return unknown_finding(subject, pool)
    who = found.identity
    lacking = [right for right in needed if right not in found.granted]
    if lacking:
        remedy = (
            f"there, add {who} to {', '.join('ALLOW_' + right for right in lacking)} and reconfigure; if our token is "
            f"limited (-authz), make one with {' '.join(lacking)}, too"
        )
        return wrong(subject, f"{who} lacks {', '.join(lacking)} in the {pool}", remedy)
    if who.startswith(UNKNOWN):
        remedy = "there, SEC_DEFAULT_AUTHENTICATION = REQUIRED, ALLOW_… for names and not for *, and a token for us"
        return warn(subject, f"the {pool} lets anybody, unauthenticated, have {', '.join(needed)}", remedy)
    return ok(subject, f"{who} has {', '.join(needed)}")


def unknown_finding(subject: Subject, pool: str) -> Finding:
    """Rights that could not be asked for."""
    remedy = (
        "mend what is wrong with our token, or see that pool's CollectorLog and SEC_DEFAULT_AUTHENTICATION_METHODS; "
        "by hand: condor_ping -verbose READ"
    )
    return warn(subject, f"the {pool} does not say who we are to it, and so not what we may", remedy)


def surplus_finding(subject: Subject, tried: Sequence[str], found: Authority, pool: str) -> Finding:
    """Authorisation levels that whoever steals our account should not get."""
    if not found.identity:
        return unknown_finding(subject, pool)
    surplus = [right for right in tried if right in found.granted]
    if not surplus:
        return ok(subject, f"{found.identity} has none of {', '.join(tried)}")
    remedy = (
        f"there, take {found.identity} out of {', '.join('ALLOW_' + right for right in surplus)} (an unset "
        "ALLOW_ADVERTISE_… is ALLOW_DAEMON), or limit our token with -authz"
    )
    return warn(subject, f"{found.identity} has {', '.join(surplus)} in the {pool}, and needs none of it", remedy)


def trust_domain_finding(home: str, flock: str) -> Finding:
    """Two pools with one trust domain take each other's tokens."""
    if home and home == flock:
        remedy = "give the flock pool a TRUST_DOMAIN and a signing key of its own, and new tokens"
        return wrong(Subject.TRUST_DOMAIN, f"both pools are {home}: guests' tokens might be good at home", remedy)
    if not home or not flock:
        whose = " and ".join(name for name, domain in (("home", home), ("flock", flock)) if not domain)
        remedy = "there: condor_config_val TRUST_DOMAIN; set one of its own for each pool"
        return warn(Subject.TRUST_DOMAIN, f"the {whose} pool does not say which is its", remedy)
    return ok(Subject.TRUST_DOMAIN, f"{home} at home, {flock} for guests")


def negotiator_finding(count: int, address: str) -> Finding:
    """Whether anybody matches guests' jobs with hosts."""
    if count:
        return ok(Subject.NEGOTIATOR, f"{address} has one")
    remedy = "put NEGOTIATOR into DAEMON_LIST there, start it, and let its identity be in ALLOW_NEGOTIATOR"
    return wrong(Subject.NEGOTIATOR, f"{address} knows no negotiator: guests' jobs would wait for ever", remedy)


def schedd_findings(named: Sequence[str], identities: Sequence[str], found: Schedds) -> Iterator[Finding]:
    """Schedds whose idle jobs are local demand."""
    for name in named:
        if name not in found:
            there = few(sorted(found)) or "none"
            remedy = f"start it, or correct home.schedds; `condor_status -schedd` shows: {there}"
            yield wrong(Subject.SCHEDDS, f"{name} is not in the home pool: its demand is not known", remedy)
        elif found[name] not in identities:
            remedy = f'add "{found[name]}" to home.schedd_identities, if that is who runs it'
            said = f"{name} updates the collector as {found[name] or 'nobody'}, which is not in home.schedd_identities"
            yield wrong(Subject.SCHEDDS, f"{said}: its demand is not counted", remedy)
        else:
            yield ok(Subject.SCHEDDS, f"{name} is there, as {found[name]}")


def queue_finding(name: str, seen: QueueSeen) -> Finding:
    """Whether a schedd tells us what its idle jobs ask for."""
    if not seen.problem:
        return ok(Subject.QUEUES, f"{name} tells us what its idle jobs ask for")
    if seen.refused:
        remedy = (
            f"at {name}, add {seen.refused} to ALLOW_READ, or take it out of DENY_READ, and reconfigure; if our token "
            "is limited (-authz), make one with READ, too"
        )
        said = f"{name} refuses {seen.refused} READ: each of its idle jobs counts as one that asks for one cpu"
        return wrong(Subject.QUEUES, said, remedy)
    remedy = f"can it be reached from here, and does it run? By hand: condor_q -name {name} -allusers -totals"
    return warn(Subject.QUEUES, f"{name} does not tell us what its idle jobs ask for: {seen.problem}", remedy)


def host_finding(pairing: Pairing) -> Finding:
    """Machines of the home pool that the naming rule finds."""
    count = len(pairing.pairs)
    if pairing.collisions:
        why = few([one.why for one in pairing.collisions])
        return wrong(Subject.HOSTS, why, "mend hosts.regular and hosts.flock, or name the hosts in [hosts.pairs]")
    if not count and pairing.unmanaged:
        remedy = "correct hosts.regular in shepherd.toml, or name the hosts in [hosts.pairs]"
        return wrong(Subject.HOSTS, f"hosts.regular matches none of {few(pairing.unmanaged)}", remedy)
    if not count:
        remedy = "start their condor_master; `condor_status -master` shows those there are"
        return wrong(Subject.HOSTS, "there is no host in the home pool that may be lent", remedy)
    rest = len(pairing.unmanaged)
    others = f", {rest} others are not ours to lend" if rest else ""
    return ok(Subject.HOSTS, f"{count} of the home pool{others}")


def keeper_findings(
    hosts: AbstractSet[str], found: Mapping[str, KeeperReport], version: str
) -> Iterator[Finding]:
    """The hosts' keepers, as their ads have them."""
    heard = {host: report for host, report in found.items() if host in hosts}
    missing = sorted(hosts - heard.keys())
    start = "on the host: `shepherd check --node`, `systemctl start shepherd-keeper`"
    if missing and not heard:
        yield wrong(Subject.KEEPERS, f"none of {len(hosts)} hosts has a keeper: nothing can be lent", start)
        return
    if missing:
        yield warn(Subject.KEEPERS, f"{len(missing)} hosts have none and are never lent: {few(missing)}", start)
    yield from version_findings(heard, version)
    yield from problem_findings(heard)
    if not missing and heard:
        yield ok(Subject.KEEPERS, f"all {len(heard)} hosts have one")


def version_findings(heard: Mapping[str, KeeperReport], version: str) -> Iterator[Finding]:
    """Keepers of another release."""
    others = sorted({report.version or "unknown" for report in heard.values()} - {version})
    if others:
        hosts = few(sorted(host for host, report in heard.items() if report.version != version))
        said = f"keepers of version {', '.join(others)} beside our {version}: {hosts}"
        yield warn(Subject.KEEPERS, said, "upgrade keepers first, then the shepherd")


def problem_findings(heard: Mapping[str, KeeperReport]) -> Iterator[Finding]:
    """What keepers say is wrong, a line for each reason."""
    hosts: dict[str, list[str]] = defaultdict(list)
    for host, report in sorted(heard.items()):
        if report.problem:
            hosts[one_line(report.problem)].append(host)
    for problem, names in hosts.items():
        yield warn(Subject.KEEPERS, f"{problem} ({few(names)})", "on that host: `shepherd check --node`")


def order_finding(subject: Subject, whom: str, problem: str) -> Finding:
    """Whether a startd takes an administrator's order from us. `problem` is empty if it does."""
    if not problem:
        return ok(subject, f"{whom} takes them")
    remedy = (
        f"can {whom} be reached on its port, does its HTCondor have SEC_ENABLE_REMOTE_ADMINISTRATION = True, "
        "and have we ADMINISTRATOR at its collector?"
    )
    return wrong(subject, f"{whom} does not take them: {problem}", remedy)


def no_order_finding(subject: Subject) -> Finding:
    """There is nobody to be tried."""
    said = "not looked at: no host's startd is in the home pool and not draining (all may be lent)"
    return warn(subject, said, "call it again when a host is back")


def container_token_findings(name: str, found: Authority, pool: str) -> Iterable[Finding]:
    """What a host's own token for the flock pool is good for."""
    user = found.identity.partition("@")[0]
    if user != name:
        remedy = f"on the flock pool's central manager: condor_token_create -identity {name}@{found.trust_domain} …"
        return [wrong(Subject.FLOCK_TOKEN, f"signs in as {found.identity or 'nobody'} at {pool}, not {name}", remedy)]
    return [
        rights_finding(Subject.FLOCK_TOKEN, NEEDED_BY_CONTAINER, found, "flock pool"),
        surplus_finding(Subject.FLOCK_SURPLUS, CONTAINER_SURPLUS, found, "flock pool"),
    ]
