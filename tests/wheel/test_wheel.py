"""What is in the wheel, and what an administrator has after installing it."""

import re
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

import shepherd
from shepherd.cli.main import VERBS
from tests.house import sources
from tests.wheel.conftest import PIP, build

SHIPPED = ("systemd", "images", "puppet/files")
"""Folders of the checkout whose files are installed by hand or by Puppet."""
CHECKS = """
import sys
from pathlib import Path
from shepherd.core.settings.gateway import gateway_problems
from shepherd.core.settings.node import node_problems
from shepherd.core.settings.daemon import daemon_problems
from shepherd.edges import settings_file as files
readers = {
    "shepherd": (files.read_settings, daemon_problems),
    "node": (files.read_node_settings, node_problems),
    "gateway": (files.read_gateway_settings, gateway_problems),
}
for path in map(Path, sys.argv[1:]):
    read, rules = readers[path.stem]
    print(type(read(path, rules)).__name__)
"""


def test_the_schemas_of_what_verbs_tell_machines_are_in_the_wheel(wheel: Path) -> None:
    """They were in the repository, and nobody who installed the program had them."""
    shipped = {path.name for path in (sources.PACKAGE / "docs/schemas").iterdir()}
    packed = {name.rpartition("/")[2] for name in members(wheel) if name.startswith("shepherd/docs/schemas/")}
    assert packed == shipped > {"status.schema.json"}


def members(wheel: Path) -> dict[str, bytes]:
    """Every file of the wheel, by its path in it."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def said(*argv: str | Path) -> str:
    """What a command of the installed environment prints; it has to end well."""
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, timeout=30, cwd="/", env={"PATH": "/usr/bin:/bin"}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def shipped_files() -> Iterator[Path]:
    return (path for folder in SHIPPED for path in sources.files() if path.is_relative_to(sources.ROOT / folder))


def test_everything_that_is_installed_beside_the_program_is_in_the_wheel(wheel: Path) -> None:
    """A unit that was added to the checkout was in no package, and the next release started without it."""
    data = {content for name, content in members(wheel).items() if ".data/data/share/shepherd/" in name}
    assert [sources.name(path) for path in shipped_files() if path.read_bytes() not in data] == []


def test_what_the_dashboards_pages_are_made_of_is_in_the_wheel(wheel: Path) -> None:
    """In the checkout it was a page, installed it was an error."""
    there = members(wheel)
    web = sources.PACKAGE / "views/web"
    files = [path for folder in ("templates", "static") for path in (web / folder).iterdir()]
    assert len(files) > 20
    assert [path.name for path in files if there.get(f"shepherd/{path.relative_to(sources.PACKAGE)}") is None] == []


def test_the_guard_is_the_one_that_the_tests_saw(wheel: Path) -> None:
    """It is copied to hosts by hand, and must be able to run there."""
    with zipfile.ZipFile(wheel) as archive:
        [guard] = [one for one in archive.infolist() if one.filename.endswith("libexec/startd-guard")]
        assert archive.read(guard) == (sources.PACKAGE / "programs/guard.py").read_bytes()
        assert guard.external_attr >> 16 & 0o111 == 0o111


def test_nothing_of_the_wheel_leaves_its_environment(wheel: Path) -> None:
    """A package that writes into /usr or /etc takes the distribution's HTCondor with it."""
    paths = [PurePosixPath(name) for name in members(wheel)]
    assert [path for path in paths if path.is_absolute() or ".." in path.parts] == []
    version = shepherd.__version__
    tops = {path.parts[0] for path in paths}
    assert tops == {"shepherd", *(f"flocking_shepherd-{version}.{kind}" for kind in ("data", "dist-info"))}
    assert {path.parts[1:3] for path in paths if path.parts[0].endswith(".data")} == {("data", "share")}


def test_what_builds_sites_on_a_developers_machine_stays_there(wheel: Path) -> None:
    """A program that makes namespaces and kills what is in them has no business on a central manager."""
    assert [name for name in members(wheel) if name.startswith("shepherd/lab/")] == []


def test_the_same_checkout_gives_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """Nobody can tell whether the package that they were given is the one of the release."""
    assert build(tmp_path).read_bytes() == wheel.read_bytes()


@pytest.mark.real
def test_it_is_complete_and_sees_nothing_of_the_distribution(prefix: Path) -> None:
    """The bindings of the distribution's HTCondor were found first, and were two versions behind the daemons."""
    python = prefix / "bin/python"
    assert said(prefix / "bin/shepherd", "--version") == f"shepherd {shepherd.__version__}\n"
    path = said(python, "-c", "import sys; print(*sys.path, sep='\\n')")
    assert "dist-packages" not in path
    assert said(python, "-c", "import htcondor2; print(htcondor2.__file__)").startswith(str(prefix))
    said(*PIP, "--python", python, "check")


@pytest.mark.real
def test_every_verb_answers_there(prefix: Path) -> None:
    """A verb whose module was left out of the package was found by its first user."""
    shown = said(prefix / "bin/shepherd", "--help")
    assert [verb for verb in VERBS if f"    {verb} " not in shown] == []
    for verb in VERBS:
        assert f"usage: shepherd {verb}" in said(prefix / "bin/shepherd", verb, "--help")


@pytest.mark.real
def test_the_installed_examples_are_good_settings(prefix: Path) -> None:
    """The example in the package was refused by the program beside it."""
    examples = sorted((prefix / "share/shepherd/examples").glob("*.toml"))
    read = said(prefix / "bin/python", "-c", CHECKS, *examples)
    assert sorted(read.split()) == ["GatewaySettings", "NodeSettings", "Settings"]


@pytest.mark.real
def test_check_accepts_the_example_where_htcondors_tools_and_configuration_are(prefix: Path, tmp_path: Path) -> None:
    """The first thing that an administrator does after filling in the placeholders."""
    for name in ("condor_drain", "condor_restart", "condor_off", "condor_vacate", "condor_fetchlog"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    example = (prefix / "share/shepherd/examples/shepherd.toml").read_text()
    settings = tmp_path / "shepherd.toml"
    (tmp_path / "condor_config").touch()
    config = ('#condor_config = "/etc/shepherd/condor_config"', f'condor_config = "{tmp_path}/condor_config"')
    settings.write_text(example.replace('#tools = ""', f'tools = "{tmp_path}"').replace(*config))
    assert f"{settings} is valid" in said(prefix / "bin/shepherd", "--settings", settings, "check", "--effective")


@pytest.mark.real
def test_the_images_recipe_is_found_there(prefix: Path) -> None:
    """`shepherd image build` looked for its recipe in the checkout that the wheel was made from."""
    found = said(
        prefix / "bin/python", "-c",
        "from shepherd.cli.image import RECIPE; from shepherd.cli.where import shipped; print(shipped(RECIPE))",
    ).strip()  # fmt: skip
    assert found == str(prefix / "share/shepherd/images/flock/recipe.toml")
    assert Path(found).is_file()


@pytest.mark.real
def test_what_the_installation_by_hand_takes_is_there(prefix: Path) -> None:
    """Half of the commands named files below another folder than the one that was entered, or none at all."""
    text = (sources.PACKAGE / "docs/install.md").read_text(encoding="utf-8")
    share = prefix / "share/shepherd"
    assert f"cd /opt/shepherd/{share.relative_to(prefix)}\n" in text
    named = set(re.findall(r"(?<![\w/])(?:systemd|examples|condor|libexec|images)/[\w./*-]+", text))
    assert len(named) > 10
    assert [name for name in sorted(named) if not list(share.glob(name))] == []


def test_verbs_of_the_installation_by_hand_exist() -> None:
    """`shepherd` was told to do what it has no verb for."""
    text = (sources.PACKAGE / "docs/install.md").read_text(encoding="utf-8")
    said = set(re.findall(r"^(?:    )?(?:sudo )?shepherd ([a-z]+)", text, flags=re.MULTILINE))
    assert said >= {"check", "key", "gateway", "image", "flockon"}
    assert said <= set(VERBS)


def test_the_locked_versions_are_those_that_the_wheel_asks_for() -> None:
    """A dependency that was added to the project and not to the lock was missing on every host."""
    lock = (sources.ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {line.partition("==")[0] for line in lock.splitlines() if "==" in line}
    project = tomllib.loads((sources.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [one for one in project["dependencies"] if one.partition(">")[0] not in locked] == []
