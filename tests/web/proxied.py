"""A real proxy before the dashboard's port, in a network of their own, of a page's own blocks as they stand there."""

import base64
import dataclasses
import http.client
import os
import pathlib
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from shepherd.edges.network_namespace import within
from shepherd.errors import Unavailable
from shepherd.lab.command import CUT_OFF, kill_session
from shepherd.lab.devices import devices_in
from shepherd.lab.eventually import eventually
from shepherd.lab.progress import Progress
from shepherd.lab.proxies import provide_proxies
from tests.docs import pages
from tests.edges.test_site_logger import certificate
from tests.web.asgi import Answer

PAGE = pages.DOCS / "web.md"
NAME = "flock.example.org"
SECRET = "…what the file has in it…"
"""What the page has in its place."""
MODULES = " ".join(re.findall(r"`a2enmod ([\w ]+)`", pages.text_of(PAGE)))
OF_THE_PACKAGE = (
    "mpm_event authz_host auth_basic access_compat authn_core authz_core authn_file authz_user alias dir autoindex env "
    "mime negotiation setenvif filter deflate status reqtimeout"
)
"""What apache2's maintainer's script switches on."""
ENTER = f"""
mount -t overlay overlay -o "lowerdir=$1,upperdir=$0/upper,workdir=$0/work" "$0/root"
mount -t proc proc "$0/root/proc"
{devices_in("$0/root")}
ip link set lo up
exec chroot "$0/root" /bin/dash -ec "$2"
"""
PREPARE = """
ln -sf dash /bin/sh
mkdir -p /run /var/run/apache2 /var/lock/apache2
first=-c
while read -r user password; do
  echo "$password" | htpasswd -i $first USERS "$user"
  first=
done </users
chown root:www-data USERS
chmod 640 USERS
"""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A proxy, and where Debian has it look for sites."""

    block: str
    """Language of its block in the page."""
    site: str
    start: str

    @property
    def text(self) -> str:
        """The page's block."""
        [(_, text)] = pages.blocks(PAGE, self.block)
        return text


NGINX = Kind("nginx", "etc/nginx/sites-enabled/shepherd", 'nginx -t; exec nginx -g "daemon off;"')
APACHE = Kind(
    "apache",
    "etc/apache2/sites-enabled/shepherd.conf",
    f"a2enmod -q {OF_THE_PACKAGE}; a2enmod -q {MODULES}; set +e; . /etc/apache2/envvars; exec apache2 -DFOREGROUND",
)


class Proxied:
    """A proxy at port 443 of a network in which nothing else is, and who asks it. `users`: their passwords."""

    def __init__(self, kind: Kind, tree: pathlib.Path, home: pathlib.Path, secret: str, users: dict[str, str]) -> None:
        self._users, self._home = users, home
        for name in ("upper", "work", "root"):
            (home / name).mkdir(parents=True)
        text = kind.text.replace(SECRET, secret)
        assert text.count(secret) == 1
        lay(home / "upper" / kind.site, text)
        lay(home / "upper/users", "".join(f"{user} {password}\n" for user, password in users.items()))
        certificate(home, NAME)
        for path in re.findall(r"/(etc/ssl/[^;\s]+)", text):
            lay(home / "upper" / path, (home / f"{NAME}.pem").read_text())
        self._tls = ssl.create_default_context(cafile=str(home / f"{NAME}.crt"))
        self._tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
        [passwords] = re.findall(r"/etc/(?:nginx|apache2)/[\w.]+users", text)
        inside = f"{PREPARE.replace('USERS', passwords)}{kind.start}"
        apart = (*CUT_OFF, "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child")
        argv = (*apart, "sh", "-ec", ENTER, str(home), str(tree), inside)
        with (home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
            )  # fmt: skip

    @property
    def network(self) -> int:
        """A process that is in it."""
        return self._process.pid

    def await_port(self) -> None:
        """Until it answers, in a network of its own."""

        def answers() -> bool:
            try:
                if os.readlink(f"/proc/{self.network}/ns/net") == os.readlink("/proc/self/ns/net"):
                    return False
                self.connected(443).close()
            except OSError as exc:
                raise Unavailable(f"{exc}: {self.log()[-800:]}") from exc
            return True

        eventually(answers, 30, what="the proxy answers")

    def log(self) -> str:
        """What it has said so far."""
        kept = (self._home / "upper/var/log").glob("*/error.log")
        return "".join(path.read_text(errors="replace") for path in (*kept, self._home / "log"))

    def connected(self, port: int) -> socket.socket:
        """Who has an account on this machine can connect to all of its ports."""
        return within(self.network, lambda: socket.create_connection(("127.0.0.1", port), 10))

    def listening(self, port: int) -> socket.socket:
        """In the place of what is behind it."""
        return within(self.network, lambda: socket.create_server(("127.0.0.1", port)))

    @contextmanager
    def opened(
        self, target: str, user: str = "", *, method: str = "GET", host: str = NAME,
        headers: Sequence[tuple[str, str]] = (), password: str | None = None,
    ) -> Iterator[http.client.HTTPResponse]:  # fmt: skip
        """An answer that has begun, to whom signs in as `user`; empty: nobody."""
        connection = http.client.HTTPConnection(NAME)
        connection.sock = self._tls.wrap_socket(self.connected(443), server_hostname=NAME)
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        signed = [("Authorization", basic(user, password or self._users[user]))] if user else []
        for name, value in (("Host", host), ("Accept-Encoding", "gzip"), *signed, *headers):
            connection.putheader(name, value)
        connection.endheaders()
        try:
            yield connection.getresponse()
        finally:
            connection.close()

    def asked(self, target: str, user: str = "", **more: object) -> Answer:
        """One request, answered to its end."""
        with self.opened(target, user, **more) as got:  # type: ignore[arg-type]
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())

    def close(self) -> None:
        """End it and everything in it. Idempotent."""
        kill_session(self._process)


@contextmanager
def proxied(kind: Kind, home: pathlib.Path, secret: str, users: dict[str, str]) -> Iterator[Proxied]:
    """From when it answers until it has ended. `home`: a directory of its own."""
    made = Proxied(kind, provide_proxies(Progress()), home, secret, users)
    try:
        made.await_port()
        yield made
    finally:
        made.close()


def basic(user: str, password: str) -> str:
    """RFC 7617."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def lay(path: pathlib.Path, text: str) -> None:
    """A file that is its owner's alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def events(stream: http.client.HTTPResponse) -> Iterator[str]:
    """Server-sent events, each as soon as it is there."""
    held = b""
    while some := stream.read1(65536):
        *whole, held = (held + some).split(b"\n\n")
        yield from (one.decode() for one in whole)
