"""The page of figures on a loopback address, for Prometheus. Whoever is slow, or comes in crowds, is hung up on."""

import http.server
import ipaddress
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import Any

from shepherd.errors import Unavailable
from shepherd.ports import Log

PATH = "/metrics"
MOST = 8
"""Clients at one time."""
CLIENT_S = 10.0
"""For one of them, from its connection to the last byte."""
SILENT_S = 5.0
Page = Callable[[str], tuple[str, bytes]]
"""Content type and body for an Accept header."""


class MetricsServer:
    """Listens until it is closed, in threads of its own."""

    def __init__(self, listen: str, page: Page, log: Log) -> None:
        """`listen`: `ADDRESS:PORT`, the address a number. Raises Unavailable, if it is taken or not this machine's."""
        host, _, port = listen.rpartition(":")
        address = ipaddress.ip_address(host.strip("[]"))
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        try:
            self._server = _Server((str(address), int(port)), family, page, log)
        except OSError as exc:
            raise Unavailable(f"{listen} cannot be listened at: {exc.strerror}") from exc
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics http", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """That it listens at."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop listening. Takes half a second at most; clients that are being answered are. Idempotent."""
        self._server.shutdown()
        self._thread.join(2.0)
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], family: socket.AddressFamily, page: Page, log: Log) -> None:
        self.address_family = family
        self.page, self.log = page, log
        self._since: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without the look into the DNS that the standard library makes."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as inherited
        """In a thread, unless there are too many."""
        with self._lock:
            if is_welcome := len(self._since) < MOST:
                self._since[request] = time.monotonic()
        if is_welcome:
            super().process_request(request, client_address)
        else:
            super().shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401
        """It was answered, or hung up on."""
        with self._lock:
            self._since.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Twice a second: hang up on who takes too long. Its thread then ends by itself."""
        now = time.monotonic()
        with self._lock:
            for request, since_s in self._since.items():
                if now - since_s > CLIENT_S:
                    _hang_up(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """A client that is gone is no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    timeout = SILENT_S
    server_version, sys_version = "shepherd", ""

    def do_GET(self) -> None:
        """The page of figures; anything else says where it is."""
        if self.path.partition("?")[0] != PATH:
            self._answer(404, "text/plain; charset=utf-8", f"Figures of the shepherd are at {PATH}.\n".encode())
            return
        try:
            content_type, body = self.server.page(self.headers.get("Accept", ""))
        except Exception:  # noqa: BLE001 - a defect of ours is told here, and nowhere else
            self.server.log("figures cannot be shown", exc_info=True)
            self._answer(500, "text/plain; charset=utf-8", b"Figures cannot be shown: see the shepherd's log.\n")
            return
        self._answer(200, content_type, body)

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, code: int, content_type: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Prometheus asks four times a minute."""


def _hang_up(request: socket.socket) -> None:
    try:
        request.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
