"""A run of Puppet that was cut short has changed files and told nobody: the next makes it good."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shepherd.views import settings_example
from tests.puppet.module import Catalog, Module
from tests.puppet.test_scripts import NODE, Tree
from tests.puppet.test_settings import POOL, nested

pytestmark = pytest.mark.real

ROLES = "include shepherd::node\ninclude shepherd::gateway\ninclude shepherd::central_manager\n"
MOMENT = timedelta(milliseconds=1)
EARLIER, LATER = "Mon 2020-01-06 10:00:00.500000 UTC", "Mon 2120-01-01 10:00:00.500000 UTC"
SYSTEMCTL = """#!/bin/sh
case "$*" in
    is-active*) exec cat {root}/active ;;
    *NeedDaemonReload*) exec cat {root}/reload ;;
    *ExecMainStart*) exec cat {root}/began ;;
    *StateChange*) exec cat {root}/changed ;;
esac
exit 9
"""
"""Says of any unit whether it runs (the file is there), and when it began and last changed."""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """A machine with every role."""
    hiera: dict[str, object] = {
        "shepherd::node::settings": NODE, **POOL,
        "shepherd::gateway::settings": nested(settings_example.GATEWAY),
        "shepherd::central_manager::settings": nested(settings_example.DAEMON),
    }  # fmt: skip
    return Module(tmp_path_factory.mktemp("puppet")).catalog(ROLES, hiera)


@pytest.fixture
def tree(tmp_path: Path, catalog: Catalog) -> Tree:
    """That machine, where all that is of ours runs."""
    tree = Tree(tmp_path, catalog)
    tree.write("/bin/systemctl", SYSTEMCTL.format(root=tmp_path))
    for name, said in {"active": "", "began": EARLIER, "changed": EARLIER, "reload": "no"}.items():
        tree.write(f"/{name}", f"{said}\n")
    return tree


STARTED = {
    "shepherd: shepherd-keeper is started anew": "/etc/systemd/system/shepherd-keeper.service",
    "shepherd: shepherd-network is started anew": "/etc/shepherd/node.toml",
    "shepherd: shepherd-gateway is started anew": "/etc/systemd/system/shepherd-gateway.service",
    "shepherd: shepherd is started anew": "/etc/systemd/system/shepherd.service",
}
RELOADED = {
    "shepherd: HTCondor reads its configuration": "/etc/condor/config.d/50-shepherd-host.conf",
    "shepherd: the keeper reads its settings": "/etc/shepherd/flock-token",
    "shepherd: the gateway reads its settings": "/etc/shepherd/gateway.toml",
    "shepherd: the daemon reads its settings": "/etc/shepherd/condor_config",
    "shepherd: the flock pool reads its configuration": "/etc/condor-flock/config.d/10-site.conf",
    "shepherd: HTCondor of the central manager reads its configuration":
        "/etc/condor/config.d/50-shepherd-central-manager.conf",
}  # fmt: skip


def is_asked_for(tree: Tree, title: str) -> bool:
    """Whether this run of Puppet would do it."""
    ended = tree.run(title, "onlyif").returncode
    assert ended in {0, 1}
    return ended == 0


@pytest.mark.parametrize(("title", "path"), [*STARTED.items(), *RELOADED.items()])
def test_what_a_unit_has_not_read_is_brought_to_it_whoever_changed_it(title: str, path: str, tree: Tree) -> None:
    """A wrong setting came with the new release. It was mended within the hour, and keepers ran the old program for
    months: the run that had installed the new one had been the one that failed."""
    event = "/began" if title in STARTED else "/changed"
    assert not is_asked_for(tree, title)
    tree.write(path, "")
    assert is_asked_for(tree, title)
    tree.write(event, f"{LATER}\n")
    assert not is_asked_for(tree, title)
    tree.write(event, "\n")
    assert not is_asked_for(tree, title)


def test_the_program_that_a_keeper_runs_is_the_one_that_is_installed(tree: Tree) -> None:
    """The way back to the release before was quick, and nobody ran it: its files are old, and only the link is new."""
    title = "shepherd: shepherd-keeper is started anew"
    link = tree.at("/opt/shepherd")
    link.symlink_to(tree.write("/opt/shepherd-0.1/complete", "").parent)
    laid = datetime.fromtimestamp(link.lstat().st_ctime, UTC)
    for began, is_behind in ((laid - MOMENT, True), (laid + MOMENT, False)):
        tree.write("/began", f"{began:%a %Y-%m-%d %H:%M:%S.%f} UTC\n")
        assert is_asked_for(tree, title) == is_behind


def test_a_unit_that_does_not_run_is_nobodys_to_restart(tree: Tree) -> None:
    """A keeper that failed to start was restarted by two hands at once."""
    for title, path in {**STARTED, **RELOADED}.items():
        tree.write(path, "")
        tree.at("/active").unlink(missing_ok=True)
        assert not is_asked_for(tree, title)


@pytest.mark.parametrize("unit", ["shepherd-keeper.service", "condor.service.d/50-shepherd.conf"])
def test_systemd_reads_what_it_has_not(unit: str, tree: Tree) -> None:
    """The drop-in lay there, and a killed master was away for a minute: systemd had never heard of it."""
    title = f"shepherd: systemd reads {unit}"
    assert not is_asked_for(tree, title)
    tree.write("/reload", "yes\n")
    assert is_asked_for(tree, title)
