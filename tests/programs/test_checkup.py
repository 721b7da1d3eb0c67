"""`shepherd check` of a central manager, a host and a gateway: what is broken is named, and nothing else."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from shepherd.errors import CommandFailed, PoolUnavailable, Unavailable
from shepherd.model.checkup import ListenSeen, QueueSeen
from shepherd.model.finding import Finding, Role, State, Subject
from shepherd.model.settings import PolicyKind, PolicySettings
from shepherd.programs.checkup.look import Question
from shepherd.views.checkup_table import EXPLAINED
from tests.core.checkup.seen import NOW_S, authority, collector, figures, token
from tests.programs.checkup_listeners import Listeners
from tests.programs.checkup_world import ACCOUNT, FLOCK_TOKEN, TOKENS, Place, Site, asked, of_host

KEY = "/etc/shepherd/keys/lease.key"
Break = Callable[[Site], None]


def change(part: str, **changes: object) -> Break:
    """Replace fields of a part of the site: `place`, `home`, `flock`, or "" for the site itself."""

    def act(site: Site) -> None:
        target = getattr(site, part) if part else site
        for name, value in changes.items():
            assert hasattr(target, name)
            setattr(target, name, value)

    return act


def put(path: str, text: str = "", **changes: Any) -> Break:
    """Another text, and another mode or owner, for a file."""

    def act(site: Site) -> None:
        site.place.files[path] = dataclasses.replace(site.place.files[path], **changes)
        site.place.texts[path] = text or site.place.texts.get(path, "")

    return act


def remove(path: str) -> Break:
    """The file is gone."""

    def act(site: Site) -> None:
        del site.place.files[path]

    return act


def configure(name: str, value: str = "") -> Break:
    """Another value for a setting of HTCondor's; none takes it out."""

    def act(site: Site) -> None:
        site.home.configured[name] = value

    return act


def in_state(found: list[Finding], state: State) -> set[Subject]:
    return {finding.subject for finding in found if finding.state is state}


SILENT = PoolUnavailable("home collector: nothing listens there")
REFUSED = PoolUnavailable("home collector: it refuses READ", refused=True)
UNREAD = QueueSeen(problem="it refuses shepherd@home.lab READ", refused="shepherd@home.lab")
NO_BINDINGS = CommandFailed("importing htcondor2 failed: ModuleNotFoundError")

CENTRAL: dict[str, tuple[Break, Subject]] = {
    "bindings missing": (change("", missing=NO_BINDINGS), Subject.BINDINGS),
    "tools too old": (change("place", tools=(9, 0, 1)), Subject.TOOLS),
    "token expired": (put(f"{TOKENS}/home", token(exp=NOW_S - 5)), Subject.TOKENS),
    "token for all to read": (put(f"{TOKENS}/home", mode=0o644), Subject.TOKENS),
    "collector without a name": (change("place", closed={"cm": "name or service not known"}), Subject.NAMES),
    "collector silent": (change("home", trouble=SILENT), Subject.HOME_COLLECTOR),
    "collector ancient": (change("home", seen=collector((8, 8, 1))), Subject.HOME_COLLECTOR),
    "clock an hour off": (change("home", seen=collector(ahead_s=3600.0)), Subject.CLOCK),
    "no right to order": (change("home", rights=authority("READ", "DAEMON")), Subject.HOME_RIGHTS),
    "another identity": (change("home", known={"submit": "condor@family"}), Subject.SCHEDDS),
    "jobs not told": (change("home", unread={"submit": UNREAD}), Subject.QUEUES),
    "no host by that rule": (change("place", startds=("node1",)), Subject.HOSTS),
    "no keeper": (change("place", reports={}), Subject.KEEPERS),
    "flock pool silent": (change("flock", trouble=SILENT), Subject.FLOCK_COLLECTOR),
    "no negotiator": (change("flock", negotiator=0), Subject.NEGOTIATOR),
    "one trust domain": (change("flock", rights=authority("READ", "ADMINISTRATOR")), Subject.TRUST_DOMAIN),
    "key for all to read": (put(KEY, mode=0o640), Subject.LEASE_KEY),
    "spool for all to write": (put("/var/lib/shepherd/intents", mode=0o2777), Subject.INTENTS),
    "state missing": (remove("/var/lib/shepherd"), Subject.STATE),
    "a /tmp of its own": (change("place", same_tmp=False), Subject.FLOCKOFF),
    "no directory for flockoff": (remove("/tmp"), Subject.FLOCKOFF),
    "figures of a look long ago": (change("listeners", figures=figures(NOW_S - 3600)), Subject.METRICS),
    "figures nowhere": (change("listeners", figures=ListenSeen()), Subject.METRICS),
    "another dashboard": (change("listeners", dashboard=ListenSeen(is_taken=True, status=200)), Subject.DASHBOARD),
    "monitoring": (change("", lacking=("actions/schedule-downtime",)), Subject.MONITORING),
    "checks of nobody's": (change("", lacking=(), hidden=("p220!startd",)), Subject.MONITORING),
}
NODE: dict[str, tuple[Break, Subject]] = {
    "bindings missing": (change("", missing=NO_BINDINGS), Subject.BINDINGS),
    "registry without a name": (change("place", closed={"registry": "not known"}), Subject.NAMES),
    "dockerd silent": (change("place", dockerd_up=False), Subject.DOCKERD),
    "image nowhere": (change("place", image="not here", lacking="it has none"), Subject.IMAGE),
    "VLAN down": (change("place", network="the VLAN interface is down; `shepherd node up`"), Subject.NETWORK),
    "cable in another port": (change("place", gateway_mac=""), Subject.WAY_OUT),
    "silent target": (change("place", silent="10.1.0.9:2049 answers nobody here"), Subject.LEAK_TARGETS),
    "run directory gone": (remove("/run/shepherd"), Subject.RUN_DIR),
    "guard for others to change": (put("/usr/local/libexec/shepherd/startd-guard", mode=0o775), Subject.GUARD),
    "STARTD is no guard": (configure("STARTD", "/usr/sbin/condor_startd"), Subject.STARTD),
    "an older startd runs": (change("place", startd_pids=(10,)), Subject.STARTD),
    "usual back-off": (configure("MASTER_STARTD_BACKOFF_FACTOR"), Subject.BACKOFF),
    "keeper dead": (change("place", keeper_pid=None), Subject.KEEPER),
    "keeper unheard": (change("home", keepers={}), Subject.KEEPER),
    "another key": (change("home", keys=("ffff",)), Subject.TRUSTED_KEYS),
    "clock an hour off": (change("home", seen=collector(ahead_s=-3600.0)), Subject.CLOCK),
    "may not advertise": (change("home", rights=authority("READ")), Subject.HOME_RIGHTS),
    "collector silent": (change("home", trouble=SILENT), Subject.HOME_COLLECTOR),
    "token expired": (put(f"{TOKENS}/root", token(exp=NOW_S - 5)), Subject.TOKENS),
    "flock token expired": (put(FLOCK_TOKEN, token(exp=NOW_S - 5)), Subject.FLOCK_TOKEN),
    "flock token missing": (remove(FLOCK_TOKEN), Subject.FLOCK_TOKEN),
    "flock pool's port closed": (change("place", closed={"cm:9619": "refused"}), Subject.FLOCK_COLLECTOR),
}  # fmt: skip
GATEWAY: dict[str, tuple[Break, Subject]] = {
    "interface gone": (lambda site: change("place", links=site.place.links[:2])(site), Subject.INTERFACES),
    "rules flushed": (change("place", drifted=("rules",)), Subject.RULES),
    "routing gone": (change("place", drifted=("routing policy",)), Subject.ROUTING),
    "forwarding off": (change("place", drifted=("net/ipv4/conf/em2/forwarding",)), Subject.KERNEL_SETTINGS),
    "deaf": (change("place", page_problem="nothing listens there"), Subject.STOPS),
    "no conntrack": (change("place", cuts_connections=False), Subject.STOPS),
    "no tracking": (change("place", tracked=None), Subject.CONNTRACK),
    "nothing recorded": (change("place", recorders=()), Subject.RECORD),
    "resolver silent": (change("place", closed={"131.169.0.53": "no answer"}), Subject.SERVICES),
}


def test_a_healthy_site_has_nothing_to_be_mended() -> None:
    """A check that always warns is not read any more when it matters."""
    for found in (Site().central(), of_host().node(), Site().gateway()):
        assert [finding for finding in found if finding.state is not State.OK] == []
        assert len(found) > 5


@pytest.mark.parametrize("what", CENTRAL)
def test_what_is_broken_on_a_central_manager_is_named_alone(what: str) -> None:
    """One fault gave eleven findings, and the one that was to be mended was the ninth."""
    site = Site()
    CENTRAL[what][0](site)
    assert in_state(site.central(), State.WRONG) == {CENTRAL[what][1]}


@pytest.mark.parametrize("what", NODE)
def test_what_is_broken_on_a_host_is_named_alone(what: str) -> None:
    """The same on a host."""
    site = of_host()
    NODE[what][0](site)
    assert in_state(site.node(), State.WRONG) == {NODE[what][1]}


@pytest.mark.parametrize("what", GATEWAY)
def test_what_is_broken_on_a_gateway_is_named_alone(what: str) -> None:
    """The same on a gateway."""
    site = Site()
    GATEWAY[what][0](site)
    assert in_state(site.gateway(), State.WRONG) == {GATEWAY[what][1]}


def test_what_cannot_be_looked_at_says_so_and_is_not_ok() -> None:
    """With a silent collector "keepers: ok" stood there, because nobody had complained."""
    site = Site()
    site.home.trouble = SILENT
    found = site.central()
    unseen = {finding.subject for finding in found if "not looked at" in finding.said}
    assert unseen >= {Subject.CLOCK, Subject.HOME_RIGHTS, Subject.SCHEDDS, Subject.HOSTS, Subject.KEEPERS}
    assert Subject.FLOCK_COLLECTOR in in_state(found, State.OK)


def test_a_refused_collector_with_a_bad_token_is_the_tokens_fault() -> None:
    """Two things were wrong, one by the other, and the wrong one was mended."""
    site = Site()
    put(f"{TOKENS}/home", token(exp=NOW_S - 5))(site)
    site.home.trouble = REFUSED
    found = site.central()
    assert in_state(found, State.WRONG) == {Subject.TOKENS}
    assert Subject.HOME_COLLECTOR in in_state(found, State.WARN)


def test_other_firewalls_are_named_if_they_start_at_boot() -> None:
    """Debian's nftables flushed ours at each boot."""
    site = Site()
    site.place.starts_at_boot = ("nftables.service", "ufw.service")
    site.place.texts["/etc/nftables.conf"] = "#!/usr/sbin/nft -f\n# flush ruleset\n"
    assert [one.said for one in site.gateway() if one.subject is Subject.OTHER_FIREWALLS] == [
        "ufw: replaces rules when it starts"
    ]
    site.place.texts["/etc/nftables.conf"] = "flush ruleset\n"
    assert len([one for one in site.gateway() if one.subject is Subject.OTHER_FIREWALLS]) == 2


def test_the_docs_say_who_looks_at_what() -> None:
    """The table named things that nobody looked at any more."""
    seen: dict[Subject, set[Role]] = {subject: set() for subject in Subject}
    site = Site(lacking=())
    for role, found in ((Role.CENTRAL, site.central()), (Role.NODE, of_host().node()), (Role.GATEWAY, site.gateway())):
        for finding in found:
            seen[finding.subject].add(role)
    assert seen == {subject: set(EXPLAINED[subject][0]) for subject in Subject}


def test_neither_a_defect_nor_a_hung_question_ends_the_round() -> None:
    """The check itself died of what it was to find."""

    def broken() -> list[Finding]:
        raise ZeroDivisionError

    def hung() -> list[Finding]:
        raise CommandFailed("it hangs")

    looks = {Subject.KERNEL: broken, Subject.NFT: hung, Subject.MEMORY: list}
    found = asked(Question(subject=subject, look=look, remedy="see there") for subject, look in looks.items())
    assert [(finding.subject, finding.state) for finding in found] == [
        (Subject.KERNEL, State.WRONG), (Subject.NFT, State.WRONG),
    ]  # fmt: skip
    assert [finding.remedy for finding in found] == ["this is a defect, please report it", "see there"]


def test_whoever_is_neither_root_nor_the_daemons_user_is_told_that_alone() -> None:
    """Alice asked, and was told to give alice the rights of an administrator."""
    site = Site(account=dataclasses.replace(ACCOUNT, now="alice", may_look=False))
    found = site.central()
    assert in_state(found, State.WRONG) == {Subject.ACCOUNT}
    unseen = {finding.subject for finding in found if "not looked at" in finding.said}
    assert unseen >= {Subject.TOKENS, Subject.LEASE_KEY, Subject.METRICS, Subject.HOME_RIGHTS, Subject.FLOCK_RIGHTS}


def test_bindings_older_than_the_pool_are_named() -> None:
    """Attributes were missing from answers, because two majors lay between."""
    site = Site()
    site.home.seen = collector((26, 1, 0))
    (warned,) = (one for one in site.central() if one.state is State.WARN)
    assert (warned.subject, warned.said) == (Subject.BINDINGS, "25.14.1, older than the daemons' 26.1.0")


def test_a_pool_that_is_lent_as_a_whole_has_hosts_all_the_same() -> None:
    """The check cried for hosts at night, when guests had all of them."""
    site = Site(place=Place(startds=(), without_startd=("p220", "gpu7")))
    found = site.central()
    assert in_state(found, State.OK) >= {Subject.HOSTS, Subject.KEEPERS, Subject.FLOCK_ORDERS}
    assert in_state(found, State.WRONG) == set()
    assert in_state(found, State.WARN) == {Subject.HOME_ORDERS}
    assert site.place.ordered == ["slot1@f220"]


def test_a_policy_that_only_counts_jobs_needs_no_schedd() -> None:
    """A right was asked for that nobody used."""
    site = Site(policy=PolicySettings(kind=PolicyKind.THRESHOLD))
    site.home.unread = {"submit": UNREAD}
    assert Subject.QUEUES not in {finding.subject for finding in site.central()}


@pytest.mark.parametrize("seen", [None, QueueSeen(problem="nothing listens there")])
def test_a_schedd_that_is_silent_may_be_back_soon(seen: QueueSeen | None) -> None:
    """One submit machine rebooted, and the whole pool's check was red, with a word on the collector."""
    site = Site()
    site.home.unread = {"submit": seen}
    found = site.central()
    assert in_state(found, State.WARN) == {Subject.QUEUES}
    assert in_state(found, State.WRONG) == set()


def test_an_order_is_tried_where_a_startd_can_take_it() -> None:
    """The first host by name was on its way to guests, and its silence was taken for a fault."""
    site = Site(place=Place(startds=("p1", "p2"), draining=("p1",), lent=()))
    site.central()
    assert site.place.ordered == ["slot1@p2"]


def test_a_key_that_systemd_hands_over_is_roots() -> None:
    """A central manager as it is installed had a finding that could not be mended."""
    site = Site()
    put(KEY, uid=0, owner="root")(site)
    assert in_state(site.central(), State.WRONG) == {Subject.LEASE_KEY}
    site.place.given = ("/etc/shepherd/secrets/icinga-password", "/etc/shepherd/keys")
    assert in_state(site.central(), State.WRONG) == set()


def test_whoever_may_not_look_at_the_key_is_told_to_ask_root() -> None:
    """The daemon's own user was told that the key was broken: only root sees it."""
    site = Site(place=Place(kept=(KEY,)))
    assert in_state(site.central(), State.WRONG) == {Subject.LEASE_KEY}
    site.account = dataclasses.replace(ACCOUNT, may_look=False)
    found = site.central()
    assert in_state(found, State.WRONG) == set()
    assert in_state(found, State.WARN) == {Subject.LEASE_KEY, Subject.PAGES}


def test_a_warning_keeps_nothing_from_being_looked_at() -> None:
    """A token that had a week left hid that the flock pool was down."""
    site = Site()
    put(f"{TOKENS}/home", token(exp=NOW_S + 86400))(site)
    site.flock.trouble = SILENT
    found = site.central()
    assert Subject.TOKENS in in_state(found, State.WARN)
    assert in_state(found, State.WRONG) == {Subject.FLOCK_COLLECTOR}


def test_a_containers_token_that_ends_soon_is_tried_all_the_same() -> None:
    """A token with a week left gave no right at all, and the check said only that it had a week left."""
    site = of_host()
    put(FLOCK_TOKEN, token(exp=NOW_S + 9 * 86400.0))(site)
    assert in_state(site.node(), State.WARN) == {Subject.FLOCK_TOKEN}
    site.flock.rights = authority("READ", domain="flock.lab")
    assert in_state(site.node(), State.WRONG) == {Subject.FLOCK_TOKEN}


def test_a_guard_that_an_upgrade_left_alone_is_told_and_is_not_wrong() -> None:
    """Each upgrade made the check of every host fail, until somebody replaced guards under running jobs."""
    site = of_host()
    put("/usr/local/libexec/shepherd/startd-guard", digest="x")(site)
    found = site.node()
    assert in_state(found, State.WRONG) == set()
    assert in_state(found, State.WARN) == {Subject.GUARD}


def test_an_expired_token_beside_a_good_one_of_its_pool_is_only_told() -> None:
    """Last year's token lay beside this year's, and the check was red for a site that worked."""
    for site, look in ((Site(), "central"), (of_host(), "node")):
        first = site.place.listed[0]
        site.place.listed = (first, "old")
        site.place.files[f"{TOKENS}/old"] = site.place.files[f"{TOKENS}/{first}"]
        site.place.texts[f"{TOKENS}/old"] = token(exp=NOW_S - 86400)
        found: list[Finding] = getattr(site, look)()
        assert in_state(found, State.WRONG) == set()
        assert [one.remedy for one in found if one.state is State.WARN] == [f"remove it from {TOKENS}/old"]
        site.place.texts[f"{TOKENS}/old"] = token(exp=NOW_S - 86400, iss="elsewhere.lab")
        assert in_state(getattr(site, look)(), State.WRONG) == {Subject.TOKENS}


def test_who_should_run_and_does_not_is_wrong() -> None:
    """The monitoring looked at the exit code, and a dead daemon's was 0; one that nobody wanted yet cried."""
    site = Site(place=Place(daemon=None, programs=()), listeners=Listeners(figures=ListenSeen()))
    assert in_state(site.central(), State.WRONG) | in_state(site.gateway(), State.WRONG) == set()
    assert in_state(site.central(), State.WARN) == {Subject.FLOCKOFF}
    assert in_state(site.gateway(), State.WARN) == {Subject.PROGRAM, Subject.RECORD}
    site.place.starts_at_boot = ("shepherd.service", "shepherd-gateway.service")
    assert in_state(site.central(), State.WRONG) == {Subject.FLOCKOFF}
    assert in_state(site.gateway(), State.WRONG) == {Subject.PROGRAM}


def test_a_dashboard_that_should_run_and_does_not_is_wrong() -> None:
    """It had not come up again after the reboot, and nobody opened it until somebody had to."""
    site = Site(listeners=Listeners(dashboard=ListenSeen()))
    assert in_state(site.central(), State.WRONG) | in_state(site.central(), State.WARN) == set()
    site.place.starts_at_boot = ("shepherd-web.service",)
    assert in_state(site.central(), State.WRONG) == {Subject.DASHBOARD}


def test_a_service_that_hangs_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first silent resolver took the whole minute, and of the proxies nothing was said."""

    def hangs(_self: Place, place: str) -> str:
        raise Unavailable(f"no answer from {place} within 60 s")

    site = Site()
    before = [one for one in site.gateway() if one.subject is Subject.SERVICES]
    monkeypatch.setattr(Place, "dns_problem", hangs)
    found = [one for one in site.gateway() if one.subject is Subject.SERVICES]
    assert len(found) == len(before) > 2
    hung = [one for one in found if one.state is State.WRONG]
    assert {one.remedy.partition(" ")[0] for one in hung} == {"resolver"}
    assert len(hung) < len(found)
