"""`shepherd check` on a real site: nothing is wrong, then one thing at a time is, and its own remedy mends it."""

import contextlib
import json
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from shepherd.lab.command import kill_session
from shepherd.lab.eventually import eventually
from shepherd.lab.node import WRONG_CLOCK, Node
from shepherd.lab.pools import CONFIG_D, GUARD
from shepherd.lab.site import Site, SiteSpec
from shepherd.lab.tokens import FLOCK_TOKEN
from shepherd.model.finding import Subject
from tests.faults.breaking import daemons, stopped

pytestmark = pytest.mark.real

HOST_TOKEN, DAEMON_TOKEN = "/etc/condor/tokens.d/home", "/etc/shepherd/tokens.d/home"
SETTINGS, KEY = "/etc/shepherd/shepherd.toml", "/etc/shepherd/lease.pub"
OTHER_SETTINGS, MORE_CONFIG = "/etc/shepherd/other.toml", f"{CONFIG_D}/99-test.conf"
AN_HOUR_AHEAD = {"LD_PRELOAD": WRONG_CLOCK, "FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
OF_THE_LAB = {Subject.DROP_IN, Subject.LIVE_RESTORE, Subject.RECORD}
"""The lab has no systemd, its dockerd is as it comes, and nobody is told where its record ends."""
OF_THE_MACHINE = {Subject.KERNEL, Subject.LANDLOCK, Subject.MEMORY, Subject.CONNTRACK}
"""Nodes have the machine's kernel, and share its memory."""

Act = Callable[[Site], None]


@pytest.fixture(name="site", scope="module")
def a_site() -> Iterator[Site]:
    with Site(SiteSpec(hosts=1, start_keepers=True, start_shepherd=True)) as made:
        eventually(lambda: "f201" in made.flocking_startds(), 90, 0.3, what="the host is lent")
        yield made


@pytest.fixture(name="quiet", scope="module")
def site_at_home(site: Site) -> Site:
    """Nothing is lent any more, so that nobody is sent home by what is broken."""
    site.cm.must(("shepherd", "flockoff", "a test"))
    eventually(lambda: site.accepting_startds() == {"p201"}, 60, 0.3, what="the host is home")
    eventually(lambda: wrong(check(site.host("p201"), "--node")) == {}, 30, 1.0, what="its keeper has said so")
    return site


@contextlib.contextmanager
def holding_still(site: Site) -> Iterator[None]:
    """Keeper and gateway would undo what a test breaks."""
    keeper, gateway = daemons(site.host("p201"), "keeper", "-m shepherd"), daemons(site.cm, "gateway", "-m shepherd")
    with stopped(keeper), stopped(gateway):
        yield


def check(node: Node, *words: str, env: dict[str, str] | None = None) -> list[dict[str, str]]:
    """Findings of `shepherd check`, by root; its exit code says whether any is wrong."""
    done = node.run(("shepherd", *words_of(words), "--json"), timeout_s=90, env=env)
    assert done.stdout, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    found = [finding for role in told["roles"] for finding in role["findings"]]
    assert done.returncode == (1 if any(one["state"] == "wrong" for one in found) else 0)
    assert "Traceback" not in done.stderr
    return found


def words_of(words: Sequence[str]) -> Sequence[str]:
    """A settings file comes before the verb."""
    return (*words[:2], "check", *words[2:]) if words[:1] == ("--settings",) else ("check", *words)


def wrong(found: list[dict[str, str]], state: str = "wrong") -> dict[str, str]:
    """Remedies of what is wrong, by subject."""
    return {one["subject"]: one["remedy"] for one in found if one["state"] == state}


def run_on(name: str, *argv: str) -> Act:
    return lambda site: site.nodes[name].must(argv)  # type: ignore[return-value]


def mended_by(name: str) -> Callable[[Site, str], None]:
    """The remedy is a command, and is run as it stands there."""
    return lambda site, remedy: site.nodes[name].must(shlex.split(remedy))  # type: ignore[return-value]


@dataclass(frozen=True)
class Broken:
    """One thing that is broken, by whom it is found, and how it is mended."""

    where: str
    words: tuple[str, ...]
    act: Act
    subject: Subject
    remedy: str
    """Stands in the remedy."""
    mend: Callable[[Site, str], None]
    env: dict[str, str] | None = None


def by(act: Act) -> Callable[[Site, str], None]:
    """Mended by hand, as the remedy says."""
    return lambda site, _: act(site)


def write(name: str, path: str, text: str) -> Act:
    return lambda site: site.nodes[name].write(path, text)


def remove(name: str, path: str) -> Act:
    return run_on(name, "rm", path)


def expired_token(site: Site) -> None:
    made = site.cm.must(("condor_token_create", "-identity", "shepherd@home.lab", "-lifetime", "1"))
    site.cm.must(("cp", "-a", DAEMON_TOKEN, "/etc/shepherd/token-aside"))
    site.cm.write(DAEMON_TOKEN, made, mode=0o600, owner="shepherd")
    time.sleep(2.1)


def flock_pool_down(site: Site) -> None:
    site.cm.stop("flock-condor")


def flock_pool_up(site: Site, _remedy: str) -> None:
    site.cm.start("flock-condor")
    eventually(lambda: site.collector_ads(site.cm, "negotiator", pool=site.flock_pool), 60, 0.3, what="it is up")


def no_read_at_the_schedd(site: Site) -> None:
    """Schedds are asked by `demand` alone."""
    site.cm.write(OTHER_SETTINGS, site.cm.read(SETTINGS).replace('kind = "threshold"', 'kind = "demand"'))
    site.cm.write(MORE_CONFIG, "SCHEDD.DENY_READ = shepherd@home.lab\n")
    site.cm.must(("condor_reconfig", "-daemon", "schedd"))


def read_again(site: Site, _remedy: str) -> None:
    site.cm.must(("rm", MORE_CONFIG))
    site.cm.must(("condor_reconfig", "-daemon", "schedd"))


def other_identity(site: Site) -> None:
    text = site.cm.read(SETTINGS)
    site.cm.write(OTHER_SETTINGS, text.replace('"condor@family"', '"condor@home.lab"'))


def other_key(site: Site) -> None:
    """A key that signs nothing here."""
    make = "rm -rf /root/k; shepherd key create --key /root/k/other.key >&2; cat /root/k/*.pub"
    made = site.cm.must(("sh", "-c", make))
    site.host("p201").must(("cp", "-a", KEY, "/root/lease.pub"))
    site.host("p201").write(KEY, made)


NODE, GATEWAY = ("--node",), ("--gateway",)
UP, APPLY = ("shepherd", "node", "up"), ("shepherd", "gateway", "apply")
CASES = {
    "VLAN interface down": Broken(
        "p201", NODE, run_on("p201", "ip", "link", "set", "em1f", "down"), Subject.NETWORK, "`shepherd node up`",
        by(run_on("p201", *UP)),
    ),
    "host guard flushed": Broken(
        "p201", NODE, run_on("p201", "nft", "delete", "table", "netdev", "shepherd_guard"), Subject.NETWORK,
        "`shepherd node up`", by(run_on("p201", *UP)),
    ),
    "cable in another port": Broken(
        "p201", NODE, lambda site: site.host("p201").cut("flock"), Subject.WAY_OUT, "port of the switch",
        by(lambda site: site.host("p201").join("flock")),
    ),
    "guard for others to change": Broken(
        "p201", NODE, run_on("p201", "chmod", "0775", GUARD), Subject.GUARD, "0755 /opt/shepherd/src",
        mended_by("p201"),
    ),
    "STARTD is not the guard": Broken(
        "p201", NODE, write("p201", MORE_CONFIG, "STARTD = /usr/sbin/condor_startd\n"), Subject.STARTD,
        f"STARTD = {GUARD}", by(remove("p201", MORE_CONFIG)),
    ),
    "usual back-off": Broken(
        "p201", NODE, write("p201", MORE_CONFIG, "MASTER_STARTD_BACKOFF_FACTOR = 2.0\n"), Subject.BACKOFF,
        "MASTER_STARTD_BACKOFF_FACTOR = 1.0", by(remove("p201", MORE_CONFIG)),
    ),
    "host's token for all to read": Broken(
        "p201", NODE, run_on("p201", "chmod", "0644", HOST_TOKEN), Subject.TOKENS, f"chmod 0600 {HOST_TOKEN}",
        mended_by("p201"),
    ),
    "another host's flock token": Broken(
        "p201", NODE, run_on("p201", "sh", "-c", f"cp -a {FLOCK_TOKEN} /root/aside; cp -a {HOST_TOKEN} {FLOCK_TOKEN}"),
        Subject.FLOCK_TOKEN, "-identity f201@", by(run_on("p201", "cp", "-a", "/root/aside", FLOCK_TOKEN)),
    ),
    "another shepherd's key": Broken(
        "p201", NODE, other_key, Subject.TRUSTED_KEYS, "lease.key.pub",
        by(run_on("p201", "cp", "-a", "/root/lease.pub", KEY)),
    ),
    "host's clock an hour ahead": Broken(
        "p201", NODE, lambda _: None, Subject.CLOCK, "chrony", by(lambda _: None), AN_HOUR_AHEAD,
    ),
    "daemon's token expired": Broken(
        "cm", (), expired_token, Subject.TOKENS, "condor_token_create -identity shepherd@home.lab",
        by(run_on("cm", "cp", "-a", "/etc/shepherd/token-aside", DAEMON_TOKEN)),
    ),
    "daemon's token for all to read": Broken(
        "cm", (), run_on("cm", "chmod", "0644", DAEMON_TOKEN), Subject.TOKENS, f"chmod 0600 {DAEMON_TOKEN}",
        mended_by("cm"),
    ),
    "spool for all to write": Broken(
        "cm", (), run_on("cm", "chmod", "2777", "/var/lib/shepherd/intents"), Subject.INTENTS,
        "chmod 2770 /var/lib/shepherd/intents", mended_by("cm"),
    ),
    "schedd's identity": Broken(
        "cm", ("--settings", OTHER_SETTINGS), other_identity, Subject.SCHEDDS, 'add "condor@family"',
        by(run_on("cm", "cp", SETTINGS, OTHER_SETTINGS)),
    ),
    "queue not for us to read": Broken(
        "cm", ("--settings", OTHER_SETTINGS), no_read_at_the_schedd, Subject.QUEUES,
        "add shepherd@home.lab to ALLOW_READ", read_again,
    ),
    "flock pool down": Broken(
        "cm", (), flock_pool_down, Subject.FLOCK_COLLECTOR, "systemctl start shepherd-flock-pool", flock_pool_up
    ),
    "gateway's rules flushed": Broken(
        "cm", GATEWAY, run_on("cm", "nft", "delete", "table", "inet", "shepherd"), Subject.RULES, "gateway apply",
        by(run_on("cm", *APPLY)),
    ),
    "routing rule gone": Broken(
        "cm", GATEWAY, run_on("cm", "ip", "rule", "del", "priority", "100"), Subject.ROUTING, "gateway apply",
        by(run_on("cm", *APPLY)),
    ),
    "forwarding off": Broken(
        "cm", GATEWAY, run_on("cm", "sysctl", "-qw", "net.ipv4.conf.vlan.forwarding=0"), Subject.KERNEL_SETTINGS,
        "gateway apply", by(run_on("cm", *APPLY)),
    ),
    "way out down": Broken(
        "cm", GATEWAY, run_on("cm", "ip", "link", "set", "wan", "down"), Subject.INTERFACES, "ip link set wan up",
        mended_by("cm"),
    ),
}  # fmt: skip


def test_nothing_is_wrong_on_a_site_that_lends(site: Site) -> None:
    """A check that complains of a healthy site is switched off before it is needed."""
    node = check(site.host("p201"), "--node")
    every = {"central": check(site.cm), "node": node, "gateway": check(site.cm, "--gateway")}
    assert {role: wrong(found) for role, found in every.items()} == {"central": {}, "node": {}, "gateway": {}}
    mayhap = {subject.value for subject in OF_THE_LAB | OF_THE_MACHINE | {Subject.HOME_ORDERS}}
    assert {role: set(wrong(found, "warn")) - mayhap for role, found in every.items()} == {
        "central": set(), "node": set(), "gateway": set(),
    }  # fmt: skip
    orders = [one["said"] for one in every["central"] if one["subject"] == Subject.FLOCK_ORDERS.value]
    assert orders == ["the startd of f201 takes them"]


def test_all_roles_of_a_machine_are_looked_at_and_nothing_is_left_behind(site: Site) -> None:
    """The check itself was what changed the spool's owner."""
    watched = "find /etc/shepherd /var/lib/shepherd/intents /run/shepherd -printf '%p %U %m %s\\n' | sort"
    before = site.cm.must(("sh", "-c", watched))
    done = site.cm.run(("shepherd", "check", "--all"), timeout_s=90)
    assert done.returncode == 0, done.stdout
    assert [line for line in done.stdout.splitlines() if line.endswith(".toml)")] == [
        "gateway (/etc/shepherd/gateway.toml)", "central manager (/etc/shepherd/shepherd.toml)",
    ]  # fmt: skip
    assert "account: looked at as shepherd" in done.stdout
    assert site.cm.must(("sh", "-c", watched)) == before


def test_the_daemons_own_user_is_told_the_same(site: Site) -> None:
    """It worked for root, and the daemon was refused."""
    done = site.cm.run(("shepherd", "check"), user="shepherd", timeout_s=90)
    assert done.returncode == 0, done.stdout
    assert "WRONG " not in done.stdout
    assert "rights at home: shepherd@home.lab has READ, DAEMON, ADMINISTRATOR" in done.stdout


def test_somebody_else_is_told_to_ask_root(site: Site) -> None:
    """Carol asked, and was told to give carol the rights of an administrator."""
    done = site.cm.run(("shepherd", "check"), user="carol", timeout_s=90)
    assert done.returncode == 1
    (told,) = (line for line in done.stdout.splitlines() if line.startswith("WRONG"))
    assert told.startswith("WRONG  account: carol is neither root nor shepherd")
    assert told.endswith("To mend: call it with sudo")


def test_a_host_at_home_takes_orders(quiet: Site) -> None:
    """Rights at the collector were in order, and the hosts obeyed nobody: found by the first drain."""
    said = {one["subject"]: one["said"] for one in check(quiet.cm)}
    assert said[Subject.HOME_ORDERS.value] == "the startd of p201 takes them"
    assert Subject.FLOCK_ORDERS.value not in said


@pytest.mark.large("what is broken on a site", sample=2)
@pytest.mark.parametrize("what", CASES)
def test_what_is_broken_is_found_alone_and_mended_by_its_remedy(quiet: Site, what: str) -> None:
    """Somebody has to be told what to do at night, by whoever wrote this by day."""
    case = CASES[what]
    node = quiet.nodes[case.where]
    found: dict[str, str] = {}
    with holding_still(quiet):
        case.act(quiet)
        try:
            found = wrong(check(node, *case.words, env=case.env))
            assert set(found) == {case.subject.value}
            assert case.remedy in found[case.subject.value]
        finally:
            case.mend(quiet, found.get(case.subject.value, "true"))
        assert wrong(check(node, *case.words)) == {}


def test_a_daemon_with_a_tmp_of_its_own_is_found(quiet: Site) -> None:
    """PrivateTmp=yes: `touch /tmp/flockoff` stopped nothing, and nobody knew until it was needed."""
    cm = quiet.cm
    cm.stop("shepherd")
    run = "exec setpriv --reuid=shepherd --regid=shepherd --init-groups shepherd run"
    private = cm.spawn(("unshare", "--mount", "sh", "-c", f"mount -t tmpfs tmpfs /tmp; {run}"))
    try:
        found = eventually(
            lambda: told if (told := wrong(check(cm))) else {}, 30, 1.0, what="the check names the daemon's own /tmp"
        )
        assert set(found) == {Subject.FLOCKOFF.value}
        assert "PrivateTmp=no" in found[Subject.FLOCKOFF.value]
    finally:
        kill_session(private)
        cm.start("shepherd")
    eventually(lambda: "process" in flockoff_said(cm), 30, 1.0, what="the daemon runs again")
    assert wrong(check(cm)) == {}


def flockoff_said(cm: Node) -> str:
    return next(one["said"] for one in check(cm) if one["subject"] == Subject.FLOCKOFF.value)


def test_a_keeper_that_died_is_found(quiet: Site) -> None:
    """A host that was never lent, for a year."""
    host = quiet.host("p201")
    host.stop("keeper")
    try:
        assert wrong(check(host, "--node")).keys() == {Subject.KEEPER.value}
    finally:
        host.start("keeper")
    eventually(lambda: wrong(check(host, "--node")) == {}, 30, 1.0, what="it is found again")
