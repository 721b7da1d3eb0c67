"""Whom the daemon runs as, and becoming that user."""

import json
import os
import pathlib
import pwd
import subprocess
import sys

import pytest

from shepherd.edges.account import daemon_account, own_account

BECOME = """
import json, os, pwd
from shepherd.edges.account import become
become(pwd.getpwnam("nobody"))
print(json.dumps([os.getresuid(), os.getresgid(), sorted(os.getgroups()), os.environ["HOME"]]))
"""


def test_the_daemon_is_who_the_state_directory_belongs_to(tmp_path: pathlib.Path) -> None:
    """The rights of a user were looked at whom the daemon had not run as for years."""
    found = daemon_account(tmp_path)
    assert found is not None
    assert (found.pw_uid, found.pw_name) == (os.geteuid(), own_account())
    named = daemon_account(tmp_path / "gone")
    assert named is None or named.pw_name == "shepherd"


@pytest.mark.real
def test_roots_rights_are_given_up_for_good() -> None:
    """A tool that the check ran had root's group left, and read what the daemon cannot."""
    nobody = pwd.getpwnam("nobody")
    root = str(pathlib.Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", BECOME], env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True,
        check=True, timeout=30,
    )  # fmt: skip
    users, groups, others, home = json.loads(done.stdout)
    assert users == 3 * [nobody.pw_uid]
    assert groups == 3 * [nobody.pw_gid]
    assert set(others) <= {nobody.pw_gid}
    assert home == nobody.pw_dir
