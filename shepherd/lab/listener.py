"""A server that must stay unreachable for guests: accepts TCP connections and writes down who came.

Runs on a node's own Python; standard library only.
"""

import socket
import sys
import time
from pathlib import Path


def main() -> None:
    """Listen for ever on port argv[1]; append `time address` lines to argv[2]."""
    with socket.create_server(("", int(sys.argv[1]))) as server, Path(sys.argv[2]).open("a", encoding="ascii") as log:
        while True:
            connection, (address, _) = server.accept()
            connection.close()
            print(f"{time.time():.3f} {address}", file=log, flush=True)


if __name__ == "__main__":
    main()
