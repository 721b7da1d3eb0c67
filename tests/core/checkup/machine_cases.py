"""What a host and a gateway see, once as it must be and once not."""

import dataclasses
from collections.abc import Iterable
from dataclasses import replace

from shepherd.core.checkup import daemon, gateway, host, pool, startd
from shepherd.core.container.drift import engine_problem
from shepherd.model.checkup import AppArmorSeen, CgroupsSeen, Tracking, UnitSeen
from shepherd.model.container import EngineFacts, Profile
from shepherd.model.finding import Finding, Subject
from shepherd.model.network import LinkSeen
from shepherd.model.trace_settings import TraceSettings
from tests.core.checkup.case import OK, WARN, WRONG, Case
from tests.core.checkup.seen import NOW_S, authority, directory, file, keeper
from tests.core.sound_settings import node
from tests.gateway.kernel import GATEWAY

DOCKER = EngineFacts(version=(28, 5), root_uid=100000, root_gid=100000, seccomp=True, storage="overlay2")
HEARING = dataclasses.replace(GATEWAY, pool="home", trusted_keys=("/k",))
SPOOL = replace(directory(0o750, 0), group="condor")
LINKS = (
    LinkSeen(name="em1.2512", networks=("10.27.0.1/16",)),
    LinkSeen(name="em2", networks=("198.51.100.2/24", "198.51.100.7/32")),
)


def unit(restart: str, wait: str, kill: str = "mixed") -> UnitSeen:
    return UnitSeen(properties={"Restart": restart, "RestartUSec": wait, "KillMode": kill})


def rules(*drift: str) -> Iterable[Finding]:
    return gateway.rules_findings(drift, ("rules", "routing policy"))


MACHINE_CASES: dict[Subject, list[Case]] = {
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
        Case(host.apparmor_finding("x", AppArmorSeen(is_on=True, profiles=None)), WARN, "sudo; mount"),
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
        Case(startd.guard_finding("/g", file(0o755, 0, digest="e"), "/src", "d"), WARN, "/src /g"),
        Case(startd.guard_finding("/g", file(0o644, 0, digest="d"), "/src", "d"), WRONG, "chmod 0755"),
        Case(startd.guard_finding("/g", file(0o775, 0, digest="d"), "/src", "d"), WRONG, "others can change"),
        Case(startd.guard_finding("/g", file(0o755, 5, digest="d"), "/src", "d"), WRONG, "others can change"),
    ],
    Subject.STARTD: [
        Case(startd.startd_finding("/g", "/g"), OK),
        Case(startd.startd_finding("/usr/sbin/condor_startd", "/g"), WRONG, "STARTD = /g"),
        Case(startd.startd_finding("/g", "/g", [10]), WRONG, "condor_restart -daemon master"),
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
        Case(startd.drop_in_finding(unit("no", "100ms"), "htcondor"), WRONG, "system/htcondor.service.d/50"),
        Case(startd.drop_in_finding(unit("always", "5s", "process")), WRONG, "keep its port"),
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
        Case(gateway.program_finding([], enabled=True), WRONG, "journalctl -u shepherd-gateway"),
    ],
    Subject.SPOOL: [
        Case(host.spool_finding("/s", SPOOL, 1 << 30, "/s/segment"), OK),
        Case(host.spool_finding("/s", SPOOL, 1 << 30, ""), WRONG, "SHEPHERD_SPOOL_LOG = /s/segment"),
        Case(host.spool_finding("/s", SPOOL, 1 << 30, "/old/segment"), WRONG, "hands out /old/segment"),
        Case(host.spool_finding("/s", None, 0, "/s/segment"), WARN, "start shepherd-keeper"),
        Case(host.spool_finding("/s", directory(0o750), 1 << 30, "/s/segment"), WRONG, "can forge"),
        Case(host.spool_finding("/s", directory(0o770, 0), 1 << 30, "/s/segment"), WRONG, "can forge"),
        Case(host.spool_finding("/s", directory(0o750, 0), 1 << 30, "/s/segment"), WRONG, "chown root:condor /s"),
        Case(host.spool_finding("/s", SPOOL, 1 << 20, "/s/segment"), WARN, "make room"),
    ],
    Subject.RECORD: [
        Case(daemon.record_findings(TraceSettings(logger="udp:log:514")), OK, "180 days"),
        Case(daemon.record_findings(TraceSettings()), WARN, "logger ="),
        Case(daemon.record_findings(TraceSettings(logger="udp:log:514", keep_days=30)), WARN, "keep_days = 180"),
        Case(gateway.record_finding(GATEWAY, [8], 1 << 30, is_kept=True), OK),
        Case(gateway.record_finding(GATEWAY, [], 1 << 30, is_kept=False), WARN, "mend that first"),
        Case(gateway.record_finding(GATEWAY, [], 1 << 30, is_kept=True), WRONG, "journalctl -u shepherd-gateway"),
        Case(gateway.record_finding(GATEWAY, [8], 1 << 20, is_kept=True), WRONG, "make room there"),
        Case(gateway.record_finding(replace(GATEWAY, spool=""), [], 0, is_kept=True), WARN, "gateway.toml"),
    ],
    Subject.STOPS: [
        Case(gateway.stops_finding(HEARING, "", cuts=True), OK),
        Case(gateway.stops_finding(GATEWAY, "", cuts=True), WARN, "give home_collector"),
        Case(gateway.stops_finding(HEARING, "nothing listens there", cuts=True), WRONG, "correct home_collector"),
        Case(gateway.stops_finding(HEARING, "", cuts=False), WRONG, "apt-get install conntrack"),
    ],
}
