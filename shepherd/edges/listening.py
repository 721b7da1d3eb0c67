"""Who listens at an address of this machine: found by binding it for a moment, and asked by HTTP if somebody does."""

import contextlib
import errno
import http.client
import ipaddress
import socket

from shepherd.model.checkup import ListenSeen

WAIT_S = 5.0
BODY_BYTES = 1 << 20


class LocalListening:
    """`ports_checkup.Listening`."""

    def seen(self, listen: str, path: str) -> ListenSeen:
        """See the port."""
        host, _, port = listen.rpartition(":")
        address = ipaddress.ip_address(host.strip("[]"))
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        try:
            with socket.socket(family) as trial:
                # As our programs do it. Who binds it in the same moment, and listens, is not in the way of this one.
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind((str(address), int(port)))
        except OSError as exc:
            if exc.errno != errno.EADDRINUSE:
                return ListenSeen(problem=(exc.strerror or str(exc)).lower())
            return _asked(str(address), int(port), path)
        return ListenSeen()


def _asked(host: str, port: int, path: str) -> ListenSeen:
    """Under a name that our programs know."""
    connection = http.client.HTTPConnection(host, port, timeout=WAIT_S)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path, headers={"Host": "localhost", "Accept": "text/plain"})
            answer = connection.getresponse()
            text = answer.read(BODY_BYTES).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return ListenSeen(is_taken=True)
    return ListenSeen(is_taken=True, status=answer.status, text=text)
