"""The networks: what a guest reaches, and that the lab touches nothing of the machine's own."""

import json
import subprocess

import pytest

from shepherd.lab.eventually import eventually
from shepherd.lab.site import Site
from tests.lab import by_hand

pytestmark = pytest.mark.real
PROBE = """
import json, socket
def reached(address, port):
    try:
        socket.create_connection((address, port), 1.5).close()
    except OSError:
        return False
    return True
targets = {"nfs": ("10.1.0.9", 2049), "home": ("10.1.0.1", 9618), "home-by-flock": ("10.27.0.1", 9618),
           "host": ("10.1.2.1", 9618), "flock": ("10.27.0.1", 9619), "campus": ("203.0.113.50", 9618)}
print(json.dumps({name: reached(*target) for name, target in targets.items()}))
"""


def test_a_guest_reaches_the_flock_pool_and_the_outside_and_nothing_private(site: Site) -> None:
    """The whole arrangement rests on this: storage and databases stand next to the hosts."""
    host = site.host("p201")
    ident = by_hand.start_container(site, host, ("/usr/bin/python3", "-c", PROBE))
    said = by_hand.output(host, ident)
    by_hand.remove_container(host, ident)
    reached = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert {name for name, yes in reached.items() if yes} == {"flock", "campus"}
    assert "10.27." not in site.nfs.run(("cat", "/var/log/connections")).stdout


def test_the_gateway_hides_guests_behind_its_own_address(site: Site) -> None:
    """Without NAT a campus could route into the flock segment; with it, only what a container began comes back."""
    refused = site.campus.run(("ping", "-c", "1", "-W", "1", "10.27.0.1"))
    assert refused.returncode != 0


def test_the_machine_sees_nothing_of_the_lab_network(site: Site) -> None:
    """A lab that added a bridge or an address to the machine could cut an administrator off."""
    links = subprocess.run(["ip", "-json", "address"], capture_output=True, text=True, check=True, timeout=10).stdout
    addresses = {info["local"] for link in json.loads(links) for info in link["addr_info"]}
    assert not {a for a in addresses if a.startswith(("10.1.", "10.27.", "203.0.113."))}
    assert all(link["ifname"] not in ("br-private", "br-flock", "br-wan") for link in json.loads(links))


def test_a_node_has_no_way_out(site: Site) -> None:
    """Jobs of a test must never reach the real world."""
    for node in (site.cm, site.campus, site.host("p201")):
        assert node.must(("ip", "route", "show", "default")) == ""


def test_a_cut_host_is_unreachable_until_it_joins_again(site: Site) -> None:
    """Scenarios cut cables; a cut that does not cut lets them pass for nothing."""
    ping = ("ping", "-c", "1", "-W", "1", "10.1.2.2")
    assert site.cm.run(ping).returncode == 0
    site.host("p202").cut("private")
    assert site.cm.run(ping).returncode != 0
    site.host("p202").join("private")
    eventually(lambda: site.cm.run(ping).returncode == 0, 10, what="p202 answers again")
