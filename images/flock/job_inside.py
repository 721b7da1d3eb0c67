#!/usr/bin/python3 -IS
"""PID 1 of a guest's job, within its walls: starts it with its own environment, hands signals on, tells how it ended.

`flock-job-inside DESCRIPTOR PROGRAM [ARGUMENT…]`: the wait status of the program is written to the descriptor. When
this ends, the kernel ends all that is left of the job.
"""

import base64
import contextlib
import os
import signal
import sys

ENVIRONMENT = "FLOCK_ENVIRONMENT"
HANDED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def main() -> int:
    """Serve one job. Refuses to be anything but the first process of a namespace."""
    if os.getpid() != 1:
        print("flock-job-inside: this is only ever PID 1 of a job", file=sys.stderr)
        return 2
    tell, job = int(sys.argv[1]), sys.argv[2:]
    os.set_inheritable(tell, False)
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDED_ON)
    child = os.fork()
    if child == 0:
        become(job)
    for number in HANDED_ON:
        signal.signal(number, lambda number, _frame: hand_on(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDED_ON)
    while True:
        dead, status = os.wait()
        if dead == child:
            os.write(tell, str(status).encode())
            return 0


def hand_on(child: int, number: int) -> None:
    """Signal the job; it may have ended in this very moment."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)


def become(job: list[str]) -> None:
    """Be the job, with its own environment. Does not return."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDED_ON)
    entries = base64.b64decode(os.environ[ENVIRONMENT]).split(b"\0")
    environment = dict(entry.split(b"=", 1) for entry in entries if b"=" in entry)
    try:
        os.execvpe(job[0], job, environment)
    except OSError as exc:
        print(f"flock-job: {job[0]}: {exc.strerror}", file=sys.stderr, flush=True)
        os._exit(127)


if __name__ == "__main__":
    sys.exit(main())
