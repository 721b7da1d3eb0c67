"""The site's logger gets our messages in its own form, over every transport; its silence holds nothing up."""

import datetime
import pathlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shepherd.edges import site_logger
from shepherd.edges.site_logger import SiteLogger
from shepherd.model.syslog import SyslogMessage, logger_address

RFC5424 = re.compile(
    r'<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\S+) shepherd (\d+) (\S+) '
    r'(-|(?:\[[^ =\]"]+(?: [^ =\]"]+="(?:[^"\\\]]|\\["\\\]])*")*\])+) (.*)'
)
AT_S = 1_772_323_200.25


def message(text: str) -> SyslogMessage:
    return SyslogMessage(at_s=AT_S, msgid="heads", text=text, data={"x@32473": {"a": 'quote " slash \\ end ]'}})


class Receiver:
    """A logger on the loopback that keeps what it got."""

    def __init__(self, listening: socket.socket, context: ssl.SSLContext | None = None) -> None:
        self._listening, self._context = listening, context
        self.got = b""
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
            except OSError:
                if self._listening.fileno() < 0:
                    return
                continue
            self.connections.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        while True:
            try:
                some = connection.recv(65536)
            except OSError:
                return
            if not some:
                return
            self.got += some

    def messages(self) -> list[str]:
        """By their lengths."""
        rest, found = self.got, []
        while b" " in rest:
            size, _, rest = rest.partition(b" ")
            if len(rest) < int(size):
                break
            found.append(rest[: int(size)].decode())
            rest = rest[int(size) :]
        return found

    def close(self) -> None:
        self._listening.close()
        for connection in self.connections:
            connection.close()


def eventually(what: Callable[[], bool], seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def logger_at(address: str, ca_file: str = "") -> SiteLogger:
    return SiteLogger(logger_address(address), ca_file, wall_s=lambda: AT_S)


def test_a_datagram_has_the_form_of_the_rfc(tmp_path):
    """A logger that does not understand a line files it under `unknown`, by its own clock."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        logger = logger_at(f"udp:127.0.0.1:{receiver.getsockname()[1]}")
        logger.send(message("one\nline\x00"))
        line = receiver.recv(65536).decode()
        logger.close()
    matched = RFC5424.fullmatch(line)
    assert matched is not None, line
    assert matched[1] == "86"
    assert matched[2] == "2026-03-01T00:00:00.250Z"
    assert matched[5] == "heads"
    assert matched[6] == '[x@32473 a="quote \\" slash \\\\ end \\]"]'
    assert matched[7] == "one line "


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_this_machines_own_logger_is_spoken_to_as_it_listens(kind, tmp_path):
    """Some take datagrams, some a stream; with the wrong one nothing arrived and nobody was told."""
    with socket.socket(socket.AF_UNIX, kind) as receiver:
        receiver.bind(str(tmp_path / "log"))
        receiver.settimeout(10)
        source = receiver
        if kind is socket.SOCK_STREAM:
            receiver.listen()
        logger = logger_at(f"unix:{tmp_path}/log")
        logger.send(message("hello"))
        if kind is socket.SOCK_STREAM:
            source, _ = receiver.accept()
            source.settimeout(10)
        assert RFC5424.fullmatch(source.recv(65536).decode().strip())
        logger.close()
        source.close()


def test_over_tcp_each_message_follows_its_length_and_a_broken_connection_is_made_anew():
    """A logger was restarted at night; the shepherd wrote to its old connection until noon."""
    receiver = Receiver(socket.create_server(("127.0.0.1", 0)))
    logger = logger_at(f"tcp:127.0.0.1:{receiver.port}")
    logger.send(message("ä one"))
    assert eventually(lambda: len(receiver.messages()) == 1)
    for connection in receiver.connections:
        connection.shutdown(socket.SHUT_RDWR)
    logger.send(message("two"))
    logger.send(message("three"))
    assert eventually(lambda: len(receiver.messages()) == 3)
    assert [text.rsplit(" ", 1)[1] for text in receiver.messages()] == ["one", "two", "three"]
    assert len(receiver.connections) == 2
    logger.close()
    receiver.close()


def test_a_silent_logger_holds_nothing_up_and_is_told_what_was_lost(monkeypatch):
    """The loop waited for a logger behind a firewall, and hosts came home late."""
    monkeypatch.setattr(site_logger, "MOST_WAITING", 10)
    monkeypatch.setattr(site_logger, "FIRST_PAUSE_S", 0.05)
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    taken.close()
    logger = logger_at(f"tcp:127.0.0.1:{port}")
    begun = time.monotonic()
    for number in range(500):
        logger.send(message(f"number {number}"))
    assert time.monotonic() - begun < 5
    assert logger.lost >= 480
    assert eventually(lambda: "cannot be reached" in logger.problem)
    receiver = Receiver(socket.create_server(("127.0.0.1", port)))
    assert eventually(lambda: any(text.endswith("number 499") for text in receiver.messages()))
    texts = receiver.messages()
    assert any(f"{logger.lost} messages to this logger were lost" in text for text in texts)
    assert eventually(lambda: not logger.problem)
    logger.close()
    receiver.close()


def certificate(place: pathlib.Path, name: str, authority: tuple | None = None) -> tuple:
    """A key and a certificate for `name`, by `authority` or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer_key, issuer = (key, subject) if authority is None else (authority[0], authority[1].subject)
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .sign(signer_key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (place / f"{name}.pem").write_bytes(pem + built.public_bytes(serialization.Encoding.PEM))
    (place / f"{name}.crt").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    return key, built


@pytest.mark.parametrize("trusted", [True, False])
def test_over_tls_only_the_sites_own_logger_is_told(trusted, tmp_path):
    """Whoever answers at that address could swallow the heads."""
    authority = certificate(tmp_path, "site-ca")
    certificate(tmp_path, "localhost", authority)
    certificate(tmp_path, "other-ca")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "localhost.pem")
    receiver = Receiver(socket.create_server(("127.0.0.1", 0)), context)
    logger = logger_at(f"tls:localhost:{receiver.port}", str(tmp_path / f"{'site' if trusted else 'other'}-ca.crt"))
    logger.send(message("secret"))
    if trusted:
        assert eventually(lambda: len(receiver.messages()) == 1)
        logger.send(message("again"))
        assert eventually(lambda: len(receiver.messages()) == 2)
        assert len(receiver.connections) == 1
    else:
        assert eventually(lambda: "certificate verify failed" in logger.problem)
        assert receiver.got == b""
    logger.close()
    receiver.close()


@pytest.mark.parametrize(
    "text", ["", "udp:x", "udp:x:0", "udp:x:70000", "tcp::5", "http:x:5", "unix:log", "unix:", "tls:a b:1", "udp:x:5:6"]
)
def test_an_address_that_is_none_is_refused(text):
    """It was a typing error, and nobody was told for half a year."""
    with pytest.raises(ValueError, match="no logger's address"):
        logger_address(text)


@pytest.mark.parametrize("text", ["udp:log.example.org:514", "tls:[2001:db8::1]:6514", "unix:/dev/log"])
def test_an_address_is_read_as_it_is_shown(text):
    """The problem that `-s` names must be one that an administrator finds in the settings."""
    assert str(logger_address(text)).replace("[", "").replace("]", "") == text.replace("[", "").replace("]", "")
