"""What a central manager sees, once as it must be and once not."""

from collections.abc import Iterable
from dataclasses import replace

from shepherd.core.checkup import daemon, listening, pool, startd
from shepherd.core.checkup.tokens import no_token_files, token_findings
from shepherd.core.naming import pair_hosts
from shepherd.model.checkup import ListenSeen, QueueSeen
from shepherd.model.finding import Finding, Subject
from shepherd.model.settings import HostSettings
from tests.core.checkup.case import OK, WARN, WRONG, Case
from tests.core.checkup.seen import DAY_S, NOW_S, authority, collector, directory, figures, file, keeper, token

PATH, GIB = "/var/lib/shepherd", 1 << 30
HOME_RIGHTS, FLOCK_RIGHTS = Subject.HOME_RIGHTS, Subject.FLOCK_RIGHTS
HOSTS = HostSettings()
REFUSES = QueueSeen(problem="it refuses s@home.lab READ", refused="s@home.lab")
CHECKS = {
    "regular startds": ["p1!startd", "p2!startd"], "flocking startds": ["f1!startd", "f2!startd"],
    "the sign of life": ["cm!alive"],
}  # fmt: skip


PAGE = ListenSeen(is_taken=True, status=200, text="<title>Sources \u2013 flocking shepherd</title>")
REFUSED = ListenSeen(is_taken=True, status=403, text="Only the proxies that [web] names may ask.\n")


def metrics(seen: ListenSeen, pid: int | None = 7) -> Finding:
    return listening.metrics_finding("127.0.0.1:9641", seen, pid, 60.0, NOW_S)


def tokens(text: str, mode: int = 0o600, uid: int = 990) -> Iterable[Finding]:
    return token_findings(Subject.TOKENS, "/t/home", file(mode, uid), text, uid=990, now_s=NOW_S)


CENTRAL_CASES: dict[Subject, list[Case]] = {
    Subject.ACCOUNT: [
        Case(daemon.account_finding("shepherd", "shepherd"), OK),
        Case(daemon.account_finding("alice", "shepherd"), WRONG, "sudo"),
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
        Case(daemon.flockoff_finding("/tmp/flockoff", 7, is_there=True, same=True), OK),
        Case(daemon.flockoff_finding("/tmp/flockoff", 7, is_there=True, same=False), WRONG, "PrivateTmp=no"),
        Case(daemon.flockoff_finding("/tmp/flockoff", None, is_there=True, same=None), WARN, "systemctl start"),
        Case(daemon.flockoff_finding("/f", None, is_there=True, same=None, enabled=True), WRONG, "systemctl start"),
        Case(daemon.flockoff_finding("/tmp/flockoff", 7, is_there=True, same=None), WARN, "sudo"),
        Case(daemon.flockoff_finding("/nowhere/off", 7, is_there=False, same=None), WRONG, "flockoff.path"),
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
        Case(daemon.lease_key_finding("/k/l", "0a1b"), OK),
        Case(daemon.lease_key_problem("/k/l", None, 990, []), WRONG, "shepherd key create"),
        Case(daemon.lease_key_problem("/k/l", file(0o644), 990, []), WRONG, "chmod 0600 /k/l"),
        Case(daemon.lease_key_problem("/k/l", file(uid=0), 990, ["/k/other"]), WRONG, "chown 990 /k/l"),
        Case(daemon.unseen_finding(Subject.LEASE_KEY, "/k/l", "alice"), WARN, "sudo"),
    ],
    Subject.PAGES: [
        Case(daemon.pages_finding("0a1b", ["0a1b"]), OK, "our key"),
        Case(daemon.pages_finding("0a1b", []), OK, "none"),
        Case(daemon.pages_finding("0a1b", ["0a1b", "ffff"]), WARN, "ffff"),
    ],
    Subject.NAMES: [
        Case(pool.names_findings("", {}, 0.1), OK),
        Case(pool.names_findings("", {"cm": "not known"}, 0.1), WRONG, "/etc/hosts"),
        Case(pool.names_findings("not known", {}, 0.1), WARN, "own name"),
        Case(pool.names_findings("", {}, 20.0), WARN, "20 s"),
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
        Case(
            pool.rights_finding(HOME_RIGHTS, ("READ",), authority("READ", identity="unauthenticated@unmapped"), "pool"),
            WARN,
            "SEC_DEFAULT_AUTHENTICATION",
        ),
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
    Subject.QUEUES: [
        Case(pool.queue_finding("cm", QueueSeen()), OK),
        Case(pool.queue_finding("cm", REFUSES), WRONG, "at cm, add s@home.lab to ALLOW_READ"),
        Case(pool.queue_finding("cm", QueueSeen(problem="nothing listens there")), WARN, "condor_q -name cm"),
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
        Case(pool.no_order_finding(Subject.HOME_ORDERS), WARN, "not looked at"),
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
        Case(pool.trust_domain_finding("", ""), WARN, "home and flock pool"),
        Case(pool.trust_domain_finding("home.lab", ""), WARN, "the flock pool"),
    ],
    Subject.FLOCK_RIGHTS: [
        Case(pool.rights_finding(FLOCK_RIGHTS, pool.NEEDED_IN_FLOCK, authority("READ", "ADMINISTRATOR"), "pool"), OK),
        Case(pool.rights_finding(FLOCK_RIGHTS, pool.NEEDED_IN_FLOCK, authority(identity="a@b"), "pool"), WRONG, "a@b"),
        Case(pool.rights_finding(FLOCK_RIGHTS, pool.NEEDED_IN_FLOCK, authority(identity=""), "pool"), WARN, "ping"),
    ],
    Subject.FLOCK_SURPLUS: [
        Case(pool.surplus_finding(Subject.FLOCK_SURPLUS, ("DAEMON",), authority(), "flock pool"), OK),
        Case(pool.surplus_finding(Subject.FLOCK_SURPLUS, ("DAEMON",), authority("DAEMON"), "pool"), WARN, "-authz"),
        Case(pool.surplus_finding(Subject.FLOCK_SURPLUS, ("DAEMON",), authority(identity=""), "pool"), WARN, "ping"),
    ],
    Subject.FLOCK_ORDERS: [
        Case(pool.order_finding(Subject.FLOCK_ORDERS, "f1", ""), OK),
        Case(pool.order_finding(Subject.FLOCK_ORDERS, "f1", "refused"), WRONG, "ADMINISTRATOR"),
    ],
    Subject.METRICS: [
        Case(metrics(figures(NOW_S - 12)), OK, "12 s ago"),
        Case(metrics(ListenSeen(), None), OK, "is free"),
        Case(metrics(figures(NOW_S - 100)), WRONG, "100 s old"),
        Case(metrics(figures(0.0)), WARN, "in a minute"),
        Case(metrics(ListenSeen()), WRONG, "systemctl reload shepherd"),
        Case(metrics(figures(NOW_S), None), WARN, "sport = :9641"),
        Case(metrics(ListenSeen(is_taken=True, status=404, text="no")), WRONG, "another answer (404)"),
        Case(metrics(ListenSeen(is_taken=True)), WRONG, "sport = :9641"),
        Case(metrics(ListenSeen(problem="cannot assign requested address")), WRONG, "metrics.listen"),
    ],
    Subject.DASHBOARD: [
        Case(listening.web_finding("[::1]:9690", PAGE, enabled=True), OK),
        Case(listening.web_finding("10.1.0.4:9690", REFUSED, enabled=True), OK),
        Case(listening.web_finding("[::1]:9690", ListenSeen(), enabled=False), OK, "is free"),
        Case(listening.web_finding("[::1]:9690", ListenSeen(), enabled=True), WRONG, "systemctl start shepherd-web"),
        Case(listening.web_finding("[::1]:9690", replace(PAGE, status=503), enabled=True), WRONG, "journalctl"),
        Case(listening.web_finding("[::1]:9690", figures(NOW_S), enabled=False), WRONG, "sport = :9690"),
        Case(listening.web_finding("[::1]:80", ListenSeen(problem="permission denied"), enabled=True), WRONG, "1023"),
    ],
    Subject.MONITORING: [
        Case(daemon.monitoring_finding("icinga:5665", []), OK),
        Case(daemon.monitoring_finding("icinga:5665", ["actions/schedule-downtime"]), WRONG, "schedule-downtime"),
        Case(daemon.checks_finding("icinga:5665", {}, []), OK, "no check to"),
        Case(daemon.checks_finding("icinga:5665", CHECKS, []), OK, "all of 5"),
        Case(daemon.checks_finding("icinga:5665", CHECKS, ["p1!startd"]), WARN, "1 of 5"),
        Case(daemon.checks_finding("icinga:5665", CHECKS, ["f1!startd", "f2!startd"]), WRONG, "of flocking startds"),
        Case(daemon.checks_finding("icinga:5665", CHECKS, ["cm!alive"]), WRONG, "shepherd-templates.conf"),
    ],
}
