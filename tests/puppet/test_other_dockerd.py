"""A host whose keeper has a dockerd of its own, beside the site's: its way home, by the script that Puppet runs."""

import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.puppet.module import Catalog
from tests.puppet.test_scripts import GOES, Tree, catalog  # noqa: F401 - a fixture, too

pytestmark = pytest.mark.real

CONTAINER = {"Id": "0123456789abcdef", "State": "running", "Names": ["/f220"], "Image": "x"}


class Engine(http.server.BaseHTTPRequestHandler):
    """As much of a dockerd as a way home needs; it remembers what it was told."""

    told: list[str]

    def do_GET(self) -> None:
        """Versions, the list of containers, one of them."""
        path = self.path.partition("?")[0]
        listed = [CONTAINER] if path.endswith("/containers/json") else CONTAINER
        self._say(200, {"ApiVersion": "1.41"} if path.endswith("/version") else listed)

    def do_POST(self) -> None:
        """Stop it."""
        self._note()

    def do_DELETE(self) -> None:
        """Remove it."""
        self._note()

    def _note(self) -> None:
        self.told.append(f"{self.command} {self.path.partition('?')[0].partition('/containers/')[2]}")
        self._say(204, None)

    def _say(self, code: int, content: object) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def tree(tmp_path: Path, catalog: Catalog) -> Tree:  # noqa: F811 - the fixture
    """A host whose keeper has just been stopped by Puppet, at home but for its container."""
    tree = Tree(tmp_path, catalog)
    tree.write("/etc/systemd/system/shepherd-keeper.service", "")
    tree.write("/run/shepherd/fence", "")
    return tree


@pytest.fixture
def told(tree: Tree) -> Iterator[list[str]]:
    """What a dockerd at /run/second.sock of that host is told."""
    told: list[str] = []
    engine = type("Told", (Engine,), {"told": told})
    with socketserver.ThreadingUnixStreamServer(str(tree.at("/run/second.sock")), engine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield told
        server.shutdown()


def test_goes_home(tree: Tree, told: list[str]) -> None:
    """The keeper's dockerd was the host's second, as the manual has it: Puppet asked the first, found no container, and
    said after minutes that no regular startd takes work."""
    tree.write("/etc/shepherd/node.toml", f'docker = "unix://{tree.at("/run/second.sock")}"\n')
    done = tree.run(GOES)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ending the lend of 0123456789ab" in done.stdout
    assert told == ["POST 0123456789abcdef/stop", "DELETE 0123456789abcdef"]


def test_a_dockerd_that_is_away_is_named_by_the_failing_run(tree: Tree) -> None:
    """The host was taken for free of containers, because nobody answered who would know of one."""
    tree.write("/etc/shepherd/node.toml", f'docker = "unix://{tree.at("/run/second.sock")}"\n')
    done = tree.run(GOES)
    assert done.returncode != 0
    assert "ending the lend" not in done.stdout
    assert "disable shepherd-keeper" not in tree.calls()
