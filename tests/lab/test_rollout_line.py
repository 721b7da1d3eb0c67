"""Commands inside a machine that boots: deadlines hold, and no answer is taken for that of another question."""

import base64
import contextlib
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shepherd.errors import CommandFailed, Unavailable
from shepherd.lab.rollout.guest_line import GuestLine


class Machine:
    """The far end of the line, as QEMU's guest agent is: it answers in order, and cannot be hurried."""

    def __init__(self, path: Path) -> None:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(1)
        self.is_silent = False
        self.owed: list[bytes] = []
        self._done: dict[int, dict[str, object]] = {}
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._server.accept()
                for late in self.owed:
                    line.sendall(late)
                with line, line.makefile("rb") as asked, contextlib.suppress(OSError):
                    for one in asked:
                        self._answer(line, json.loads(one.lstrip(b"\xff")))

    def _answer(self, line: socket.socket, question: dict[str, Any]) -> None:
        arguments = question.get("arguments", {})
        mark = b""
        match question["execute"]:
            case "guest-sync-delimited":
                answer, mark = {"return": arguments["id"]}, b"\xff"
            case "guest-exec":
                answer = {"return": {"pid": self._exec(arguments)}}
            case "guest-exec-status":
                answer = {"return": self._done[arguments["pid"]]}
            case "guest-ping":
                answer = {"return": {}}
            case other:
                answer = {"error": {"desc": f"{other} is unknown"}}
        said = mark + json.dumps(answer).encode() + b"\n"
        if self.is_silent:
            self.owed.append(said)
        else:
            line.sendall(said)

    def _exec(self, asked: dict[str, Any]) -> int:
        argv = [asked["path"], *asked["arg"]]
        given = base64.b64decode(str(asked.get("input-data", "")))
        done = subprocess.run(argv, input=given, capture_output=True, check=False)
        out = {"out-data": base64.b64encode(done.stdout).decode(), "err-data": base64.b64encode(done.stderr).decode()}
        self._done[len(self._done) + 1] = {"exited": True, "exitcode": done.returncode, **out}
        return len(self._done)

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "line")
    yield made
    made.close()


@pytest.fixture
def line(machine: Machine, tmp_path: Path) -> Iterator[GuestLine]:
    made = GuestLine(tmp_path / "line", "p202")
    yield made
    made.close()


def test_a_command_gives_its_output_its_errors_and_its_code(line: GuestLine) -> None:
    """`puppet apply` tells by its exit code alone whether it changed something."""
    done = line.run(("sh", "-c", "cat; echo bad >&2; exit 3"), timeout_s=10, given="words\n")
    assert (done.returncode, done.stdout, done.stderr) == (3, "words\n", "bad\n")


def test_a_command_past_its_deadline_is_killed_and_told(line: GuestLine) -> None:
    """A `puppet apply` that waited for ever held the whole rollout."""
    with pytest.raises(Unavailable, match=r"no answer within 0\.2 s on p202 from: sleep 4711"):
        line.run(("sleep", "4711"), timeout_s=0.2)


def test_a_late_answer_is_not_that_of_the_next_question(line: GuestLine, machine: Machine) -> None:
    """After one silence each command was told the output of the one before."""
    machine.is_silent = True
    assert not line.answers(within_s=0.3)
    machine.is_silent, machine.owed = False, [b'{"return": {"pid": 9999}}\n', b'\xff{"return": 5}\n']
    assert line.run(("echo", "mine"), timeout_s=10).stdout == "mine\n"


def test_a_refusal_is_told_as_one(line: GuestLine) -> None:
    """A guest agent that was built without `exec` looked like a machine that hangs."""
    with pytest.raises(CommandFailed, match="guest-fly is unknown"):
        line.ask("guest-fly")


def test_a_machine_that_is_off_is_told_as_one(tmp_path: Path) -> None:
    """Its socket is not even there."""
    assert not GuestLine(tmp_path / "nothing", "p202").answers(within_s=0.2)
