"""Trying connections: what counts as an answer."""

import json
import socket
import subprocess

from shepherd.edges.reach import INSIDE


def answered(*targets: str) -> list[str]:
    """What the program says of these targets."""
    done = subprocess.run(INSIDE, input=json.dumps(targets), capture_output=True, text=True, check=True, timeout=10)
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
