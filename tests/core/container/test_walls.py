"""A container's walls as values, and whether what runs has them."""

import dataclasses
import json

import pytest

from shepherd.core.container import profiles, seccomp
from shepherd.core.container.drift import as_specified, drift, engine_problem
from shepherd.core.container.record import remembered, to_json
from shepherd.core.container.spec import container_spec, resolver_text, with_share
from shepherd.model.container import ContainerSpec, EngineFacts, Profile
from shepherd.model.node_settings import NodeSettings
from tests.core.sound_settings import LEASE, NODE

MAPPED = EngineFacts(version=(28, 5), root_uid=100000, root_gid=100000, seccomp=True)
PLAIN = dataclasses.replace(MAPPED, root_uid=0, root_gid=0)


def spec(**changes: object) -> ContainerSpec:
    """The container of a lend."""
    return container_spec(dataclasses.replace(NODE, **changes), LEASE)  # type: ignore[arg-type]


def of_profile(profile: Profile) -> NodeSettings:
    return dataclasses.replace(NODE, profile=profile)


@pytest.mark.parametrize("profile", [Profile.APART, Profile.ACCOUNTS])
def test_everything_is_dropped_and_what_is_given_back_has_a_reason(profile: Profile):
    """A capability that somebody once needed for a day was given to guests for years."""
    walls = spec(profile=profile).walls
    assert (walls.cap_drop, set(walls.cap_add)) == (("ALL",), set(profiles.CAPABILITIES))
    assert all(len(reason) > 20 for reason in profiles.CAPABILITIES.values())
    assert walls.no_new_privileges
    assert walls.read_only


def test_the_talks_command_line_can_still_be_said():
    """A site that has run the original for years begins with what it knows."""
    made = spec(profile=Profile.TALK, shm_mib=65536)
    assert set(made.walls.cap_drop) == {"NET_BIND_SERVICE", "NET_RAW", "MKNOD", "SYS_CHROOT"}
    assert made.tmpfs["/dev/shm"].options().startswith("rw,nosuid,nodev,exec,size=65536m")
    assert not made.walls.no_new_privileges


def test_only_the_sandboxes_are_executable_memory():
    """A payload lived on in /tmp of the container, from where HTCondor never cleans."""
    assert {path for path, tmpfs in spec().tmpfs.items() if tmpfs.executable} == {profiles.SCRATCH}


def test_only_the_profile_apart_has_a_wrapper_around_jobs():
    """Without accounts of its own the wrapper cannot work, and no job would start."""
    wrappers = {profile: spec(profile=profile).environment.get("_CONDOR_USER_JOB_WRAPPER") for profile in Profile}
    assert wrappers == {Profile.APART: None, Profile.ACCOUNTS: "", Profile.TALK: ""}


def test_the_hosts_resolvers_are_not_the_guests():
    """dockerd answered guests' questions by the site's own resolver, names of the private network included."""
    assert resolver_text(NODE) == ""
    assert resolver_text(dataclasses.replace(NODE, dns=("9.9.9.9",))) == "nameserver 9.9.9.9\n"
    assert "/etc/resolv.conf" in spec().binds.values()


NEEDLESS = (
    "add_key", "keyctl", "request_key", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "init_module",
    "finit_module", "kexec_load", "open_by_handle_at", "clone3", "swapon", "reboot", "settimeofday",
    "clock_settime", "quotactl", "acct", "iopl", "ioperm", "fanotify_init", "nfsservctl", "delete_module",
    "lookup_dcookie", "syslog", "vhangup", "open_tree", "move_mount", "fsopen",
)  # fmt: skip


@pytest.mark.parametrize("name", NEEDLESS)
def test_calls_that_no_batch_job_needs_are_not_on_the_list(name: str):
    """Most holes of the last years were in these."""
    assert name not in seccomp.allowed_names()


def test_sockets_are_local_or_of_ipv4_and_netlink_tells_of_addresses_only():
    """A raw socket by another family went past rules that speak of IPv4."""
    rules = json.loads(seccomp.profile())["syscalls"]
    sockets = [rule for rule in rules if "socket" in rule["names"]]
    allowed = [rule["args"] for rule in sockets if rule["action"] == "SCMP_ACT_ALLOW"]
    values = [[(arg["index"], arg["value"]) for arg in args] for args in allowed]
    ours = [[(0, 2), (2, protocol)] for protocol in (0, 1, 6, 17)]
    assert values == [[(0, 1)], *ours, [(0, 16), (2, 0)]]


def test_the_profile_has_one_form_only():
    """A container drifted from its specification because a set was printed in another order."""
    assert seccomp.profile() == seccomp.profile()
    assert len(set(seccomp.allowed_names())) == len(seccomp.allowed_names())


def test_what_runs_as_specified_has_not_drifted():
    """The check must be passed by what is in order, or it is turned off."""
    assert [drift(spec(profile=p), as_specified(spec(profile=p))) for p in Profile] == [""] * 3


MEANT = spec()
OTHERS: dict[str, dict[str, object]] = {
    "walls": {"walls": spec(profile=Profile.TALK).walls},
    "extras": {"extras": ("Devices",)},
    "limits": {"limits": dataclasses.replace(MEANT.limits, processes=0)},
    "binds": {"binds": {**MEANT.binds, "/": "/host"}},
    "network": {"network": "host"},
    "mac": {"mac": "02:42:0a:1b:00:99"},
}
"""Another description, by the word that names it."""
SEEN: dict[str, dict[str, object]] = {
    "the kernel grants NET_RAW": {"capabilities": frozenset({"NET_RAW"})},
    "set-id programs work": {"no_new_privileges": False},
    "no system call is filtered": {"filtered": False},
    "its root is the host's": {"root_uid": 0},
    "accounts see each other's processes": {"processes_hidden": False},
}
"""The description is right, and the kernel does something else."""


@pytest.mark.parametrize("flaw", [*OTHERS, *SEEN])
def test_a_wall_that_is_missing_is_named(flaw: str):
    """`docker update` had taken the limits away, and a template had mounted / for a test."""
    described = dataclasses.replace(MEANT, **OTHERS.get(flaw, {}))  # type: ignore[arg-type]
    seen = dataclasses.replace(as_specified(MEANT), spec=described, **SEEN.get(flaw, {}))  # type: ignore[arg-type]
    assert drift(MEANT, seen) == f"the container is not as specified: {flaw}"


def test_a_lend_is_compared_with_what_it_was_made_as():
    """Limits were changed at noon for the lends to come; the keepers reloaded, and sent all guests home."""
    assert remembered(to_json(MEANT), spec(processes=100, shm_mib=7, memory_mib=9000, profile=Profile.TALK)) == MEANT


def test_a_record_of_another_version_says_what_it_knows():
    """A keeper was upgraded to one that knew a new field, and took every container for a stranger's."""
    now, told = spec(shm_mib=7), json.loads(to_json(MEANT))
    del told["sysctls"], told["walls"]["own_proc"]
    assert remembered(json.dumps({**told, "of_tomorrow": 1}), now) == MEANT


DAMAGED = (None, "", "{}", "[]", "nonsense", '{"walls": 1}', '{"walls": {}, "limits": {}, "tmpfs": 3}')


@pytest.mark.parametrize("text", DAMAGED)
def test_without_a_record_a_lend_is_compared_with_the_settings(text: str | None):
    """The disk was full when the record was written; nothing must pass for sound that was not looked at."""
    assert remembered(text, MEANT) == MEANT


def test_a_container_offers_no_more_than_it_may_use():
    """HTCondor counted the whole host; the kernel ended jobs that had been promised their memory."""
    offered = spec(memory_mib=10000, scratch_mib=4000, cpus=2.5).environment
    assert (offered["_CONDOR_MEMORY"], offered["_CONDOR_NUM_CPUS"]) == ("6000", "2")
    assert spec(memory_mib=1000, environment=("_CONDOR_MEMORY=7",)).environment["_CONDOR_MEMORY"] == "7"


def test_guests_get_a_share_of_the_hosts_memory_unless_told_otherwise():
    """One job took all of a host's memory; the kernel ended the keeper."""
    assert with_share(dataclasses.replace(NODE, memory_mib=0), 20000).memory_mib == 18000
    assert with_share(dataclasses.replace(NODE, memory_mib=700), 20000).memory_mib == 700
    assert with_share(dataclasses.replace(NODE, memory_mib=0, memory_percent=0), 20000).memory_mib == 0
    assert with_share(dataclasses.replace(NODE, memory_mib=0, profile=Profile.TALK), 20000).memory_mib == 0


def test_a_dockerd_that_cannot_build_the_walls_is_told_how_to():
    """Containers of profile `apart` ran with the host's root, because daemon.json had been forgotten on one host."""
    assert "userns-remap" in engine_problem(NODE, PLAIN)
    assert engine_problem(NODE, MAPPED) == ""
    assert engine_problem(of_profile(Profile.ACCOUNTS), PLAIN) == ""
    assert "seccomp" in engine_problem(NODE, dataclasses.replace(MAPPED, seccomp=False))


def test_apparmor_is_named_on_both_sides_or_on_none():
    """On Ubuntu no job ever started: dockerd's own profile refused every mount of the walls."""
    confined, named = dataclasses.replace(MAPPED, apparmor=True), dataclasses.replace(NODE, apparmor="shepherd-flock")
    assert "shepherd-flock" in engine_problem(NODE, confined)
    assert engine_problem(named, confined) == ""
    assert "no AppArmor" in engine_problem(named, MAPPED)
    assert spec(apparmor="shepherd-flock").walls.apparmor == "shepherd-flock"
