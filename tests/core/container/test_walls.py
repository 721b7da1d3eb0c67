"""A container's walls as values, and whether what runs has them."""

import dataclasses
import json
import pathlib

import pytest

from shepherd.core.container import profiles, seccomp
from shepherd.core.container.drift import as_specified, drift, engine_problem
from shepherd.core.container.record import as_made, from_json, moved, to_json
from shepherd.core.container.spec import container_spec, resolver_text, with_share
from shepherd.errors import CommandFailed
from shepherd.model.container import TRACE_INSIDE, ContainerSpec, EngineFacts, Profile
from shepherd.model.node_settings import NodeSettings
from shepherd.ports_trace import StartdFile
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


@pytest.mark.parametrize("profile", Profile)
def test_one_directory_of_the_host_can_be_written_to_and_each_lend_has_its_own(profile: Profile):
    """What the startd writes down must outlive the container; what a guest writes must not reach the next one."""
    (source,), (target,) = spec(profile=profile).writable, spec(profile=profile).writable.values()
    assert source == f"{NODE.run_dir}/trace/{LEASE.lease}"
    assert target == TRACE_INSIDE
    assert not set(spec(profile=profile).binds.values()) & {target}


def test_the_image_writes_where_the_host_reads():
    """A path that was changed in one of three files: the startd wrote, the keeper read, and nobody met."""
    image = pathlib.Path(__file__).parents[3] / "images/flock"
    told = (image / "condor/10-flock.conf").read_text()
    for setting, file in {"STARTD_EVENTLOG": StartdFile.EVENTS, "STARTD_JOB_LOG": StartdFile.ADS}.items():
        assert f"\n{setting} = {TRACE_INSIDE}/{file.value}\n" in told
    assert f"\nSTARTD_HISTORY = {TRACE_INSIDE}/{StartdFile.HISTORY.value}\n" in told
    assert f'"{TRACE_INSIDE}": 0o700' in (image / "init.py").read_text()
    assert '"/run"' in (image / "job_outside.py").read_text().partition("HIDDEN = ")[2].partition("\n")[0]


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
    assert drift(MEANT, seen).startswith(f"the container is not as specified: {flaw}")


RULES = "table inet shepherd_pilot"


def on_record(text: str | None = None, now: ContainerSpec = MEANT, seen: ContainerSpec = MEANT) -> ContainerSpec:
    """What a lend is compared with."""
    return as_made(from_json(text), now, seen)


def test_a_lend_is_compared_with_what_it_was_made_as():
    """Limits were changed at noon for the lends to come; the keepers reloaded, and sent all guests home."""
    now = spec(processes=100, shm_mib=7, memory_mib=9000)
    assert on_record(to_json(MEANT, RULES), now, now) == MEANT
    assert from_json(to_json(MEANT, RULES)).rules == RULES


def test_what_an_earlier_version_did_not_record_is_not_compared():
    """A keeper was upgraded to one that knew a new field, and took every container for a stranger's."""
    seen = spec(shm_mib=7)
    record = json.loads(to_json(MEANT, RULES))
    del record["spec"]["sysctls"], record["spec"]["tmpfs"], record["spec"]["walls"]["own_proc"]
    made = on_record(json.dumps({**record, "of_tomorrow": 1}), MEANT, dataclasses.replace(seen, sysctls={"a": "b"}))
    assert (made.sysctls, made.tmpfs, made.walls) == ({"a": "b"}, seen.tmpfs, MEANT.walls)


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", '{"spec": 1}', '{"spec": {"tmpfs": 3}, "rules": ""}'])
def test_a_damaged_record_is_told(text: str):
    """What ran was compared with itself, and of course was the same."""
    with pytest.raises(CommandFailed, match="damaged"):
        from_json(text)


@pytest.mark.parametrize("text", [None, ""])
def test_without_a_record_what_runs_must_be_as_it_would_be_made_now(text: str | None):
    """A container whose record was lost had twice the memory, and nobody told."""
    assert on_record(text, seen=spec(shm_mib=7, memory_mib=9000)) == MEANT


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"flock_address": "10.27.2.77"}, "address"),
        ({"flock_mac": "02:00:00:00:00:77"}, "mac"),
        ({"profile": Profile.TALK}, "remapped"),
        ({"flock_collector": "10.27.0.1:9"}, "flock collector"),
    ],
)
def test_a_host_that_is_somebody_else_on_the_network_by_now_does_not_go_on(changes: dict[str, object], named: str):
    """An address was corrected and the keeper reloaded: the guard for the new one cut off the guests of the old, and
    the reason named the gateway."""
    made = from_json(to_json(MEANT, RULES))
    assert moved(made, spec(**changes)) == f"the settings changed under the lend: {named}"
    assert moved(made, spec(processes=7)) == moved(from_json(None), spec(**changes)) == ""


def test_a_container_offers_no_more_than_it_may_use():
    """HTCondor counted the whole host; the kernel ended jobs that had been promised their memory."""
    offered = spec(memory_mib=10000, scratch_mib=4000, cpus=2.5).environment
    assert (offered["_CONDOR_MEMORY"], offered["_CONDOR_NUM_CPUS"]) == ("5700", "2")
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
