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


def test_the_daemon_is_who_it_runs_as_before_whom_its_files_belong_to(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state directory was root's by mistake, and the check judged it by itself: it found everything in order."""
    nobody, known = pwd.getpwnam("nobody"), pwd.getpwnam
    gone = 2**22 + 1
    monkeypatch.setattr("shepherd.edges.account.USUAL", "no-such-user")
    assert daemon_account(tmp_path / "gone") is None
    assert daemon_account(tmp_path) == pwd.getpwuid(os.geteuid())
    monkeypatch.setattr("shepherd.edges.account.USUAL", "daemon")
    assert daemon_account(tmp_path, gone, "no-such-user") == known("daemon")
    assert daemon_account(tmp_path, gone, "nobody") == nobody
    assert daemon_account(tmp_path, None, str(nobody.pw_uid)) == nobody
    assert daemon_account(tmp_path, os.getpid(), "nobody") == pwd.getpwnam(own_account())


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
