"""A machine that boots ends with its lab, whatever ends the lab."""

import signal
import subprocess
import sys

import pytest

from shepherd.lab.command import CUT_OFF
from shepherd.lab.eventually import eventually
from shepherd.lab.node import alive, command_line

pytestmark = pytest.mark.real
LAB = "import subprocess, sys, time\nprint(subprocess.Popen(sys.argv[1:]).pid, flush=True)\ntime.sleep(60)\n"


def test_its_processes_end_with_a_lab_that_is_killed() -> None:
    """QEMU of a run that was killed kept a processor busy for a weekend."""
    lab = subprocess.Popen([sys.executable, "-c", LAB, *CUT_OFF, "sleep", "4711"], stdout=subprocess.PIPE)
    with lab:
        assert lab.stdout is not None
        pid = int(lab.stdout.readline())
        eventually(lambda: command_line(pid) == "sleep 4711", 5, 0.01, what="it has become what it is to run")
        lab.send_signal(signal.SIGKILL)
    eventually(lambda: not alive(pid), 5, 0.05, what="what the lab had started is gone")
