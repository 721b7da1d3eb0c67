"""Judgements about the flock VLAN's gateway."""

from collections.abc import Iterable, Iterator, Sequence

from shepherd.core.checkup.pool import dotted
from shepherd.model.checkup import Tracking, Version
from shepherd.model.finding import Finding, Subject, ok, warn, wrong
from shepherd.model.gateway_settings import GatewaySettings
from shepherd.model.network import LinkSeen

OLDEST_NFT = (0, 9, 8)
FULL = 0.8
"""Share of the connection table that may be in use."""
LEAST_ROOM = 64 << 20
"""Bytes that a day with a scan or two may take before somebody fetches them."""
HOSTS_AT_ONCE = 20
"""The table holds what this many hosts may have open at least."""
APPLY = "shepherd gateway apply; systemctl start shepherd-gateway keeps it so"


def capability_finding(*, may: bool) -> Finding:
    """Whether rules can be read and loaded at all."""
    if may:
        return ok(Subject.PRIVILEGE, "CAP_NET_ADMIN")
    return wrong(Subject.PRIVILEGE, "we have no CAP_NET_ADMIN, and cannot read rules", "call it with sudo")


def nft_finding(version: Version, said: str) -> Finding:
    """The nft tool."""
    if not version:
        return wrong(Subject.NFT, f"nft says: {said[:200]}", "apt-get install nftables")
    if version < OLDEST_NFT:
        return wrong(Subject.NFT, dotted(version), f"install nftables {dotted(OLDEST_NFT)} or newer")
    return ok(Subject.NFT, dotted(version))


def interface_findings(settings: GatewaySettings, links: Sequence[LinkSeen]) -> Iterator[Finding]:
    """The interfaces of the settings, and the gateway's own address."""
    by_name = {link.name: link for link in links}
    there = ", ".join(sorted(by_name)) or "none"
    good = True
    for key, names in (("vlan", (settings.vlan,)), ("outside", settings.outside), ("inside", settings.inside)):
        for name in names:
            link = by_name.get(name)
            if link is None:
                good = False
                remedy = f"correct {key} in gateway.toml: there are {there}"
                yield wrong(Subject.INTERFACES, f"{name} ({key}) is not there", remedy)
            elif not link.is_up:
                good = False
                yield wrong(Subject.INTERFACES, f"{name} ({key}) is down", f"ip link set {name} up")
    vlan = by_name.get(settings.vlan)
    if vlan and settings.gateway not in addresses(vlan):
        good = False
        prefix = settings.subnet.rpartition("/")[2]
        remedy = f"ip address add {settings.gateway}/{prefix} dev {settings.vlan}, for good in the network's settings"
        yield wrong(Subject.INTERFACES, f"{settings.vlan} has not the address {settings.gateway}", remedy)
    if good:
        yield ok(Subject.INTERFACES, f"{settings.vlan}, {', '.join((*settings.outside, *settings.inside))} are up")


def addresses(link: LinkSeen) -> set[str]:
    """IPv4 addresses of an interface, without prefix length."""
    return {network.partition("/")[0] for network in link.networks}


def rules_findings(drift: Sequence[str], names: Sequence[str]) -> Iterator[Finding]:
    """What is in force, against the settings. `drift`: as `Gateway.drift`; `names`: rules, and the routing policy."""
    rules, routing = names
    yield (
        wrong(Subject.RULES, "what is loaded is not what the settings say: guests may pass, or be cut off", APPLY)
        if rules in drift
        else ok(Subject.RULES, "as the settings have them")
    )
    yield (
        wrong(Subject.ROUTING, "what no rule of ours has marked is not refused: a flush opens the VLAN", APPLY)
        if routing in drift
        else ok(Subject.ROUTING, "unmarked packets from the VLAN are refused")
    )
    others = [name.replace("/", ".") for name in drift if name not in names]
    yield (
        wrong(Subject.KERNEL_SETTINGS, f"not as they must be: {', '.join(others)}", APPLY)
        if others
        else ok(Subject.KERNEL_SETTINGS, "forwarding, rp_filter and others as they must be")
    )


def nat_finding(settings: GatewaySettings, links: Sequence[LinkSeen]) -> Finding:
    """The address that guests' traffic bears outside."""
    holders = [link.name for link in links if settings.nat_address in addresses(link)]
    if set(holders) & set(settings.outside):
        return ok(Subject.NAT_ADDRESS, f"{settings.nat_address} is on {', '.join(holders)}")
    remedy = (
        f"ip address add {settings.nat_address}/32 dev {settings.outside[0]}, for good in the network's settings; "
        "fine as it is if your router sends it here anyway"
    )
    said = f"{settings.nat_address} is on no interface outside: do answers come back?"
    return warn(Subject.NAT_ADDRESS, said, remedy)


def tracking_finding(settings: GatewaySettings, seen: Tracking | None) -> Finding:
    """Room in the kernel's table of connections."""
    if seen is None:
        return wrong(Subject.CONNTRACK, "this kernel tracks no connections", "modprobe nf_conntrack")
    least = HOSTS_AT_ONCE * (settings.connections + settings.pool_connections)
    most = max(262144, 2 * least)
    remedy = f"net.netfilter.nf_conntrack_max = {most} in /etc/sysctl.d/50-shepherd.conf, sysctl --system"
    if seen.now > FULL * seen.most:
        return wrong(Subject.CONNTRACK, f"{seen.now} of {seen.most} entries are in use: packets are lost soon", remedy)
    if seen.most < least:
        said = f"{seen.most} entries; {HOSTS_AT_ONCE} hosts may have {least} (connections, pool_connections)"
        return warn(Subject.CONNTRACK, said, remedy)
    return ok(Subject.CONNTRACK, f"{seen.now} of {seen.most} entries in use")


def service_finding(what: str, place: str, problem: str) -> Finding:
    """A service that guests are let through to. `problem` is empty if it answers."""
    if not problem:
        return ok(Subject.SERVICES, f"{what} {place} answers")
    remedy = "start it, or correct the address in gateway.toml; is it reached from this machine?"
    return wrong(Subject.SERVICES, f"{what} {place}: {problem}", remedy)


def firewall_findings(found: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Other programs that keep rules here: name, and what they do to ours."""
    names = list(found)
    for name, harm in names:
        remedy = f"systemctl disable --now {name}, or let it leave the tables shepherd and shepherd_guard alone"
        yield warn(Subject.OTHER_FIREWALLS, f"{name}: {harm}", remedy)
    if not names:
        yield ok(Subject.OTHER_FIREWALLS, "nobody else flushes rules here")


def program_finding(pids: Sequence[int], *, enabled: bool = False) -> Finding:
    """Whether anybody keeps the rules in force. `enabled`: whether systemd would start who does at boot."""
    if pids:
        return ok(Subject.PROGRAM, f"process {pids[0]} keeps the rules in force")
    remedy = "systemctl start shepherd-gateway; its log: journalctl -u shepherd-gateway"
    return (wrong if enabled else warn)(Subject.PROGRAM, "nobody keeps the rules in force", remedy)


def record_finding(settings: GatewaySettings, pids: Sequence[int], room: int, *, is_kept: bool) -> Finding:
    """Whether guests' connections are recorded. `pids`: of who does it; `room`: bytes left for it; `is_kept`: whether
    the gateway's program runs, which starts it."""
    if not settings.spool:
        said = "spool is empty: nobody can say later which host reached what"
        return warn(Subject.RECORD, said, 'spool = "/var/lib/shepherd-gateway/flows" in gateway.toml')
    if not is_kept:
        return warn(Subject.RECORD, "nobody keeps the gateway, and so nothing is recorded", "mend that first")
    if not pids:
        remedy = "journalctl -u shepherd-gateway says why; systemctl restart shepherd-gateway"
        return wrong(Subject.RECORD, "connections are not recorded", remedy)
    if room < LEAST_ROOM:
        said = f"{room >> 20} MiB are left at {settings.spool}: what finds no room is lost"
        return wrong(Subject.RECORD, said, "make room there, or give spool another place in gateway.toml")
    return ok(Subject.RECORD, f"process {pids[0]} records connections at {settings.spool}")
def stops_finding(settings: GatewaySettings, problem: str, *, cuts: bool) -> Finding:
    """Whether the shepherd's stops are heard. `problem`: why no page is believed; `cuts`: conntrack is there."""
    if not settings.trusted_keys:
        remedy = "give home_collector, pool and trusted_keys in gateway.toml"
        return warn(Subject.STOPS, "this gateway hears neither bans nor quarantines", remedy)
    if not cuts:
        return wrong(Subject.STOPS, "conntrack is not here: open connections stay open", "apt-get install conntrack")
    if problem:
        remedy = "correct home_collector, pool, trusted_keys or condor_config in gateway.toml; does the shepherd run?"
        return wrong(Subject.STOPS, f"no lease page is believed here: {problem}", remedy)
    return ok(Subject.STOPS, "a lease page was read and believed")
