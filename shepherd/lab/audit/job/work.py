"""Work of two kinds, timed: `python3 -m job.work ROUNDS` prints a line of JSON, seconds of each round by kind."""

import hashlib
import json
import os
import sys
import time

CALCULATIONS, FILES, BYTES = 2_000_000, 4_000, 65536


def calculation() -> None:
    """Nothing but the processor."""
    digest = b"x"
    for _ in range(CALCULATIONS):
        digest = hashlib.sha256(digest).digest()


def files() -> None:
    """Small files made, written, read, and removed; processes started."""
    for number in range(FILES):
        with open(f"work-{number}", "wb") as file:
            file.write(b"x" * BYTES)
        with open(f"work-{number}", "rb") as file:
            file.read()
        os.unlink(f"work-{number}")
    for _ in range(FILES // 10):
        os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn("/bin/true", ["true"], os.environ), 0)[1])


def timed() -> dict[str, float]:
    """One round."""
    found = {}
    for work in (calculation, files):
        began_s = time.monotonic()
        work()
        found[work.__name__] = time.monotonic() - began_s
    return found


if __name__ == "__main__":
    print(json.dumps([timed() for _ in range(int(sys.argv[1]))]), flush=True)
