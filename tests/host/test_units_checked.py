"""The units as systemd reads them: no word that it does not understand, and how much of the machine they leave."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house import sources

pytestmark = pytest.mark.real

SYSTEMD = sources.ROOT / "systemd"
UNITS = sorted(path.name for kind in ("service", "timer") for path in SYSTEMD.glob(f"*.{kind}"))
EXPOSURE = {
    "shepherd.service": 1.5,
    "shepherd-gateway.service": 2.0,
    "shepherd-network.service": 2.6,
    "shepherd-flock-pool.service": 2.9,
    "shepherd-audit.service": 4.0,
    "shepherd-web.service": 1.1,
    "shepherd-keeper.service": 5.0,
}
"""What `systemd-analyze security` finds, 0 (nothing left) to 10 (all); each unit says why it is not less."""
PROGRAMS = ("opt/shepherd/bin/shepherd", "usr/sbin/condor_master", "usr/bin/install", "bin/kill")
"""What the units start."""


@pytest.fixture(name="root", scope="module")
def a_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with this machine's units, ours, and the programs that they start."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    for unit in UNITS:
        shutil.copy(SYSTEMD / unit, root / "usr/lib/systemd/system" / unit)
    for program in PROGRAMS:
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", root / program)
    return root


def analyze(*words: str) -> tuple[int, str]:
    """Exit code and complaints of systemd-analyze."""
    argv = ("systemd-analyze", "--no-pager", *words)
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
    return done.returncode, done.stderr


def verified(root: Path, unit: str) -> tuple[int, str]:
    return analyze("verify", "--man=no", f"--root={root}", "--recursive-errors=one", unit)


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_every_word(root: Path, unit: str) -> None:
    """A misspelt directive is ignored with a line in the journal, and its wall is not there."""
    assert verified(root, unit) == (0, "")


def test_a_misspelt_word_is_seen(root: Path) -> None:
    """A check of units that sees nothing is green for ever."""
    unit = root / "usr/lib/systemd/system/misspelt.service"
    unit.write_text((SYSTEMD / "shepherd.service").read_text().replace("ProtectHome=yes", "ProtectHomes=yes"))
    assert "ProtectHomes" in verified(root, unit.name)[1]
    unit.write_text((SYSTEMD / "shepherd.service").read_text().replace("/opt/shepherd/bin/shepherd", "/opt/shepherd"))
    assert verified(root, unit.name)[0] != 0


@pytest.mark.parametrize("unit", sorted(EXPOSURE))
def test_no_unit_leaves_more_of_the_machine_than_it_did(unit: str) -> None:
    """A sandbox is loosened for one night, and stays so."""
    allowed = round(10 * EXPOSURE[unit])
    code, said = analyze("security", "--offline=true", f"--threshold={allowed}", str(SYSTEMD / unit))
    assert (code, said) == (0, "")
    assert analyze("security", "--offline=true", f"--threshold={allowed - 2}", str(SYSTEMD / unit))[0] != 0


def test_every_service_has_its_measure() -> None:
    """A new unit came without a sandbox, and no test looked at it."""
    assert set(EXPOSURE) == {unit for unit in UNITS if unit.endswith(".service")}


def test_accounts_and_directories_are_made_as_they_are_meant(tmp_path: Path) -> None:
    """The spool of intents belonged to root alone, and every order of the administrators' group was refused."""
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group"):
        (tmp_path / "etc" / name).write_text("root:x:0:0:root:/root:/bin/sh\n" if name == "passwd" else "root:x:0:\n")
    for program in ("systemd-sysusers", "systemd-tmpfiles"):
        kind = program.removeprefix("systemd-")
        create = ("--create",) if kind == "tmpfiles" else ()
        argv = (program, f"--root={tmp_path}", *create, str(SYSTEMD / f"{kind}.d/shepherd.conf"))
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode == 0, done.stderr
    passwd = (tmp_path / "etc/passwd").read_text().splitlines()
    [account] = [line.split(":") for line in passwd if line.startswith("shepherd:")]
    uid, gid = int(account[2]), int(account[3])
    names = ("run/shepherd", "var/lib/shepherd/intents", "etc/shepherd/keys")
    seen = {name: (tmp_path / name).stat() for name in names}
    found = {name: (f"{stat.st_mode & 0o7777:04o}", stat.st_uid, stat.st_gid) for name, stat in seen.items()}
    assert found == {
        "run/shepherd": ("0700", 0, 0),
        "var/lib/shepherd/intents": ("2770", uid, gid),
        "etc/shepherd/keys": ("0700", 0, 0),
    }


def test_keys_are_given_to_who_may_see_names(tmp_path: Path) -> None:
    """The daemon may not give files away, and had made the directory before there was such a group: nobody of it could
    read a name, and the record took no job any more."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nshepherd:x:990:990::/:/bin/false\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nshepherd:x:990:\nsecurity:x:991:\n")
    keys = tmp_path / "var/lib/shepherd/trace/keys"
    keys.mkdir(parents=True)
    (keys / "2026-03-01.keys").write_text("[]")
    for path in (keys.parent.parent, keys.parent, keys, *keys.iterdir()):
        os.chown(path, 990, 990)
    example = (SYSTEMD / "tmpfiles.d/shepherd-personal.conf.example").read_text(encoding="utf-8")
    (tmp_path / "personal.conf").write_text(example)
    argv = ("systemd-tmpfiles", f"--root={tmp_path}", "--create", str(tmp_path / "personal.conf"))
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    assert (f"{keys.stat().st_mode & 0o7777:04o}", keys.stat().st_gid) == ("2750", 991)
    assert (keys / "2026-03-01.keys").stat().st_gid == 991
    template = (sources.ROOT / "puppet/templates/personal.conf.epp").read_text(encoding="utf-8")
    by_puppet = template.replace("<%= $directory %>", "/var/lib/shepherd/trace").replace("<%= $group %>", "security")
    rows = [[line for line in text.splitlines() if line[:1] in "dZ"] for text in (example, by_puppet)]
    assert rows[0] == rows[1]
