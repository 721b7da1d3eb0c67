"""`shepherd node up` and `down` on a real host: what is there afterwards, also if several began at once."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from shepherd.lab import engine
from shepherd.lab.image import docker_socket
from shepherd.lab.site import Site

pytestmark = pytest.mark.real
UP, DOWN = ("shepherd", "node", "up"), ("shepherd", "node", "down")
AT_ONCE = 4


def test_down_and_up_again_leaves_a_network_and_a_guard(site: Site) -> None:
    """Puppet ran `up` every half hour; the second run must find nothing to do."""
    host = site.host("p203")
    host.must(DOWN)
    assert host.run(("nft", "list", "table", "netdev", "shepherd_guard")).returncode != 0
    first = host.must(UP)
    assert host.must(UP) != first
    assert host.run(("nft", "list", "table", "netdev", "shepherd_guard")).returncode == 0


def test_several_that_begin_at_once_all_succeed(site: Site) -> None:
    """The keeper mended the network in the same second as an administrator's `node up`, which failed with dockerd's
    "already exists"."""
    host = site.host("p203")
    host.must(DOWN)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = list(pool.map(lambda _: host.run(UP), range(AT_ONCE)))
    assert [done.stderr for done in ended if done.returncode] == []
    found = json.loads(engine.ask(docker_socket(host), "GET", "/networks"))
    assert [network["Driver"] for network in found].count("macvlan") == 1
