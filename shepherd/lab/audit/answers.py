"""Answers on the ports named on the command line, TCP and UDP: what a guest must not reach, or may.

Standard library only. Says of each TCP connection when it came, where to and where from. A UDP question that looks like
DNS is answered with the address in argv[1], whatever name was asked for.
"""

import contextlib
import socket
import struct
import sys
import threading
import time


def serve_tcp(port: int) -> None:
    """Accept for ever."""
    with socket.create_server(("", port), backlog=512) as server:
        while True:
            conversation, (visitor, _) = server.accept()
            print(f"{time.time():.3f} {port} {visitor}", flush=True)
            with conversation, contextlib.suppress(OSError):
                conversation.send(b"hello\n")


def serve_udp(port: int, address: str) -> None:
    """Answer for ever; from the address that was asked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
        server.bind(("", port))
        while True:
            data, told, _, asker = server.recvmsg(2048, 128)
            pktinfo = [(socket.IPPROTO_IP, 8, struct.pack("I4s4s", 0, info[4:8], bytes(4))) for _, _, info in told]
            server.sendmsg([answer(data, address)], pktinfo, 0, asker)


def answer(question: bytes, address: str) -> bytes:
    """The question again, with one address."""
    end = question.find(b"\0", 12) + 5
    head = question[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0)
    return head + question[12:end] + struct.pack("!HHHIH4s", 0xC00C, 1, 1, 60, 4, socket.inet_aton(address))


def main() -> None:
    """`answers.py ADDRESS PORT…`."""
    threads = []
    for port in map(int, sys.argv[2:]):
        threads.append(threading.Thread(target=serve_tcp, args=(port,), daemon=True))
        if port == 53:
            threads.append(threading.Thread(target=serve_udp, args=(port, sys.argv[1]), daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
