"""The Services port: does somebody answer at an address. Nothing is said there but a question to a resolver."""

import secrets
import socket
import struct
import time

from shepherd.errors import UsageError

WAIT_S, TRIES = 2.0, 2
DNS_PORT, RECURSE, NAME_SERVERS, INTERNET = 53, 0x0100, 2, 1
IS_ANSWER, CODE = 0x8000, 0x000F


class NetworkServices:
    """`ports_checkup.Services`."""

    def __init__(self, dns_port: int = DNS_PORT) -> None:
        self._dns_port = dns_port

    def tcp_problem(self, place: str) -> str:
        """See the port. Raises UsageError if `place` is none."""
        host, _, port = place.partition("?")[0].rpartition(":")
        if not port.isdecimal():
            raise UsageError(f"{place!r} is not HOST:PORT")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=WAIT_S).close()
        except TimeoutError:
            return f"no answer within {WAIT_S:g} s"
        except OSError as exc:
            return (exc.strerror or str(exc)).lower()
        return ""

    def name_problem(self, name: str) -> tuple[str, float]:
        """See the port."""
        began_s = time.monotonic()
        try:
            socket.getaddrinfo(name or socket.gethostname(), None)
            problem = ""
        except (OSError, UnicodeError) as exc:
            problem = (getattr(exc, "strerror", None) or str(exc)).lower()
        return problem, time.monotonic() - began_s

    def dns_problem(self, address: str) -> str:
        """See the port."""
        problem = ""
        for _ in range(TRIES):
            try:
                problem = self._asked(address)
            except TimeoutError:
                problem = f"no answer within {TRIES * WAIT_S:g} s"
                continue
            except OSError as exc:
                return (exc.strerror or str(exc)).lower()
            break
        return problem

    def _asked(self, address: str) -> str:
        ident = secrets.token_bytes(2)
        question = ident + struct.pack("!5H", RECURSE, 1, 0, 0, 0) + b"\0" + struct.pack("!HH", NAME_SERVERS, INTERNET)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(WAIT_S)
            line.connect((address, self._dns_port))
            line.send(question)
            answer = line.recv(4096)
        if len(answer) < 12 or answer[:2] != ident:
            return "what answers is no resolver"
        (flags,) = struct.unpack("!H", answer[2:4])
        code = flags & CODE
        return "" if flags & IS_ANSWER and code == 0 else f"it refuses us (RCODE {code})"
