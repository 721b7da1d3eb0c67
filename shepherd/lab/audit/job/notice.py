"""Waits, and says when it is told to leave."""

import signal
import sys
import time


def hear(_number: int, _frame: object) -> None:
    """The notice before a reclaim."""
    print("notice", flush=True)
    time.sleep(1)
    sys.exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, hear)
    print("waiting", flush=True)
    time.sleep(300)
