"""Each thing that is looked at, once as it must be and once not: a check that cannot fail says nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from shepherd.core.checkup import daemon, gateway, host, pool, startd
from shepherd.core.checkup.tokens import no_token_files, token_findings
from shepherd.core.container.drift import engine_problem
from shepherd.core.naming import pair_hosts
from shepherd.model.checkup import AppArmorSeen, CgroupsSeen, Tracking, UnitSeen
from shepherd.model.container import EngineFacts, Profile
from shepherd.model.finding import Finding, State, Subject
from shepherd.model.network import LinkSeen
from shepherd.model.settings import HostSettings
from tests.core.checkup.seen import DAY_S, NOW_S, authority, collector, directory, file, keeper, token
from tests.core.sound_settings import node
from tests.gateway.kernel import GATEWAY

PATH, GIB = "/var/lib/shepherd", 1 << 30
OK, WARN, WRONG = State.OK, State.WARN, State.WRONG
HOME_RIGHTS, FLOCK_RIGHTS = Subject.HOME_RIGHTS, Subject.FLOCK_RIGHTS
DOCKER = EngineFacts(version=(28, 5), root_uid=100000, root_gid=100000, seccomp=True, storage="overlay2")
LINKS = (
    LinkSeen(name="em1.2512", networks=("10.27.0.1/16",)),
    LinkSeen(name="em2", networks=("198.51.100.2/24", "198.51.100.7/32")),
)
HOSTS = HostSettings()


@dataclass(frozen=True)
class Case:
    """Findings of one thing, and what they have to be."""

    found: object
    state: State
    words: str = ""
    """Must be in what is said, or in the remedy."""

    def of(self, subject: Subject) -> list[Finding]:
        every = [self.found] if isinstance(self.found, Finding) else list(self.found)  # type: ignore[call-overload]
        return [finding for finding in every if finding.subject is subject]


def tokens(text: str, mode: int = 0o600, uid: int = 990) -> Iterable[Finding]:
    return token_findings(Subject.TOKENS, "/t/home", file(mode, uid), text, uid=990, now_s=NOW_S)


def unit(restart: str, wait: str) -> UnitSeen:
    return UnitSeen(properties={"Restart": restart, "RestartUSec": wait})


def rules(*drift: str) -> Iterable[Finding]:
    return gateway.rules_findings(drift, ("rules", "routing policy"))


CASES: dict[Subject, list[Case]] = {
    Subject.ACCOUNT: [
        Case(daemon.account_finding("shepherd", "shepherd"), OK),
        Case(daemon.account_finding("alice", "shepherd"), WARN, "sudo"),
        Case(daemon.account_finding("root", "root"), WARN, "shepherd"),
        Case(daemon.account_finding("root", ""), WRONG, "sysusers"),
    ],
    Subject.BINDINGS: [
        Case(daemon.bindings_finding((25, 14, 1), (23, 9, 6)), OK),
        Case(daemon.bindings_finding((25, 14, 1), ()), OK),
        Case(daemon.bindings_finding((24, 0, 1), (25, 14, 1)), WARN, "wheel htcondor 25.*"),
    ],
    Subject.TOOLS: [
        Case(daemon.tools_finding((23, 9, 6), "", ""), OK),
        Case(daemon.tools_finding((10, 0, 9), "", "/usr/bin"), WRONG, "23.0"),
        Case(daemon.tools_finding((), "cannot be started", ""), WRONG, "paths.tools"),
    ],
    Subject.FLOCKOFF: [
        Case(daemon.flockoff_finding("/tmp/flockoff", 7, same=True), OK),
        Case(daemon.flockoff_finding("/tmp/flockoff", 7, same=False), WRONG, "PrivateTmp=no"),
        Case(daemon.flockoff_finding("/tmp/flockoff", None, same=None), WARN, "systemctl start"),
        Case(daemon.flockoff_finding("/tmp/flockoff", 7, same=None), WARN, "sudo"),
    ],
    Subject.STATE: [
        Case(daemon.state_finding(PATH, directory(), 5 * GIB, 990), OK),
        Case(daemon.state_finding(PATH, None, 0, 990), WRONG, "install -d"),
        Case(daemon.state_finding(PATH, directory(uid=0), 5 * GIB, 990), WRONG, "chown 990"),
        Case(daemon.state_finding(PATH, directory(0o757), 5 * GIB, 990), WRONG, "chmod o-w"),
        Case(daemon.state_finding(PATH, directory(), GIB // 2, 990), WARN, "room"),
        Case(daemon.state_finding(PATH, directory(), GIB // 100, 990), WRONG, "room"),
    ],
    Subject.INTENTS: [
        Case(daemon.intents_finding(PATH, directory(0o2770)), OK),
        Case(daemon.intents_finding(PATH, None), WRONG, "install -d -m 2770"),
        Case(daemon.intents_finding(PATH, directory(0o2777)), WRONG, "chmod 2770"),
        Case(daemon.intents_finding(PATH, directory(0o750)), WARN, "chmod 2770"),
    ],
    Subject.LEASE_KEY: [
        Case(daemon.lease_key_findings("/k", file(), "0a1b", 990), OK),
        Case(daemon.lease_key_findings("/k", None, "", 990), WRONG, "shepherd key create"),
        Case(daemon.lease_key_findings("/k", file(0o644), "", 990), WRONG, "chmod 0600 /k"),
        Case(daemon.lease_key_findings("/k", file(uid=0), "", 990), WRONG, "chown 990 /k"),
        Case(daemon.published_finding("0a1b", ["0a1b", "ffff"]), WARN, "ffff"),
    ],
    Subject.TOKENS: [
        Case(tokens(token()), OK, "never expires"),
        Case(tokens(token(exp=NOW_S + 90 * DAY_S)), OK, "90 days"),
        Case(tokens(token(exp=NOW_S + 9 * DAY_S)), WARN, "expires in 9 days"),
        Case(tokens(token(exp=NOW_S - 3 * DAY_S)), WRONG, "condor_token_create -identity shepherd@home.lab"),
        Case(tokens(token(iat=NOW_S + DAY_S)), WRONG, "clock"),
        Case(tokens(token(), mode=0o644), WRONG, "chmod 0600 /t/home"),
        Case(tokens(token(), uid=0), WRONG, "chown 990 /t/home"),
        Case(tokens(token(), uid=5), WRONG, "chown 990 /t/home"),
        Case(tokens("no token at all\n"), WRONG, "holds no token"),
        Case(no_token_files("/t", []), WARN, "/t/home"),
    ],
    Subject.HOME_COLLECTOR: [
        Case(pool.collector_finding(Subject.HOME_COLLECTOR, "cm:9618", collector(), 600.0), OK),
        Case(pool.collector_finding(Subject.HOME_COLLECTOR, "cm:9618", collector((10, 0, 9)), 600.0), WRONG, "23.0"),
        Case(pool.collector_finding(Subject.HOME_COLLECTOR, "cm:9618", collector(age_s=60.0), 600.0), WARN, "540 s"),
    ],
    Subject.CLOCK: [
        Case(pool.clock_finding(1.0, 60.0, "ours"), OK),
        Case(pool.clock_finding(-30.0, 60.0, "ours"), WARN, "30 s behind"),
        Case(pool.clock_finding(3600.0, 60.0, "ours"), WRONG, "chrony"),
    ],
    Subject.HOME_RIGHTS: [
        Case(pool.rights_finding(HOME_RIGHTS, ("READ", "DAEMON"), authority("READ", "DAEMON"), "home pool"), OK),
        Case(pool.rights_finding(HOME_RIGHTS, ("READ", "DAEMON"), authority("READ"), "pool"), WRONG, "ALLOW_DAEMON"),
    ],
    Subject.HOME_SURPLUS: [
        Case(pool.surplus_finding(Subject.HOME_SURPLUS, pool.SURPLUS, authority(), "home pool"), OK),
        Case(
            pool.surplus_finding(Subject.HOME_SURPLUS, pool.SURPLUS, authority("NEGOTIATOR"), "home pool"),
            WARN,
            "ALLOW_NEGOTIATOR",
        ),
    ],
    Subject.SCHEDDS: [
        Case(pool.schedd_findings(["cm"], ["condor@family"], {"cm": "condor@family"}), OK),
        Case(pool.schedd_findings(["cm"], ["condor@x"], {"cm": "condor@family"}), WRONG, '"condor@family"'),
        Case(pool.schedd_findings(["cm"], ["condor@x"], {"other": "condor@x"}), WRONG, "shows: other"),
    ],
    Subject.HOSTS: [
        Case(pool.host_finding(pair_hosts(["p1", "p2", "gpu7"], HOSTS)), OK, "1 others"),
        Case(pool.host_finding(pair_hosts(["node1"], HOSTS)), WRONG, "hosts.regular"),
        Case(pool.host_finding(pair_hosts([], HOSTS)), WRONG, "condor_master"),
        Case(pool.host_finding(pair_hosts(["p1", "f1"], HOSTS)), WRONG, "[hosts.pairs]"),
    ],
    Subject.KEEPERS: [
        Case(pool.keeper_findings({"p1", "p2"}, {"p1": keeper(), "p2": keeper()}, "1.0"), OK, "all 2"),
        Case(pool.keeper_findings({"p1", "p2"}, {"p1": keeper()}, "1.0"), WARN, "p2"),
        Case(pool.keeper_findings({"p1", "p2"}, {"p9": keeper()}, "1.0"), WRONG, "shepherd-keeper"),
    ],
    Subject.HOME_ORDERS: [
        Case(pool.order_finding(Subject.HOME_ORDERS, "p1", ""), OK),
        Case(pool.order_finding(Subject.HOME_ORDERS, "p1", "refused"), WRONG, "SEC_ENABLE_REMOTE_ADMINISTRATION"),
    ],
    Subject.FLOCK_COLLECTOR: [
        Case(startd.flock_pool_finding("cm:9619", ""), OK),
        Case(startd.flock_pool_finding("cm:9619", "connection refused"), WRONG, "shepherd-flock-pool"),
    ],
    Subject.NEGOTIATOR: [
        Case(pool.negotiator_finding(1, "cm:9619"), OK),
        Case(pool.negotiator_finding(0, "cm:9619"), WRONG, "DAEMON_LIST"),
    ],
    Subject.TRUST_DOMAIN: [
        Case(pool.trust_domain_finding("home.lab", "flock.lab"), OK),
        Case(pool.trust_domain_finding("home.lab", "home.lab"), WRONG, "TRUST_DOMAIN"),
    ],
    Subject.FLOCK_RIGHTS: [
        Case(pool.rights_finding(FLOCK_RIGHTS, pool.NEEDED_IN_FLOCK, authority("READ", "ADMINISTRATOR"), "pool"), OK),
        Case(pool.rights_finding(FLOCK_RIGHTS, pool.NEEDED_IN_FLOCK, authority(identity=""), "pool"), WRONG, "nobody"),
    ],
    Subject.FLOCK_SURPLUS: [
        Case(pool.surplus_finding(Subject.FLOCK_SURPLUS, ("DAEMON",), authority(), "flock pool"), OK),
        Case(pool.surplus_finding(Subject.FLOCK_SURPLUS, ("DAEMON",), authority("DAEMON"), "pool"), WARN, "-authz"),
    ],
    Subject.FLOCK_ORDERS: [
        Case(pool.order_finding(Subject.FLOCK_ORDERS, "f1", ""), OK),
        Case(pool.order_finding(Subject.FLOCK_ORDERS, "f1", "refused"), WRONG, "ADMINISTRATOR"),
    ],
    Subject.MONITORING: [
        Case(daemon.monitoring_finding("icinga:5665", []), OK),
        Case(daemon.monitoring_finding("icinga:5665", ["actions/schedule-downtime"]), WRONG, "schedule-downtime"),
    ],
    Subject.PRIVILEGE: [
        Case(host.privilege_finding(is_root=True, why="look"), OK),
        Case(host.privilege_finding(is_root=False, why="look"), WRONG, "sudo"),
        Case(gateway.capability_finding(may=True), OK),
        Case(gateway.capability_finding(may=False), WRONG, "sudo"),
    ],
    Subject.KERNEL: [
        Case(host.kernel_finding((6, 12, 3)), OK),
        Case(host.kernel_finding((6, 1, 0)), WARN, "abstract sockets"),
        Case(host.kernel_finding((5, 10)), WRONG, "5.16"),
    ],
    Subject.NAMESPACES: [
        Case(host.namespaces_finding(15000, Profile.APART), OK),
        Case(host.namespaces_finding(0, Profile.ACCOUNTS), OK),
        Case(host.namespaces_finding(0, Profile.APART), WRONG, "user.max_user_namespaces"),
        Case(host.namespaces_finding(None, Profile.APART), WRONG, "CONFIG_USER_NS"),
    ],
    Subject.SECCOMP: [
        Case(host.seccomp_finding(is_there=True), OK),
        Case(host.seccomp_finding(is_there=False), WRONG, "CONFIG_SECCOMP_FILTER"),
    ],
    Subject.LANDLOCK: [
        Case(host.landlock_finding(7), OK),
        Case(host.landlock_finding(4), WARN, "6.12"),
        Case(host.landlock_finding(0), WARN, "lsm="),
    ],
    Subject.APPARMOR: [
        Case(host.apparmor_finding("", AppArmorSeen(is_on=False, profiles=None)), OK),
        Case(host.apparmor_finding("x", AppArmorSeen(is_on=True, profiles=frozenset({"x"}))), OK),
        Case(host.apparmor_finding("x", AppArmorSeen(is_on=True, profiles=frozenset())), WRONG, "apparmor_parser"),
        Case(host.apparmor_finding("x", AppArmorSeen(is_on=False, profiles=None)), WRONG, "apparmor=1"),
    ],
    Subject.CGROUPS: [
        Case(host.cgroups_finding(CgroupsSeen(version=2, controllers=frozenset({"memory", "pids", "cpu"}))), OK),
        Case(host.cgroups_finding(CgroupsSeen(version=2, controllers=frozenset({"hugetlb"}))), WRONG, "memory"),
        Case(host.cgroups_finding(CgroupsSeen(version=0, controllers=frozenset())), WRONG, "mount"),
    ],
    Subject.LINKS: [
        Case(host.links_finding(""), OK),
        Case(host.links_finding("Operation not supported"), WRONG, "modprobe"),
    ],
    Subject.MEMORY: [
        Case(host.memory_finding(node(memory_mib=9000), 16000, 0), OK),
        Case(host.memory_finding(node(memory_mib=0), 16000, 0), WARN, "memory_percent"),
        Case(host.memory_finding(node(memory_mib=15800), 16000, 0), WARN, "200 are left"),
        Case(host.memory_finding(node(memory_mib=9000), 16000, 2048), WARN, "swapoff"),
    ],
    Subject.DOCKERD: [
        Case(host.dockerd_finding(DOCKER, ""), OK),
        Case(
            host.dockerd_finding(
                DOCKER, engine_problem(node(), EngineFacts(version=(28, 5), root_uid=0, root_gid=0, seccomp=True))
            ),
            WRONG,
            'set "userns-remap"',
        ),
    ],
    Subject.STORAGE: [
        Case(host.storage_finding("overlay2"), OK),
        Case(host.storage_finding("vfs"), WARN, "overlay2"),
    ],
    Subject.LIVE_RESTORE: [
        Case(host.live_restore_finding(is_on=True), OK),
        Case(host.live_restore_finding(is_on=False), WARN, '"live-restore": true'),
    ],
    Subject.IMAGE: [
        Case(host.image_finding("", "", ""), OK),
        Case(host.image_finding("not here", "registry:5000/flock", ""), OK, "before the first lend"),
        Case(host.image_finding("not here", "registry:5000/flock", "it has none"), WRONG, "shepherd image push"),
        Case(host.image_finding("not here", "", ""), WRONG, "docker load"),
    ],
    Subject.NETWORK: [
        Case(host.clause_finding(Subject.NETWORK, "", "good", "node up"), OK),
        Case(
            host.clause_finding(Subject.NETWORK, "no host guard; `shepherd node up` mends that", "", ""),
            WRONG,
            "`shepherd node up` mends that",
        ),
    ],
    Subject.WAY_OUT: [
        Case(host.way_out_finding("10.27.0.1", "02:00:00:00:00:01"), OK),
        Case(host.way_out_finding("10.27.0.1", ""), WRONG, "port of the switch"),
    ],
    Subject.LEAK_TARGETS: [
        Case(host.clause_finding(Subject.LEAK_TARGETS, "", "good", "see leak_targets"), OK),
        Case(host.clause_finding(Subject.LEAK_TARGETS, "none answers", "", "see leak_targets"), WRONG, "leak_targets"),
    ],
    Subject.RUN_DIR: [
        Case(host.run_dir_finding("/run/shepherd", directory(0o700, 0)), OK),
        Case(host.run_dir_finding("/run/shepherd", None), WRONG, "systemd-tmpfiles"),
        Case(host.run_dir_finding("/run/shepherd", directory(0o777, 0)), WRONG, "chmod 0700"),
        Case(host.run_dir_finding("/run/shepherd", directory(0o700, 5)), WRONG, "chown root"),
    ],
    Subject.GUARD: [
        Case(startd.guard_finding("/g", file(0o755, 0, digest="d"), "/src", "d"), OK),
        Case(startd.guard_finding("/g", None, "/src", "d"), WRONG, "install -D -o root -m 0755 /src /g"),
        Case(startd.guard_finding("/g", file(0o755, 0, digest="e"), "/src", "d"), WRONG, "/src /g"),
        Case(startd.guard_finding("/g", file(0o644, 0, digest="d"), "/src", "d"), WRONG, "chmod 0755"),
        Case(startd.guard_finding("/g", file(0o775, 0, digest="d"), "/src", "d"), WRONG, "others can change"),
        Case(startd.guard_finding("/g", file(0o755, 5, digest="d"), "/src", "d"), WRONG, "others can change"),
    ],
    Subject.STARTD: [
        Case(startd.startd_finding("/g", "/g"), OK),
        Case(startd.startd_finding("/usr/sbin/condor_startd", "/g"), WRONG, "STARTD = /g"),
    ],
    Subject.BACKOFF: [
        Case(startd.backoff_finding({name: "4" if "CON" in name else "1.0" for name in startd.BACKOFF}), OK, "5 s"),
        Case(startd.backoff_finding({"MASTER_BACKOFF_CONSTANT": "6", "MASTER_BACKOFF_FACTOR": "1.0"}), OK, "7 s"),
        Case(startd.backoff_finding({}), WRONG, "FACTOR = 1.0"),
        Case(startd.backoff_finding(dict.fromkeys(startd.BACKOFF, "0")), WRONG, "dies of it"),
        Case(startd.backoff_finding(dict.fromkeys(startd.BACKOFF, "often")), WRONG, "no number"),
    ],
    Subject.DROP_IN: [
        Case(startd.drop_in_finding(unit("on-failure", "5s")), OK),
        Case(startd.drop_in_finding(unit("on-failure", "1min")), WRONG, "50-shepherd.conf"),
        Case(startd.drop_in_finding(unit("no", "100ms")), WRONG, "daemon-reload"),
        Case(startd.drop_in_finding(None), WARN, "10 s"),
    ],
    Subject.KEEPER: [
        Case(startd.keeper_finding(keeper(), 7, now_s=NOW_S, report_s=300.0), OK),
        Case(startd.keeper_finding(keeper(), None, now_s=NOW_S, report_s=300.0), WRONG, "start shepherd-keeper"),
        Case(startd.keeper_finding(None, 7, now_s=NOW_S, report_s=300.0), WRONG, "not heard"),
        Case(startd.keeper_finding(keeper(), 7, now_s=NOW_S + 1000, report_s=300.0), WRONG, "1000 s ago"),
        Case(startd.keeper_finding(keeper(problem="no image"), 7, now_s=NOW_S, report_s=300.0), WARN, "no image"),
    ],
    Subject.TRUSTED_KEYS: [
        Case(startd.trust_findings(["aa", "bb"], ["bb"]), OK),
        Case(startd.trust_findings(["aa"], ["bb"]), WRONG, "lease.key.pub"),
        Case(startd.trust_findings(["aa"], []), WARN, "start the shepherd"),
    ],
    Subject.FLOCK_TOKEN: [
        Case(
            pool.container_token_findings("f1", authority(*pool.NEEDED_BY_CONTAINER, identity="f1@flock"), "cm"), OK
        ),
        Case(
            pool.container_token_findings("f1", authority(*pool.NEEDED_BY_CONTAINER, identity="f2@flock"), "cm:9619"),
            WRONG,
            "-identity f1@home.lab",
        ),
        Case(pool.container_token_findings("f1", authority(identity="f1@flock"), "cm:9619"), WRONG, "ADVERTISE_STARTD"),
    ],
    Subject.NFT: [
        Case(gateway.nft_finding((1, 0, 6), ""), OK),
        Case(gateway.nft_finding((0, 9, 3), ""), WRONG, "0.9.8"),
        Case(gateway.nft_finding((), "not found"), WRONG, "nftables"),
    ],
    Subject.INTERFACES: [
        Case(gateway.interface_findings(GATEWAY, LINKS), OK),
        Case(gateway.interface_findings(GATEWAY, LINKS[:1]), WRONG, "correct outside"),
        Case(gateway.interface_findings(GATEWAY, (LinkSeen(name="em1.2512"), LINKS[1])), WRONG, "ip address add"),
        Case(
            gateway.interface_findings(GATEWAY, (*LINKS[:1], LinkSeen(name="em2", is_up=False))), WRONG, "set em2 up"
        ),
    ],
    Subject.RULES: [Case(rules(), OK), Case(rules("rules"), WRONG, "gateway apply")],
    Subject.ROUTING: [Case(rules(), OK), Case(rules("routing policy"), WRONG, "gateway apply")],
    Subject.KERNEL_SETTINGS: [Case(rules(), OK), Case(rules("net/ipv4/x"), WRONG, "net.ipv4.x")],
    Subject.NAT_ADDRESS: [
        Case(gateway.nat_finding(GATEWAY, LINKS), OK),
        Case(gateway.nat_finding(GATEWAY, LINKS[:1]), WARN, "198.51.100.7/32 dev em2"),
    ],
    Subject.CONNTRACK: [
        Case(gateway.tracking_finding(GATEWAY, Tracking(most=1 << 30, now=5)), OK),
        Case(gateway.tracking_finding(GATEWAY, Tracking(most=65536, now=5)), WARN, "nf_conntrack_max = 80000000"),
        Case(gateway.tracking_finding(GATEWAY, Tracking(most=100, now=90)), WRONG, "packets are lost"),
        Case(gateway.tracking_finding(GATEWAY, None), WRONG, "modprobe"),
    ],
    Subject.SERVICES: [
        Case(gateway.service_finding("resolver", "10.1.0.53", ""), OK),
        Case(gateway.service_finding("resolver", "10.1.0.53", "no answer"), WRONG, "gateway.toml"),
    ],
    Subject.OTHER_FIREWALLS: [
        Case(gateway.firewall_findings([]), OK),
        Case(gateway.firewall_findings([("ufw", "replaces rules")]), WARN, "disable --now ufw"),
    ],
    Subject.PROGRAM: [
        Case(gateway.program_finding([7]), OK),
        Case(gateway.program_finding([]), WARN, "systemctl start shepherd-gateway"),
    ],
}
"""All findings of a case that are about its subject are in that state."""
EACH = [(subject, index) for subject, cases in CASES.items() for index in range(len(cases))]


@pytest.mark.parametrize(("subject", "index"), EACH, ids=lambda one: one.name if isinstance(one, Subject) else str(one))
def test_a_thing_is_judged_as_it_is(subject: Subject, index: int) -> None:
    """An administrator who is told "wrong" and not what to do calls somebody at night."""
    case = CASES[subject][index]
    found = case.of(subject)
    assert found
    assert {finding.state for finding in found} == {case.state}
    assert all(bool(finding.remedy) == (case.state is not OK) for finding in found)
    assert any(case.words in f"{finding.said} {finding.remedy}" for finding in found), found


def test_everything_that_is_looked_at_can_be_in_order_and_can_not_be() -> None:
    """The check of clocks compared a clock with itself, and was green through the outage that it was for."""
    states = {subject: {case.state for case in CASES.get(subject, ())} for subject in Subject}
    assert {subject: found for subject, found in states.items() if OK not in found or len(found) < 2} == {}


def test_keepers_of_another_release_and_their_complaints_are_told_once_each() -> None:
    """A hundred hosts with one fault gave a hundred lines, and the one with another was not seen."""
    heard = {f"p{n}": keeper(problem="no image here") for n in range(3)} | {"p7": keeper("0.9")}
    said = [finding.said for finding in pool.keeper_findings(heard.keys(), heard, "1.0")]
    assert said == [
        "keepers of version 0.9 beside our 1.0: p7", "no image here (p0, p1, p2)", "all 4 hosts have one",
    ]  # fmt: skip


def test_pages_under_our_own_key_are_no_finding() -> None:
    """Every check of a healthy pool would have warned of the pages that the shepherd publishes itself."""
    assert daemon.published_finding("0a1b", ["0a1b"]) is None
    assert daemon.published_finding("0a1b", []) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5.0), ("100ms", 0.1), ("1min 30s", 90.0), ("infinity", None), ("", None), ("5 apples", None)],
)
def test_times_of_systemd_are_read(text: str, seconds: float | None) -> None:
    """`1min` was read as one, and the packaged unit's minute passed as quick."""
    assert startd.duration_s(text) == seconds
