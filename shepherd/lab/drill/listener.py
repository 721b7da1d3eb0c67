"""Somebody out on the internet: answers the drill's jobs, and writes down who came from which address and port.

`listener.py REFUSED_FROM tcp PORT… udp PORT…`. Each line of its output is JSON: a token when it came, the end of its
connection, and each attempt at a port from REFUSED_FROM on, where nobody listens. Standard library only.
"""

import contextlib
import json
import socket
import struct
import sys
import threading
import time

TELLING = threading.Lock()
LONGEST = 4096
PACKET_INFO = 8
SYN, SYN_AND_ACK = 0x02, 0x12
RECEIVE_BUFFER = 8 << 20


def tell(line: dict[str, object]) -> None:
    """Write down one thing."""
    with TELLING:
        print(json.dumps(line), flush=True)


def serve_tcp(port: int) -> None:
    """Accept for ever."""
    with socket.create_server(("", port), backlog=512) as server:
        while True:
            conversation, peer = server.accept()
            threading.Thread(target=converse, args=(conversation, peer, time.time()), daemon=True).start()


def converse(conversation: socket.socket, peer: tuple[str, int], accepted_s: float) -> None:
    """Hear the token, answer, and wait for the end."""
    with conversation, contextlib.suppress(OSError, ValueError):
        far = conversation.getsockname()
        token = json.loads(conversation.makefile("rb").readline(LONGEST))
        tell(seen("tcp", accepted_s, peer, far, token))
        conversation.sendall(b"heard\n")
        with contextlib.suppress(ConnectionResetError):
            conversation.recv(1)
        tell({"closed": token["run"], "number": token["number"], "closed_s": time.time()})


def serve_udp(port: int) -> None:
    """Answer for ever; from the address that was asked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.IPPROTO_IP, PACKET_INFO, 1)
        server.bind(("", port))
        while True:
            data, told, _, peer = server.recvmsg(LONGEST, 128)
            at_s, info = time.time(), next(value for _, kind, value in told if kind == PACKET_INFO)
            with contextlib.suppress(OSError, ValueError):
                tell(seen("udp", at_s, peer, (socket.inet_ntoa(info[4:8]), port), json.loads(data)))
                asked = (socket.IPPROTO_IP, PACKET_INFO, struct.pack("I4s4s", 0, info[4:8], bytes(4)))
                server.sendmsg([b"heard\n"], [asked], 0, peer)


def watch_refused(first: int) -> None:
    """Attempts at ports that nobody listens at, by whatever reaches this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        while True:
            packet = raw.recv(256)
            at_s, header = time.time(), (packet[0] & 0xF) * 4
            peer_port, port = struct.unpack_from("!HH", packet, header)
            if port >= first and packet[header + 13] & SYN_AND_ACK == SYN:
                peer, far = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
                tell(seen("refused", at_s, (peer, peer_port), (far, port), None))


def seen(kind: str, at_s: float, peer: tuple[str, int], far: tuple[str, int], token: object) -> dict[str, object]:
    """One that came."""
    return {
        "seen": kind, "seen_s": at_s, "nat_address": peer[0], "nat_port": peer[1], "far_address": far[0],
        "far_port": far[1], "token": token,
    }  # fmt: skip


def main() -> None:
    """Serve until killed."""
    first, words = int(sys.argv[1]), sys.argv[2:]
    middle = words.index("udp")
    threads = [threading.Thread(target=watch_refused, args=(first,), daemon=True)]
    threads += [threading.Thread(target=serve_tcp, args=(int(port),), daemon=True) for port in words[1:middle]]
    threads += [threading.Thread(target=serve_udp, args=(int(port),), daemon=True) for port in words[middle + 1 :]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
