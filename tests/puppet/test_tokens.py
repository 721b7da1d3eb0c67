"""How the daemon's tokens are made on its machine, on a tree that stands for one."""

import os
from pathlib import Path

import pytest

from tests.puppet.module import Catalog
from tests.puppet.test_cut_short import catalog  # noqa: F401 - a fixture
from tests.puppet.test_scripts import Tree

pytestmark = pytest.mark.real

HOME, KEY = "/etc/shepherd/tokens.d/home", "/etc/condor/passwords.d/POOL"
MAKES = "shepherd: make the daemon's token for the home pool"
PROGRAMS = {
    "condor_config_val": 'case $1 in TRUST_DOMAIN) echo home.lab ;; *) echo "{root}/etc/condor/passwords.d" ;; esac',
    "condor_token_create": "echo token of $2",
    "chown": 'echo "$@" >>{root}/chowned; [ ! -L "$2" ]',
}


@pytest.fixture
def tree(tmp_path: Path, catalog: Catalog) -> Tree:  # noqa: F811 - the fixture
    """The home pool's central manager, with its signing key and no token yet."""
    tree = Tree(tmp_path, catalog)
    for name, script in PROGRAMS.items():
        tree.write(f"/bin/{name}", f"#!/bin/sh\n{script.format(root=tmp_path)}\n").chmod(0o755)
    tree.write(KEY, "key")
    tree.at(HOME).parent.mkdir(parents=True)
    return tree


def is_asked_for(tree: Tree) -> bool:
    """Whether this run would make one."""
    return tree.run(MAKES, "onlyif").returncode == 0


def test_a_token_is_made_once_and_is_the_daemons(tree: Tree) -> None:
    """The daemon had a token that was root's, and HTCondor took no notice of it."""
    assert is_asked_for(tree)
    done = tree.run(MAKES)
    assert (done.returncode, done.stderr) == (0, "")
    assert tree.at(HOME).read_text() == "token of shepherd@home.lab\n"
    assert tree.at(HOME).stat().st_mode & 0o777 == 0o600
    assert tree.at("/chowned").read_text().split()[0] == "shepherd:shepherd"
    assert [path.name for path in tree.at("/etc/shepherd").iterdir()] == ["tokens.d"]
    assert not is_asked_for(tree)


@pytest.mark.parametrize("name", ["home", "home.new"])
def test_nothing_is_written_through_a_link_that_the_daemon_left(name: str, tree: Tree) -> None:
    """Whoever had the daemon's account left a link there, and had /etc/shadow written and given to it by root."""
    shadow = tree.write("/etc/shadow", "root:!:\n")
    tree.at(HOME).with_name(name).symlink_to(shadow)
    assert tree.run(MAKES).returncode == 0
    assert shadow.read_text() == "root:!:\n"
    assert not tree.at(HOME).is_symlink()
    assert "tokens.d" not in tree.at("/chowned").read_text()


def test_a_token_that_cannot_be_made_leaves_the_one_before(tree: Tree) -> None:
    """The pool's tools were being upgraded, and the daemon was without a token, and without a word."""
    tree.write(HOME, "before\n")
    tree.write("/bin/condor_token_create", "#!/bin/sh\nexit 1\n")
    assert tree.run(MAKES).returncode != 0
    assert tree.at(HOME).read_text() == "before\n"
    assert [path.name for path in tree.at("/etc/shepherd").iterdir()] == ["tokens.d"]


def test_a_new_signing_key_makes_a_new_token(tree: Tree) -> None:
    """The flock pool's key was made anew, and the daemon had no rights there: its token was of the key before."""
    tree.write(HOME, "before\n")
    now_s = tree.at(HOME).stat().st_mtime
    os.utime(tree.at(KEY), (now_s - 60, now_s - 60))
    assert not is_asked_for(tree)
    os.utime(tree.at(KEY), (now_s + 60, now_s + 60))
    assert is_asked_for(tree)
