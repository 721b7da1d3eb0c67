"""`shepherd gateway` as administrators run it, in a network namespace with interfaces of the right names."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shepherd.core.firewall.gateway import BANNED, MARK, QUARANTINE, TABLE
from shepherd.core.stop.at_gateway import Known, to_json
from shepherd.edges.signing import create_key
from shepherd.lab.mark import namespaces
from shepherd.model.stop import Ban, BanKind
from tests.cli.documents import fits

pytestmark = pytest.mark.real
SETTINGS = """\
vlan = "em1.2512"
outside = ["em2"]
nat_address = "198.51.100.7"
site_networks = ["198.51.100.0/24"]
dns = ["198.51.100.53"]
check_s = 0.2
"""
WITHIN_S = 15
EVIL = "203.0.113.7"


class Machine:
    """A namespace that stands for the gateway."""

    def __init__(self, name: str, folder: Path) -> None:
        self.enter: tuple[str, ...] = ("nsenter", f"--net=/run/netns/{name}", "--")
        self.settings = folder / "gateway.toml"
        self.settings.write_text(f'{SETTINGS}spool = "{folder}/flows"\n')
        self.log = folder / "log"

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a command on it."""
        return subprocess.run((*self.enter, *argv), capture_output=True, text=True, check=False, timeout=60)

    def must(self, *argv: str) -> str:
        """What it prints; it must succeed."""
        done = self.run(*argv)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shepherd(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`shepherd gateway …`."""
        return self.run(sys.executable, "-m", "shepherd", "--settings", str(self.settings), "gateway", *words)

    def rules(self) -> str:
        """What is loaded of ours."""
        return self.run("nft", "-s", "list", "table", "inet", TABLE).stdout

    def value(self, name: str) -> str:
        """A kernel setting."""
        return self.must("cat", f"/proc/sys/{name}").strip()

    @contextlib.contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """`shepherd gateway run` for the time of the block."""
        argv = (*self.enter, sys.executable, "-m", "shepherd", "--settings", str(self.settings), "gateway", "run")
        with self.log.open("wb") as log, subprocess.Popen(argv, stderr=log) as program:
            try:
                yield program
            finally:
                program.terminate()
                program.wait(10)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """The VLAN's interface, one to the internet, and an administrator's own rules."""
    with namespaces("gateway") as (name,):
        made = Machine(name, tmp_path)
        for number, interface in enumerate(("em1.2512", "em2")):
            made.must("ip", "link", "add", interface, "type", "veth", "peer", "name", f"peer{number}")
            made.must("ip", "link", "set", interface, "up")
        made.must("nft", "add", "table", "inet", "administrators")
        yield made


def eventually(question: Callable[[], object], what: str) -> None:
    """With a deadline."""
    until_s = time.monotonic() + WITHIN_S
    while not question():
        assert time.monotonic() < until_s, what
        time.sleep(0.05)


def test_applying_twice_changes_nothing_the_second_time(machine: Machine) -> None:
    """Each run of the configuration tool interrupted guests' connections."""
    first, second = machine.shepherd("apply"), machine.shepherd("apply")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "changed: rules" in first.stdout
    assert second.stdout == "everything is as the settings have it\n"
    assert "administrators" in machine.must("nft", "list", "tables")


def test_only_the_named_interfaces_forward(machine: Machine) -> None:
    """Switching the machine's forwarding on made it a router into the private network for everybody upstream."""
    machine.must("ip", "link", "add", "em1", "type", "veth", "peer", "name", "peer9")
    machine.shepherd("apply")
    forwards = {name: machine.value(f"net/ipv4/conf/{name}/forwarding") for name in ("em1.2512", "em2", "em1", "all")}
    assert forwards == {"em1.2512": "1", "em2": "1", "em1": "0", "all": "0"}
    assert machine.value("net/ipv6/conf/em1.2512/disable_ipv6") == "1"


def test_showing_the_rules_loads_nothing(machine: Machine) -> None:
    """Looking must not be doing."""
    assert "chain flock_out" in machine.shepherd("apply", "--show").stdout
    assert machine.rules() == ""


def test_a_machine_that_routes_already_is_not_touched_without_being_told(machine: Machine) -> None:
    """The rules stopped all containers of a machine that ran Docker besides."""
    machine.must("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/forwarding")
    refused = machine.shepherd("apply")
    assert refused.returncode == 1
    assert "routes_for_others" in refused.stderr
    assert machine.rules() == ""
    with machine.running():
        eventually(lambda: "routes_for_others" in machine.log.read_text(), "it says why")
    forwards = {name: machine.value(f"net/ipv4/conf/{name}/forwarding") for name in ("em1.2512", "em2")}
    assert forwards == {"em1.2512": "0", "em2": "1"}
    machine.settings.write_text(SETTINGS + "routes_for_others = true\n")
    assert machine.shepherd("apply").returncode == 0
    assert "router for guests only" not in machine.rules()


def test_what_others_change_is_undone_and_quarantine_stays(machine: Machine) -> None:
    """Somebody flushed all rules on the gateway; guests were in the private network until the next morning."""
    with machine.running():
        eventually(machine.rules, "the rules are loaded")
        whole = machine.rules()
        machine.must("nft", "insert", "rule", "inet", TABLE, "flock_out", "accept")
        eventually(lambda: machine.rules() == whole, "the rule is gone")
        machine.must("nft", "add", "element", "inet", TABLE, QUARANTINE, "{ 10.27.2.5 }")
        machine.must("nft", "flush", "chain", "inet", TABLE, "forward")
        eventually(lambda: "jump flock_out" in machine.rules(), "the chain is back")
        assert "10.27.2.5" in machine.rules()
        machine.must("nft", "flush", "ruleset")
        eventually(machine.rules, "the table is back")
        machine.must("sh", "-c", "echo 0 > /proc/sys/net/ipv4/conf/em1.2512/rp_filter")
        eventually(lambda: machine.value("net/ipv4/conf/em1.2512/rp_filter") == "1", "strict again")
    assert machine.rules(), "rules outlive the program"
    assert "changed by somebody else" in machine.log.read_text()


def test_without_the_rules_nothing_is_forwarded_from_the_vlan(machine: Machine) -> None:
    """`systemctl reload nftables` begins with a flush: for ten seconds guests were in the private network, and what
    they began then lasted."""
    for address, interface in (("10.27.0.1/16", "em1.2512"), ("198.51.100.7/24", "em2")):
        machine.must("ip", "address", "add", address, "dev", interface)
    machine.must("ip", "route", "add", "default", "via", "198.51.100.1", "dev", "em2")
    way = ("ip", "route", "get", "8.8.8.8", "from", "10.27.2.5", "iif", "em1.2512")
    for _ in range(2):
        assert machine.shepherd("apply").returncode == 0
        assert "ermission denied" in machine.run(*way).stderr
        assert "dev em2" in machine.must(*way, "mark", hex(MARK))
    assert len(machine.must("ip", "rule", "list", "priority", "100").splitlines()) == 1
    machine.must("ip", "rule", "delete", "priority", "100")
    assert machine.run(*way).returncode == 0, "it is this rule that refuses"
    assert "changed: routing policy" in machine.shepherd("apply").stdout


def test_rules_that_cannot_be_loaded_close_the_vlan(machine: Machine, tmp_path: Path) -> None:
    """nft was removed by an upgrade, and the gateway went on forwarding without any rule."""
    machine.shepherd("apply")
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "nft").write_text("#!/bin/sh\necho no nft here >&2\nexit 1\n")
    (broken / "nft").chmod(0o755)
    machine.enter = (*machine.enter, "env", f"PATH={broken}:/usr/sbin:/usr/bin:/sbin:/bin")
    with machine.running() as program:
        eventually(lambda: machine.value("net/ipv4/conf/em1.2512/forwarding") == "0", "closed")
        assert program.poll() is None
    assert machine.value("net/ipv4/conf/em2/forwarding") == "0"
    assert "no nft here" in machine.log.read_text()


def test_whom_a_page_banned_stays_out_while_nobody_can_be_heard(machine: Machine, tmp_path: Path) -> None:
    """The gateway's machine booted before the collector's: until that was back everybody was let in."""
    create_key(tmp_path / "keys/lease.key")
    ban = Ban(kind=BanKind.SCHEDD, value="campus", at_s=1.0, until_s=None, who="ann", why="scans", addresses=(EVIL,))
    (tmp_path / "state").mkdir()
    (tmp_path / "state/stops.json").write_text(to_json(Known(bans=(ban,))))
    hears = f'pool = "home"\nhome_collector = "127.0.0.1:9"\ntrusted_keys = ["{tmp_path}/keys/lease.key.pub"]\n'
    machine.settings.write_text(f'{SETTINGS}{hears}state = "{tmp_path}/state"\n')
    assert machine.shepherd("apply").returncode == 0
    assert EVIL in machine.rules(), "also by `apply` alone"
    machine.must("nft", "delete", "table", "inet", TABLE)
    with machine.running() as program:
        eventually(lambda: EVIL in machine.rules(), "it is cut off at once")
        machine.must("nft", "add", "element", "inet", TABLE, QUARANTINE, "{ 10.27.2.5 }")
        machine.must("nft", "flush", "set", "inet", TABLE, BANNED)
        eventually(lambda: EVIL in machine.rules(), "it is in the set again")
        machine.must("nft", "flush", "chain", "inet", TABLE, "forward")
        eventually(lambda: "jump flock_out" in machine.rules(), "the chain is back")
        assert EVIL in machine.rules()
        assert "10.27.2.5" in machine.rules(), "what an administrator put there by hand stays"
        eventually(lambda: "not wholly heard" in machine.log.read_text(), "silence is told")
        program.kill()
    assert EVIL in machine.rules()


def test_a_reload_is_all_or_nothing(machine: Machine) -> None:
    """A typing error in the settings opened what they had closed."""
    with machine.running() as program:
        eventually(machine.rules, "the rules are loaded")
        before = machine.rules()
        machine.settings.write_text(SETTINGS.replace("198.51.100.53", "not an address"))
        program.send_signal(signal.SIGHUP)
        eventually(lambda: "reload refused" in machine.log.read_text(), "refused")
        assert machine.rules() == before
        machine.settings.write_text(SETTINGS.replace("198.51.100.53", "198.51.100.54"))
        program.send_signal(signal.SIGHUP)
        eventually(lambda: "198.51.100.54" in machine.rules(), "the new resolver is open")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('outside = ["em1.2512"]', "names em1.2512, which stands under another key"),
        ('nat_address = "cm.example.org"', "nat_address: 'cm.example.org' is no IPv4 address"),
        ("site_networks = []", "public addresses of the site would be open"),
        ('refused_ports = ["22-20"]', "neither a port nor a range"),
        ('dsn = ["1.2.3.4"]', "did you mean dns?"),
    ],
)
def test_wrong_settings_are_named_with_a_remedy(machine: Machine, line: str, said: str) -> None:
    """A traceback of nft's was all an administrator saw."""
    key = line.partition(" ")[0]
    others = [one for one in SETTINGS.splitlines() if not one.startswith(key)]
    machine.settings.write_text("\n".join([*others, line]))
    done = machine.shepherd("apply")
    assert done.returncode == 2
    assert said in done.stderr
    assert machine.rules() == ""


def explained(machine: Machine, *words: str) -> str:
    """`shepherd explain flow`."""
    argv = (sys.executable, "-m", "shepherd", "--settings", str(machine.settings), "explain", "flow", *words)
    return machine.must(*argv)


@pytest.fixture
def addressed(machine: Machine) -> Machine:
    """The same with addresses and a way to the internet."""
    machine.must("ip", "address", "add", "10.27.0.1/16", "dev", "em1.2512")
    machine.must("ip", "address", "add", "198.51.100.2/24", "dev", "em2")
    for number in (0, 1):
        machine.must("ip", "link", "set", f"peer{number}", "up")
    machine.must("ip", "route", "add", "default", "via", "198.51.100.1")
    assert machine.shepherd("apply").returncode == 0
    return machine


def test_a_flow_is_explained_in_the_kernels_own_words(addressed: Machine) -> None:
    """Is it the firewall? The answer took two people an hour with tcpdump."""
    refused = explained(addressed, "10.27.2.5", "10.1.0.9", "2049")
    assert refused.startswith("10.27.2.5 -> 10.1.0.9 tcp 2049 from em1.2512 is refused")
    assert "inet shepherd flock_out: ip daddr @forbidden jump refuse" in refused
    passes = explained(addressed, "10.27.2.5", "8.8.8.8", "443")
    assert passes.startswith("10.27.2.5 -> 8.8.8.8 tcp 443 from em1.2512 passes by em2 as 198.51.100.7")
    fits("explain-flow", json.loads(explained(addressed, "10.27.2.5", "10.1.0.9", "2049", "--json")))
    for words in ((), ("--show",)):
        fits("gateway", json.loads(addressed.shepherd("apply", *words, "--json").stdout))


def test_rules_of_others_are_explained_too(addressed: Machine) -> None:
    """Our rules said yes, and the site's own firewall, which nobody asked, said no."""
    addressed.must(
        "nft", "add", "chain", "inet", "administrators", "f", "{ type filter hook forward priority 10; policy drop; }"
    )
    told = explained(addressed, "10.27.2.5", "8.8.8.8", "443")
    assert "is dropped" in told
    assert "inet administrators f: policy drop" in told


def test_an_interface_that_is_not_there_is_named(machine: Machine) -> None:
    """An explanation of a machine that was not this one."""
    argv = (sys.executable, "-m", "shepherd", "--settings", str(machine.settings), "explain", "flow", "1.1.1.1")
    done = machine.run(*argv, "2.2.2.2", "80")
    assert done.returncode == 2
    assert "em1.2512" in done.stderr


@pytest.mark.parametrize("wrong", ["no TOML", 'vlan = "em1.2512"\nsubnet = 7\n'])
def test_a_router_that_boots_with_wrong_settings_lets_no_guest_through(machine: Machine, wrong: str) -> None:
    """A typing error in one key: the program ended at once, and the router forwarded between all its networks."""
    machine.must("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/all/forwarding")
    machine.settings.write_text(wrong)
    refused = machine.shepherd("run")
    assert refused.returncode == 2
    assert str(machine.settings) in refused.stderr
    assert "iif em1.2512 prohibit" in machine.must("ip", "rule").replace("fwmark 0/0x8000000 ", "")
