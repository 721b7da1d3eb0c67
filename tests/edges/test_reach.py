"""Trying connections: what counts as an answer."""

import json
import socket
import subprocess
from pathlib import Path

import pytest

from shepherd.edges.reach import INSIDE, NetworkReach
from shepherd.errors import CommandFailed
from shepherd.model.reach import Attempt, Whence

PYTHON = "/usr/bin/python3"


def answered(*targets: str) -> list[str]:
    """What the program says of these targets."""
    argv, given = (PYTHON, *INSIDE), json.dumps(targets)
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=True, timeout=10)
    told: list[str] = json.loads(done.stdout)
    return told


def test_a_listener_and_a_refusal_are_answers_and_silence_is_none() -> None:
    """A closed port of the storage counted as "not reached": whoever refuses was reached."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        listener, closed = (f"127.0.0.1:{one.getsockname()[1]}" for one in (server, bound))
        assert answered(listener, closed, "255.255.255.255:9") == sorted([listener, closed])


def test_nothing_to_try_is_nothing_answered() -> None:
    """A host without targets must fail by its settings, not in the middle of a lend."""
    assert answered() == []


SERVE_TWO = """
import socket
server = socket.create_server(("127.0.0.1", 7001))
print("ready", flush=True)
for _ in range(2):
    server.accept()
print("met both", flush=True)
"""


@pytest.mark.real
@pytest.mark.parametrize("accounts", [("--user", "--map-users=auto", "--map-groups=auto", "--setuid=0"), ()])
def test_a_container_is_entered_with_and_without_accounts_of_its_own(accounts: tuple[str, ...]) -> None:
    """On hosts of profile `accounts` every lend failed: nobody can enter the user namespace that they are in."""
    script = 'ip link set lo up; exec "$0" -c "$1"'
    argv = ["unshare", *accounts, "--net", "--ipc", "--uts", "--kill-child", "--fork", "sh", "-c", script]
    with subprocess.Popen([*argv, PYTHON, SERVE_TWO], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            first = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
            tries = {Attempt(whence=whence, target="127.0.0.1:7001") for whence in (Whence.PILOT, Whence.JOB)}
            assert NetworkReach(3001, PYTHON).answered(first, tries) == tries
            assert process.stdout.readline() == "met both\n"
        finally:
            process.kill()


def test_a_container_that_has_ended_is_told_so() -> None:
    """The keeper showed nsenter's own words, which nobody understood."""
    with pytest.raises(CommandFailed, match="the container ended"):
        NetworkReach(3001, PYTHON).answered(2**22 + 1, [Attempt(whence=Whence.PILOT, target="127.0.0.1:1")])
