"""Tries TCP connections, all at once: JSON list of `ADDRESS:PORT` in, JSON list of those that answered out.

Run by `reach.Reach` as a process of its own, with another account and in another network namespace; standard library
only. A refusal is an answer: whoever sends it was reached. The firewall's own refusals come as ICMP.
"""

import errno
import json
import selectors
import socket
import sys
import time

PATIENCE_S = 1.5
ANSWERS = {0, errno.ECONNREFUSED}


def main() -> None:
    """Try what is asked for."""
    targets = json.load(sys.stdin)
    json.dump(sorted(answered(targets)), sys.stdout)


def answered(targets: list[str]) -> set[str]:
    """Those that answered in time."""
    found: set[str] = set()
    deadline_s = time.monotonic() + PATIENCE_S
    with selectors.DefaultSelector() as waiting:
        for target in targets:
            address, _, port = target.rpartition(":")
            conversation = socket.socket(socket.AF_INET)
            conversation.setblocking(False)  # noqa: FBT003
            if conversation.connect_ex((address, int(port))) in {errno.EINPROGRESS, *ANSWERS}:
                waiting.register(conversation, selectors.EVENT_WRITE, target)
        while waiting.get_map() and (left_s := deadline_s - time.monotonic()) > 0:
            for key, _ in waiting.select(left_s):
                waiting.unregister(key.fileobj)
                if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in ANSWERS:  # type: ignore[union-attr]
                    found.add(key.data)
    return found


if __name__ == "__main__":
    main()
