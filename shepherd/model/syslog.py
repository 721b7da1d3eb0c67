"""Messages to the site's logger as RFC 5424 has them, and where that logger is."""

import dataclasses
import datetime
import enum
import re
from collections.abc import Mapping, Sequence

AUTHPRIV = 10
"""Facility: security messages."""
NIL = "-"
VERSION = 1


class Severity(enum.IntEnum):
    """As in the RFC."""

    WARNING = 4
    NOTICE = 5
    INFO = 6


class Transport(enum.Enum):
    """How messages travel."""

    UDP = "udp"
    """One a datagram (RFC 5426). What is lost on the way is lost in silence."""
    TCP = "tcp"
    """Each after its length (RFC 6587)."""
    TLS = "tls"
    """The same within TLS (RFC 5425), with the logger's certificate verified."""
    UNIX = "unix"
    """This machine's own, as `/dev/log`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoggerAddress:
    """Where the site's logger listens."""

    transport: Transport
    host: str = ""
    port: int = 0
    path: str = ""
    """Of a Unix socket."""

    def __str__(self) -> str:
        """As in the settings."""
        place = self.path if self.transport is Transport.UNIX else f"{self.host}:{self.port}"
        return f"{self.transport.value}:{place}"


ADDRESS = re.compile(r"(?P<transport>udp|tcp|tls):(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})")


def logger_address(text: str) -> LoggerAddress:
    """`udp:HOST:514`, `tcp:HOST:601`, `tls:HOST:6514` or `unix:/dev/log`. Raises ValueError."""
    kind, _, path = text.partition(":")
    if kind == Transport.UNIX.value and path.startswith("/") and "\0" not in path:
        return LoggerAddress(transport=Transport.UNIX, path=path)
    matched = ADDRESS.fullmatch(text)
    if matched is None or not 0 < int(matched["port"]) < 65536:
        raise ValueError(f"{text!r} is no logger's address")
    host = matched["host"].strip("[]")
    return LoggerAddress(transport=Transport(matched["transport"]), host=host, port=int(matched["port"]))


@dataclasses.dataclass(frozen=True, kw_only=True)
class SyslogMessage:
    """One message. Texts are made to fit: printable ASCII where the RFC wants it."""

    at_s: float
    msgid: str
    text: str
    severity: Severity = Severity.INFO
    facility: int = AUTHPRIV
    data: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    """Structured data: by element its parameters."""


def line_of(message: SyslogMessage, *, host: str, app: str, pid: int) -> str:
    """The message as one line of text."""
    at = datetime.datetime.fromtimestamp(message.at_s, datetime.UTC).isoformat(timespec="milliseconds")
    head = [
        f"<{message.facility * 8 + message.severity}>{VERSION}",
        at.replace("+00:00", "Z"),
        word(host, 255),
        word(app, 48),
        str(pid),
        word(message.msgid, 32),
    ]
    text = "".join(character if character.isprintable() else " " for character in message.text)
    return f"{' '.join(head)} {structured(message.data)} {text}"


def structured(data: Mapping[str, Mapping[str, str]]) -> str:
    """Structured data as the RFC writes it."""
    return "".join(element(name, parameters) for name, parameters in data.items()) or NIL


def element(name: str, parameters: Mapping[str, str]) -> str:
    """One element: `[name key="value"]`."""
    return "[" + " ".join([name, *(f'{key}="{escaped(value)}"' for key, value in parameters.items())]) + "]"


def escaped(value: str) -> str:
    """A parameter's value."""
    printable = "".join(character if character.isprintable() else " " for character in value)
    return re.sub(r'(["\\\]])', r"\\\1", printable)


def word(text: str, most: int) -> str:
    """Printable ASCII without spaces; `-` if there is none."""
    return "".join(character for character in text if "!" <= character <= "~")[:most] or NIL


def framed(lines: Sequence[str]) -> bytes:
    """For a stream: each after its length in bytes."""
    encoded = [line.encode("utf-8", "backslashreplace") for line in lines]
    return b"".join(b"%d %s" % (len(line), line) for line in encoded)
