#!/usr/bin/python3 -IS
"""Tries in a fresh container, before any guest is in it, whether a job's walls can be built here.

A job that does nothing, as the first slot's account, in a directory of its own, by the very wrapper that HTCondor uses.
What keeps the walls from being built (an AppArmor profile that was not loaded, a kernel without user namespaces) would
hold each guest's job; here the host's keeper hears of it and lends nothing. Says why in one line and ends with 1.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile

ACCOUNT = "slot1_1"
WRAPPER = "/usr/local/libexec/shepherd/flock-job"
JOB = "/usr/bin/true"
SCRATCH = "/var/lib/condor"
WITHIN_S = 10


def main() -> int:
    """Try it, and leave nothing behind."""
    directory = tempfile.mkdtemp(prefix=".trial-", dir=SCRATCH)
    try:
        problem = tried(pwd.getpwnam(ACCOUNT), directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(problem)
    return 1 if problem else 0


def tried(account: pwd.struct_passwd, directory: str) -> str:
    """Why such a job cannot run, in one clause; empty if it can."""
    os.chown(directory, account.pw_uid, account.pw_gid)
    words = os.path.join(directory, "words")
    told = {"PATH": "/usr/bin:/bin", "_CONDOR_SCRATCH_DIR": directory, "_CONDOR_WRAPPER_ERROR_FILE": words}
    devnull = subprocess.DEVNULL
    try:
        done = subprocess.run(
            (WRAPPER, JOB), cwd=directory, env=told, user=account.pw_uid, group=account.pw_gid, extra_groups=(),
            stdin=devnull, stdout=devnull, stderr=subprocess.PIPE, text=True, timeout=WITHIN_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"it had not ended after {WITHIN_S} s"
    if done.returncode == 0:
        return ""
    return " ".join((*lines_of(words), *done.stderr.splitlines())) or f"it ended with status {done.returncode}"


def lines_of(path: str) -> list[str]:
    """What the wrapper had to say."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


if __name__ == "__main__":
    sys.exit(main())
