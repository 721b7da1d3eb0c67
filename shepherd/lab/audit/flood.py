"""Opens as many connections to one address as it is told and holds them: `flood.py ADDRESS PORT CONNECTIONS SECONDS`.

Prints `ready` once all were tried, and at its end how many were open. Runs on a node's own Python, in a container's
network; standard library only.
"""

import selectors
import socket
import sys
import time

PATIENCE_S = 4.0


def opened(address: str, port: int, wanted: int) -> list[socket.socket]:
    """Those connections that came up in time."""
    up: list[socket.socket] = []
    with selectors.DefaultSelector() as waiting:
        for _ in range(wanted):
            one = socket.socket(socket.AF_INET)
            one.setblocking(False)  # noqa: FBT003
            one.connect_ex((address, port))
            waiting.register(one, selectors.EVENT_WRITE)
        until_s = time.monotonic() + PATIENCE_S
        while waiting.get_map() and (left_s := until_s - time.monotonic()) > 0:
            for key, _ in waiting.select(left_s):
                one = key.fileobj  # type: ignore[assignment]
                waiting.unregister(one)
                if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    up.append(one)
    return up


def main() -> None:
    """Open, hold, tell."""
    address, port, wanted, seconds = sys.argv[1:]
    held = opened(address, int(port), int(wanted))
    print("ready", flush=True)
    time.sleep(float(seconds))
    print(len(held), flush=True)


if __name__ == "__main__":
    main()
