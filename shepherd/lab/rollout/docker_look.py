"""What dockerd of a machine has; runs there, by itself. Prints JSON."""

import json
import socket

SOCKET = "/run/docker.sock"
WITHIN_S = 30.0


def asked(path: str) -> list[dict[str, object]]:
    """The answer to one question. Raises OSError, ValueError."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(WITHIN_S)
        line.connect(SOCKET)
        line.sendall(f"GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
        pieces = b"".join(iter(lambda: line.recv(65536), b""))
    found: list[dict[str, object]] = json.loads(pieces.partition(b"\r\n\r\n")[2])
    return found


if __name__ == "__main__":
    networks = sorted(f"{one['Driver']} {one['Name']}" for one in asked("/networks"))
    print(json.dumps({"networks": networks, "containers": len(asked("/containers/json?all=1"))}))
