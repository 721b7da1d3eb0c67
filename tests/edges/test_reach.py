"""Trying connections: what counts as an answer."""

import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator
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


NAMESPACES = ("--net", "--ipc", "--uts")


@contextlib.contextmanager
def namespaces(*, own_accounts: bool) -> Iterator[int]:
    """A process in namespaces of its own, as a container's first; with the accounts 100000 and up of the machine, or
    with the machine's own."""
    argv = ["unshare", *(["--user"] if own_accounts else []), *NAMESPACES, "sh", "-c", "echo ready; exec sleep 100"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for which in ("uid_map", "gid_map") if own_accounts else ():
            Path(f"/proc/{process.pid}/{which}").write_text("0 100000 65536")
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.mark.real
@pytest.mark.parametrize("own_accounts", [True, False])
def test_a_container_is_entered_with_and_without_accounts_of_its_own(*, own_accounts: bool) -> None:
    """On hosts of profile `accounts` every lend failed: nobody can enter the user namespace that they are in."""
    tries = {Attempt(whence=whence, target="127.0.0.1:7001") for whence in (Whence.PILOT, Whence.JOB)}
    with namespaces(own_accounts=own_accounts) as first:
        enter = ["nsenter", f"--target={first}", "--net", "--", "sh", "-c", 'ip link set lo up; exec "$0" -c "$1"']
        with subprocess.Popen([*enter, PYTHON, SERVE_TWO], stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            reached = NetworkReach(3001, PYTHON).answered(first, tries)
            server.terminate() if reached != tries else None
            assert (reached, server.stdout.readline()) == (tries, "met both\n")


def test_a_container_that_has_ended_is_told_so() -> None:
    """The keeper showed nsenter's own words, which nobody understood."""
    with pytest.raises(CommandFailed, match="the container ended"):
        NetworkReach(3001, PYTHON).answered(2**22 + 1, [Attempt(whence=Whence.PILOT, target="127.0.0.1:1")])
