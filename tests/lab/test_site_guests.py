"""Guests on the real site: what a token opens, what its end closes, and what a limit holds."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from shepherd.lab import guests
from shepherd.lab.eventually import eventually
from shepherd.lab.guests import CAMPUS, HANDOVER, TOKENS_D
from shepherd.lab.node import Node
from shepherd.lab.pools import FLOCK_CONFIG
from shepherd.lab.services import SHEPHERD
from shepherd.lab.site import Site
from shepherd.lab.tokens import flock_token, home_token
from tests.lab import by_hand

pytestmark = [pytest.mark.real, pytest.mark.limit(300), pytest.mark.large("guests of a site", sample=1)]
POOL = "cm-wan:9619"
HELD = "/run/held-token"
AS_HOLDER = {
    "_CONDOR_SEC_TOKEN_DIRECTORY": HELD, "_CONDOR_SEC_TOKEN_SYSTEM_DIRECTORY": HELD,
    "_CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS": "IDTOKENS",
}  # fmt: skip
RIGHTS = ("READ", "ADVERTISE_SCHEDD")
TOKEN = "flock-flock.lab"
SLEEP = "executable = /bin/sleep\narguments = 600\nrequest_memory = 32\nrequest_disk = 1024\n{more}\nqueue {number}\n"
SECONDS_TO_REMOVE = 10.0
WATCHED_S = 25.0
"""Five cycles of the lab's negotiator."""


def guest(site: Site, *words: str) -> str:
    """The verb, as an administrator says it on the central manager."""
    return site.cm.must((SHEPHERD, "guest", *words), timeout_s=120)


def own_token(site: Site) -> str:
    """The token that the foreign pool has now."""
    return site.campus.read(f"{TOKENS_D}/{TOKEN}")


def granted(site: Site, token: str) -> list[str]:
    """What the flock collector grants a token's holder at the foreign pool."""
    site.campus.must(("rm", "-rf", HELD))
    if token:
        site.campus.write(f"{HELD}/own", token, mode=0o600)
    ask = ("condor_ping", "-pool", POOL, "-type", "collector", "-table")
    return [right for right in RIGHTS if "ALLOW" in site.campus.run((*ask, right), env=AS_HOLDER).stdout.split()]


def believed(site: Site, token: str, name: str, *, user: str = "", more: str = "") -> bool:
    """Whether a schedd's ad, or with `user` a submitter's, is in the flock collector once a token's holder says so.
    `more`: a further line of it; without a `name` no schedd is named."""
    site.campus.must(("rm", "-rf", HELD))
    site.campus.write(f"{HELD}/own", token, mode=0o600)
    kind, command = ("Submitter", "UPDATE_SUBMITTOR_AD") if user else ("Scheduler", "UPDATE_SCHEDD_AD")
    address = "<203.0.113.50:9>"
    ad = f'MyType = "{kind}"\nName = "{user or name}"\nMachine = "campus"\nTold = true\n{more}\n'
    ad += f'ScheddName = "{name}"\n' if name else ""
    site.campus.write("/run/told.ad", ad + f'MyAddress = "{address}"\nScheddIpAddr = "{address}"\nIdleJobs = 0\n')
    site.campus.run(("condor_advertise", "-pool", POOL, "-tcp", command, "/run/told.ad"), env=AS_HOLDER)
    what = "submitters" if user else "schedd"
    ads = site.collector_ads(site.cm, what, pool=site.flock_pool, constraint="Told =?= true")
    back = ("condor_advertise", "-pool", POOL, "-tcp", command.replace("UPDATE", "INVALIDATE") + "S", "-")
    query = f'MyType = "Query"\nTargetType = "{kind}"\nRequirements = Told =?= true\n'
    site.cm.must(back, env={"CONDOR_CONFIG": FLOCK_CONFIG}, given=query)
    return any(str(ad["Name"]) == (user or name) for ad in ads)


def save(site: Site) -> None:
    """The guest's administrator saves what was handed over."""
    site.campus.put(guests.handed_over(site.cm, "campus"))
    site.campus.must(("condor_reconfig",))


def advertised(site: Site) -> list[str]:
    """Guests' ads in the flock collector."""
    kinds = ("schedd", "submitters")
    return [str(ad["Name"]) for kind in kinds for ad in site.collector_ads(site.cm, kind, pool=site.flock_pool)]


def running(site: Site) -> int:
    """Jobs of the foreign pool that run in containers."""
    return sum(len(node.pids(r"(^|/)(sleep|condor_exec\.exe) 600$", containers=True)) for node in site.hosts)


@pytest.fixture
def lent(site: Site) -> Iterator[list[tuple[Node, str]]]:
    """Two hosts that are lent, and no job in the foreign queue; everything as before at the end, whatever was done."""
    hosts = [(site.host(name), by_hand.lend(site, site.host(name), f"guests-{name}")) for name in ("p201", "p202")]
    yield hosts
    site.campus.run(("condor_rm", "-all"))
    if '"standing": "admitted"' not in guest(site, "show", "campus", "--json"):
        guest(site, "remove", "campus")
        guest(site, "add", *CAMPUS)
        save(site)
    for node, ident in hosts:
        by_hand.remove_container(node, ident)
    names = {node.name for node, _ in hosts}
    eventually(lambda: names <= site.accepting_startds(), 40, what="both hosts are back")


def test_the_foreign_pool_is_a_guest_by_the_verb_and_by_nothing_else(site: Site) -> None:
    """The lab's pools knew each other by lines that no real site has."""
    (shown,) = json.loads(guest(site, "show", "--json"))["guests"]
    assert (shown["name"], shown["standing"], shown["schedds"]) == ("campus", "admitted", ["campus"])
    configured = site.cm.must(("grep", "-rlE", "campus", "/etc/condor-flock", "/etc/condor"), timeout_s=20).split()
    assert configured == ["/etc/condor-flock/config.d/50-guests.conf"]
    assert granted(site, own_token(site)) == list(RIGHTS)


def test_no_word_of_the_verb_tells_the_token(site: Site) -> None:
    """It was in the terminal's log, and so was everybody's access to us."""
    secret = own_token(site).strip()
    words = (("show",), ("show", "campus"), ("show", "--json"), ("add", "campus"))
    said = "".join(guest(site, *one) for one in words)
    assert secret not in said
    kept = site.cm.must(("grep", "-rl", "-F", secret, "/etc", "/var/lib/condor-flock", "/var/log")).split()
    assert kept == [f"{HANDOVER}/campus/{TOKEN}"]


def test_a_strangers_token_opens_nothing(site: Site) -> None:
    """Any token of any pool was good enough, as long as it was a token."""
    cm = site.cm
    strangers = {
        "none": "",
        "the home pool's": home_token(cm, "campus", RIGHTS),
        "a guest's who never was": flock_token(cm, "guest.nobody.1", RIGHTS),
        "an earlier generation's": flock_token(cm, "guest.campus.0", RIGHTS),
        "a name without a guest": flock_token(cm, "campus", RIGHTS),
    }
    assert {what: rights for what, token in strangers.items() if (rights := granted(site, token))} == {}


def test_a_guest_speaks_for_its_own_schedds_and_users_alone(site: Site) -> None:
    """One guest's schedd advertised under another's name, and got that guest's share and blame."""
    guest(site, "add", "other", "--schedd", "ap.other.lab", "--domain", "other.lab")
    try:
        campus, other = own_token(site), site.cm.read(f"{HANDOVER}/other/{TOKEN}")
        assert believed(site, other, "ap.other.lab")
        assert believed(site, other, "ap.other.lab", user="eve@other.lab")
        assert not believed(site, campus, "ap.other.lab")
        assert not believed(site, other, "evil.other.lab")
        assert not believed(site, campus, "campus", user="eve@other.lab")
        assert not believed(site, other, "ap.other.lab", user="alice@campus.lab")
        assert not believed(site, campus, "ap.other.lab", user="alice@campus.lab")
        assert not believed(site, other, "eve@other.lab")
        assert not believed(site, other, "", user="eve@other.lab")
        assert not believed(site, other, "ap.other.lab", more="ClassAdLifetime = 2147483647")
        assert not believed(site, flock_token(site.cm, "f201", ("ADVERTISE_SCHEDD",)), "ap.other.lab")
    finally:
        guest(site, "remove", "other")
    assert granted(site, other) == []


@pytest.mark.large("guests of a site", sample=1)
def test_a_guest_is_removed_while_its_job_runs_and_comes_back_as_another(
    site: Site, lent: list[tuple[Node, str]], record_property: Callable[[str, object], None]
) -> None:
    """Removed in the morning, its jobs ran until the evening, and in the week after its old token was good again."""
    site.submit(site.campus, "alice", SLEEP.format(number=1, more=""))
    eventually(lambda: running(site) == 1, 90, what="alice's job runs in a container")
    of_its_own = site.campus.must(("condor_token_fetch", "-pool", POOL, "-type", "collector")).strip() + "\n"
    assert granted(site, of_its_own) == list(RIGHTS)
    old, begun_s = own_token(site), time.monotonic()
    guest(site, "remove", "campus")
    record_property("removed_s", round(time.monotonic() - begun_s, 2))
    eventually(lambda: running(site) == 0, SECONDS_TO_REMOVE, 0.05, what="alice's job is gone")
    gone_s = time.monotonic() - begun_s
    record_property("job_gone_s", round(gone_s, 2))
    assert gone_s < SECONDS_TO_REMOVE
    assert granted(site, old) == []
    assert granted(site, of_its_own) == [], "a token that the guest had made from its own"
    assert advertised(site) == []
    time.sleep(WATCHED_S)
    assert advertised(site) == [], "its schedd was believed by a session that it had before"
    assert running(site) == 0, "it came back without being a guest"

    guest(site, "add", *CAMPUS)
    save(site)
    begun_s = time.monotonic()
    eventually(lambda: running(site) == 1, 120, what="alice's job runs again, with the new token")
    record_property("runs_again_s", round(time.monotonic() - begun_s, 2))
    assert granted(site, old) == []
    assert granted(site, own_token(site)) == list(RIGHTS)


@pytest.mark.large("guests of a site", sample=1)
def test_a_limit_of_hosts_holds_whatever_groups_jobs_are_in(site: Site, lent: list[tuple[Node, str]]) -> None:
    """A guest with a limit of one host had all of them, because its jobs were in a group of their own at home; and then
    half of it until the evening, because one job had come before the others."""
    guest(site, "add", "campus", "--hosts", "1", "--change")
    site.submit(site.campus, "alice", SLEEP.format(number=1, more="accounting_group = group_physics"))
    eventually(lambda: running(site) == 1, 90, what="one job of one user runs")
    site.submit(site.campus, "bob", SLEEP.format(number=4, more=""))
    eventually(lambda: running(site) == 2, 90, what="one host of two slots is full")
    end_s, most = time.monotonic() + WATCHED_S, 0
    while time.monotonic() < end_s:
        most = max(most, running(site))
        time.sleep(0.5)
    assert most == 2
    guest(site, "add", "campus", "--hosts", "0", "--change")
    eventually(lambda: running(site) == 4, 60, what="without the limit both hosts are full")


def machines(site: Site, cluster: int, number: int) -> set[str]:
    """Where the jobs of a cluster run, as soon as so many do."""
    running_now = f"ClusterId == {cluster} && JobStatus == 2"
    jobs = eventually(
        lambda: found if len(found := site.queue(site.campus, running_now)) == number else None, 60,
        what=f"all {number} jobs run",
    )  # fmt: skip
    return {str(job["RemoteHost"]).rpartition("@")[2] for job in jobs or ()}


def test_a_job_may_ask_how_long_a_host_has_been_lent(site: Site, lent: list[tuple[Node, str]]) -> None:
    """Jobs of hours went to hosts that had been lent for minutes, and were thrown off with the first burst."""
    ask = "requirements = time() - TARGET.DaemonStartTime > {age_s}"
    long = site.submit(site.campus, "alice", SLEEP.format(more=ask.format(age_s=3600), number=1))
    short = site.submit(site.campus, "alice", SLEEP.format(more=ask.format(age_s=1), number=1))
    assert machines(site, short, 1) < {"f201", "f202"}
    assert [job["JobStatus"] for job in site.queue(site.campus, f"ClusterId == {long}")] == [1]
