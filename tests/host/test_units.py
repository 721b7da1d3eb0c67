"""What the shipped units and HTCondor's drop-in must say, because something was once lost without it."""

import configparser
import re
import shlex
from pathlib import Path

import pytest

from shepherd.core.container.spec import FIRST_SLOT_UID, LEAK_CHECK_UID, SLOTS
from shepherd.core.image.describe import recipe_problems, slot_users
from shepherd.core.settings.daemon import watchdog_problems
from shepherd.edges.settings_file import read_recipe
from shepherd.model.place_settings import PathSettings
from shepherd.model.settings import LeaseSettings
from shepherd.programs.node_wiring import jobs_rules
from tests.core.sound_settings import DAEMON, NODE

ROOT = Path(__file__).resolve().parents[2]


def entries(path: str) -> dict[str, str]:
    """`key=value` lines without comments, spaces around them dropped."""
    lines = (ROOT / path).read_text().splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def test_a_killed_master_is_back_in_time() -> None:
    """The packaged unit waits a minute: no startd for longer than the 60 s that a host may be without."""
    drop_in = entries("systemd/condor.service.d/50-shepherd.conf")
    assert float(drop_in["RestartSec"]) <= 5
    assert drop_in["KillMode"] == "mixed"


def test_the_keepers_unit_leaves_the_lock_where_it_is() -> None:
    """A run directory that systemd owns is remade at every restart: the startd then holds a deleted lock."""
    unit = entries("systemd/shepherd-keeper.service")
    assert "RuntimeDirectory" not in unit
    assert (unit["Restart"], unit["Type"]) == ("always", "notify")


def test_the_run_directory_is_roots_and_the_flockoff_file_is_left_alone() -> None:
    """A cleaner of /tmp took the flockoff file away; the run directory was readable by every account."""
    lines = (ROOT / "systemd/tmpfiles.d/shepherd.conf").read_text(encoding="utf-8").splitlines()
    assert "d /run/shepherd 0700 root root -" in lines
    assert "x /tmp/flockoff" in lines


@pytest.mark.parametrize("unit", sorted(path.name for path in (ROOT / "systemd").glob("*.service")))
def test_no_unit_makes_the_run_directory_of_the_host_lock(unit: str) -> None:
    """One of them named `shepherd` would replace the directory with the host lock at its every start."""
    own = {"shepherd.service": "shepherd-metrics"}
    assert entries(f"systemd/{unit}").get("RuntimeDirectory") == own.get(unit)


def test_the_daemon_really_sees_the_flockoff_file() -> None:
    """With a /tmp of its own the daemon went on lending while the file lay in everybody else's."""
    unit = entries("systemd/shepherd.service")
    assert unit.get("PrivateTmp", "no") == "no"
    assert "TemporaryFileSystem" not in unit
    assert (unit["ProtectSystem"], "ReadWritePaths" in unit) == ("strict", False)


def test_the_daemon_gets_its_secrets_from_root() -> None:
    """A key that the daemon's account owns is its thief's to keep, and to replace."""
    lines = (ROOT / "systemd/shepherd.service").read_text(encoding="utf-8").splitlines()
    given = [line.partition("=")[2] for line in lines if line.startswith("LoadCredential=")]
    kept = PathSettings(), LeaseSettings()
    assert f"keys:{Path(kept[1].key).parent}" in given
    assert any(one.endswith("/icinga-password") for one in given)
    assert "SetCredential=icinga-password:\\n" in lines, "or a missing file keeps the daemon from starting"
    assert Path(kept[0].state).name == entries("systemd/shepherd.service")["StateDirectory"]


def test_the_watchdog_waits_for_the_longest_sound_look() -> None:
    """A daemon that waited for two silent collectors was killed, and asked them again."""
    unit = entries("systemd/shepherd.service")
    assert list(watchdog_problems(DAEMON, float(unit["WatchdogSec"]))) == []
    assert float(unit["TimeoutStopSec"]) > 2 * DAEMON.timers.query_s


UNDER_CIRCUS = {"shepherd": "shepherd", "keeper": "shepherd-keeper", "web": "shepherd-web"}


def circus_file(name: str) -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / f"systemd/circus/{name}.ini", encoding="utf-8")
    return config


def test_every_file_of_circus_has_its_unit() -> None:
    """One was shipped that no test had read."""
    assert {path.stem for path in (ROOT / "systemd/circus").iterdir()} == set(UNDER_CIRCUS)


@pytest.mark.parametrize("name", UNDER_CIRCUS)
def test_circus_listens_to_files_alone(name: str) -> None:
    """It asks nobody who they are: at a port, every account of the machine could run commands as root."""
    config = circus_file(name)
    circus, watcher = config["circus"], config[f"watcher:{name}"]
    assert circus["endpoint"].startswith("ipc:///run/shepherd-circus/")
    assert circus["pubsub_endpoint"].startswith("ipc:///run/shepherd-circus/")
    assert circus["multicast_endpoint"] == ""
    assert not {"stats_endpoint", "statsd", "httpd"} & set(circus)
    unit = entries(f"systemd/{UNDER_CIRCUS[name]}.service")
    assert unit["ExecStart"] in watcher["cmd"]
    assert watcher["graceful_timeout"] == unit["TimeoutStopSec"]
    assert watcher["max_retry"] == "-1"


def test_the_dashboard_is_nobody_who_may_order_under_circus_too() -> None:
    """It ran as the daemon's own account: who took it over could stop all flocking."""
    words = shlex.split(circus_file("web")["watcher:web"]["cmd"])
    assert words[:3] == ["unshare", "--mount", "sh"]
    script = words[-1]
    there = Path(re.findall(r"^ *cd (/\S+)$", script, re.MULTILINE)[0])
    hidden = {str(there / name) for name in script.partition(" in ")[2].partition(";")[0].split()}
    lines = (ROOT / "systemd/shepherd-web.service").read_text(encoding="utf-8").splitlines()
    from_the_unit = {one.lstrip("-") for line in lines if line.startswith("InaccessiblePaths=")
                     for one in line.partition("=")[2].split()}  # fmt: skip
    assert {one for one in from_the_unit if one.startswith("/var/lib/")} <= hidden <= from_the_unit
    assert "/etc/shepherd/tokens.d" in hidden
    account = re.search(r"exec setpriv --reuid (\S+) --regid shepherd --clear-groups --no-new-privs ", script)
    assert account
    assert account[1] not in {"root", "shepherd"}
    told = (ROOT / "systemd/circus/web.ini").read_text(encoding="utf-8")
    assert re.search(rf"^#   useradd --system .* {account[1]}$", told, re.MULTILINE)


NEEDED = {
    "KILL": "ends guests of any user",
    "SYS_PTRACE": "tells a startd by its program",
    "DAC_OVERRIDE": "writes for others",
    "DAC_READ_SEARCH": "reads the site's settings",
    "CHOWN": "the container reads what it is given",
    "FOWNER": "and its modes",
    "NET_ADMIN": "nft, VLAN",
    "NET_RAW": "ARP probes",
    "SYS_ADMIN": "nsenter, mount, unshare",
    "SYS_CHROOT": "mount in the container's own mounts",
    "SETUID": "tries as a job",
    "SETGID": "tries as a job",
    "SETPCAP": "tries without capabilities",
}
"""What the keeper's edges do, and the capability for it."""
FAMILIES = {"AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET"}


def test_the_keepers_unit_leaves_it_what_its_edges_need() -> None:
    """Started by hand it lent hosts; started by systemd it could not list a rule."""
    lines = (ROOT / "systemd/shepherd-keeper.service").read_text(encoding="utf-8").splitlines()
    given = [line.partition("=")[2].split() for line in lines if line.startswith("CapabilityBoundingSet=")]
    assert {name for line in given for name in line} == {f"CAP_{name}" for name in NEEDED}
    families = entries("systemd/shepherd-keeper.service")["RestrictAddressFamilies"]
    assert set(families.split()) == FAMILIES


@pytest.mark.parametrize(("key", "least", "most"), [("CONSTANT", 1, 4), ("FACTOR", 1, 1)])
def test_restarts_of_the_startd_neither_grow_nor_kill_the_master(key: str, least: float, most: float) -> None:
    """A constant of 0 ends the master; a factor above 1 makes the tenth lend of an hour slow."""
    value = float(entries("puppet/files/50-shepherd-host.conf")[f"MASTER_STARTD_BACKOFF_{key}"])
    assert least <= value <= most


def test_an_upgrade_of_htcondor_waits_for_local_jobs() -> None:
    """HTCondor's default for new programs is GRACEFUL, which throws jobs off that have no retirement time."""
    assert entries("puppet/files/50-shepherd-host.conf")["MASTER_NEW_BINARY_RESTART"] == "PEACEFUL"


def test_every_slot_has_an_account_of_its_own() -> None:
    """Two jobs under one account can kill and read each other; the keeper's rules go by the same accounts."""
    recipe = read_recipe(ROOT / "images/flock/recipe.toml", recipe_problems)
    users = re.findall(r"^SLOT1_(\d+)_USER = slot1_(\d+)$", slot_users(recipe), re.MULTILINE)
    assert len(users) == len(set(users)) >= 128
    assert all(slot == account for slot, account in users)
    assert (recipe.slots, recipe.first_slot_uid) == (SLOTS, FIRST_SLOT_UID)


def test_no_job_is_blamed_for_what_the_leak_check_tries() -> None:
    """Whoever had the first slot was on record as having tried the site's file server every ten seconds."""
    recipe = read_recipe(ROOT / "images/flock/recipe.toml", recipe_problems)
    accounts = range(recipe.first_slot_uid, recipe.first_slot_uid + recipe.slots)
    assert LEAK_CHECK_UID not in accounts
    marks = re.search(r"map marks \{.*elements = \{(.*?)\}", jobs_rules(NODE))
    assert marks
    assert marks[1].split(", ")[-1].split() == [str(LEAK_CHECK_UID), ":", str(LEAK_CHECK_UID)]
