"""The worker process: whatever the other side does, the daemon gets an answer or a named trouble in time."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from shepherd.edges.htcondor.process import WorkerProcess
from shepherd.errors import PoolUnavailable
from tests.edges.htcondor.conftest import eventually

ALL = {"hosts": None}
AD = {"MyType": "Generic", "Name": "x", "ShepherdAd": "Keeper", "ShepherdHost": "p1"}
DELAY_S = 4.0
"""Starting Python, HTCondor's library and the end of a process, on a busy machine."""


def never_answer(_peer: socket.socket) -> None:
    """Accepted, and that was it."""


def hang_up(peer: socket.socket) -> None:
    peer.close()


def babble(peer: socket.socket) -> None:
    """Something that is not HTCondor's protocol."""
    try:
        peer.sendall(os.urandom(4096))
        peer.shutdown(socket.SHUT_WR)
    except OSError:
        return


def drip(peer: socket.socket) -> None:
    """One byte now and then, so that no socket's own timeout ever strikes."""
    try:
        while True:
            peer.sendall(b"\0")
            time.sleep(0.3)
    except OSError:
        return


def trouble(worker: WorkerProcess, question: str = "masters", within_s: float = 3.0, **args: object) -> PoolUnavailable:
    """What a question failed with; it must not have taken much longer than allowed."""
    began = time.monotonic()
    with pytest.raises(PoolUnavailable) as caught:
        worker.ask(question, args or ALL, within_s=within_s)
    assert time.monotonic() - began < within_s + DELAY_S
    return caught.value


def is_alive(pid: int) -> bool:
    status = pathlib.Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("treat", [never_answer, hang_up, babble, drip])
def test_no_peer_holds_a_question_beyond_its_deadline(listen, worker_for, treat):
    """A collector that accepted and never answered stopped the daemon, reclaims and all."""
    listener = listen(treat)
    assert "home collector" in str(trouble(worker_for(listener.address)))
    assert listener.connections >= 1


def test_a_hung_collector_is_silent_not_refusing(listen, worker_for):
    """An administrator looked for a wrong token while the network was down."""
    assert trouble(worker_for(listen(never_answer).address)).refused is False


def test_publishing_into_a_hung_collector_ends_too(listen, worker_for):
    """Sending has a timeout of twenty seconds inside the bindings, whatever we want; the worker is killed."""
    worker = worker_for(listen(never_answer).address)
    assert "worker killed" in str(trouble(worker, "report", ad=AD))
    assert worker.pid is None


def test_nothing_listening_is_told_at_once(worker_for):
    """A dead collector must not cost every look its whole deadline."""
    began = time.monotonic()
    assert "nothing listens" in str(trouble(worker_for("127.0.0.1:1"), within_s=30.0))
    assert time.monotonic() - began < DELAY_S


REFUSES = """
import os
from shepherd.edges.htcondor.frames import pack, unpack, write_all
unpack(lambda size: os.read(0, size))
write_all(1, pack({"refused": "it refuses READ: our identity is not accepted or not allowed"}))
"""
"""Answers as the worker does when the collector refuses."""


@pytest.mark.parametrize(
    ("collector", "place"), [("127.0.0.1:1", "127.0.0.1:1"), ("", "empty: HTCondor's COLLECTOR_HOST")]
)
def test_a_silent_collector_is_told_with_its_setting_and_what_to_look_at(config, collector, place):
    """A newcomer had three files with the word "collector" in them, and none was named."""
    worker = WorkerProcess(
        collector=collector, condor_config=config, name="home collector", setting="home.collector"
    )
    said = trouble(worker, within_s=20.0)
    worker.close()
    assert said.refused is False
    assert f"nothing listens there; is home.collector ({place}) right, can its machine be reached" in str(said)
    assert "token" not in str(said)


def test_a_collector_that_gives_no_answer_in_time_is_told_with_its_setting(listen, config):
    """The deadline's own message named the question only."""
    address = listen(never_answer).address
    worker = WorkerProcess(collector=address, condor_config=config, name="flock collector", setting="flock.collector")
    assert f"is flock.collector ({address}) right" in str(trouble(worker, "report", ad=AD))
    worker.close()


def test_a_refusing_collector_is_told_with_its_setting_and_what_it_wants(tmp_path):
    """Somebody pulled at cables for an hour; a line of ALLOW_READ was missing."""
    (tmp_path / "refuses.py").write_text(REFUSES)
    worker = WorkerProcess(
        collector="cm:9618", name="flock collector", setting="flock.collector",
        python=[sys.executable, str(tmp_path / "refuses.py")],
    )  # fmt: skip
    said = trouble(worker, within_s=20.0)
    worker.close()
    assert said.refused is True
    assert "a token that flock.collector (cm:9618) accepts" in str(said)
    assert "ALLOW_READ" in str(said)
    assert "reached" not in str(said)


def test_a_name_nobody_knows_is_told(worker_for):
    """A misspelt collector in the settings."""
    assert "not known" in str(trouble(worker_for("no such host:9618"), within_s=30.0))


def test_a_stopped_worker_is_replaced(listen, worker_for):
    """SIGSTOP, a debugger, a frozen cgroup: the process is there and does nothing."""
    worker = worker_for(listen(hang_up).address)
    trouble(worker)
    stopped = worker.pid
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    assert "killed" in str(trouble(worker))
    assert not is_alive(stopped)
    assert "killed" not in str(trouble(worker))


def test_a_worker_killed_between_questions_is_replaced_unnoticed(worker_for):
    """The kernel's memory killer takes the biggest process."""
    worker = worker_for("127.0.0.1:1")
    trouble(worker, within_s=20.0)
    killed = worker.pid
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: not is_alive(killed))
    assert "nothing listens" in str(trouble(worker, within_s=20.0))


def test_a_worker_killed_in_the_middle_is_told_by_its_signal(listen, worker_for):
    """The bindings abort the process when a reply is not what they assert."""
    listener = listen(never_answer)
    worker = worker_for(listener.address)

    def kill() -> None:
        eventually(lambda: listener.connections)
        os.kill(worker.pid, signal.SIGABRT)

    killer = threading.Thread(target=kill)
    killer.start()
    assert "SIGABRT" in str(trouble(worker, within_s=20.0))
    killer.join()


def test_a_second_asker_waits_no_longer_than_it_may(listen, worker_for):
    """A quick look-up of a command waited behind a hung look at the whole pool."""
    listener = listen(never_answer)
    worker = worker_for(listener.address)
    first = threading.Thread(target=lambda: trouble(worker, within_s=6.0))
    first.start()
    eventually(lambda: listener.connections)
    assert "busy" in str(trouble(worker, within_s=0.3))
    first.join()


def test_a_missing_interpreter_is_a_trouble_of_the_pool(config):
    """A package upgrade took the Python away under the running daemon."""
    worker = WorkerProcess(collector="127.0.0.1:1", condor_config=config, name="home", python=["/nonexistent/python"])
    assert "can be started" in str(trouble(worker))


def test_a_broken_configuration_is_a_trouble_of_the_pool(tmp_path):
    """The bindings end the process when the file they are told of does not exist."""
    worker = WorkerProcess(collector="127.0.0.1:1", condor_config=str(tmp_path / "none"), name="home collector")
    assert "home collector" in str(trouble(worker, within_s=20.0))
    worker.close()


ORPHAN = """
import sys, threading, time, os
from shepherd.edges.htcondor.process import WorkerProcess
worker = WorkerProcess(collector=sys.argv[1], condor_config=sys.argv[2], name="home")
def ask(): worker.ask("report", {"ad": {"MyType": "Generic", "Name": "x"}}, within_s=1.0)
threading.Thread(target=ask, daemon=True).start()
while worker.pid is None: time.sleep(0.01)
time.sleep(float(sys.argv[3]))
print(worker.pid, flush=True)
os._exit(9)
"""


def test_a_worker_outlives_its_daemon_by_no_more_than_its_question(listen, config):
    """kill -9 of the daemon left a process for ever that held a socket to a hung collector."""
    listener = listen(never_answer)
    argv = [sys.executable, "-c", ORPHAN, listener.address, config, "0.5"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    pid = int(done.stdout)
    eventually(lambda: not is_alive(pid), within_s=20.0)
    assert done.returncode == 9
