"""Tries to outlive its job: daemons, and files for whoever comes next. `python3 -m job.staying MARKER SECONDS`."""

import os
import signal
import sys
import time


def daemonise(marker: str, seconds: float) -> None:
    """Fork twice, be deaf, wait."""
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    os.execv(sys.executable, [sys.executable, "-c", f"import time; time.sleep({seconds}) #{marker}"])


if __name__ == "__main__":
    for _ in range(5):
        daemonise(sys.argv[1], float(sys.argv[2]))
    for place in ("/tmp", "/var/tmp", "/dev/shm"):
        with open(f"{place}/{sys.argv[1]}", "w", encoding="ascii") as file:
            file.write(sys.argv[1])
    time.sleep(1)
    print("left", flush=True)
