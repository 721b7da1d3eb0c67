"""Within a network namespace of its own: builds a gateway, loads its rules, sends packets, says what became of them.

`python -m shepherd.edges.trial_inside` reads one JSON object (`legs`, `rules`, `packets`) and writes one: `fates`, and
with `trace` the kernel's own words about each packet. Two tables of the trial's own stand behind the rules: what comes
through to the end of `input` was delivered, what comes to the end of `postrouting` was forwarded.
"""

import contextlib
import ipaddress
import json
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shepherd.edges.trial_packets import answered, frame, reply, source_port

PEER = "peer{}"
ETH_P_ALL, SO_RCVBUFFORCE, BUFFER_BYTES = 3, 33, 64 << 20
SOMEBODY = "02:00:00:00:00:99"
QUIET_S, TRACE_S = 0.2, 0.5
MOST = 60_000
"""Packets of one trial: each has a source port and an IP id of its own."""
WITNESS = """
table inet trial {
  set delivered { typeof ip id; flags dynamic; size 65535; }
  set forwarded { typeof ip id . ip saddr . oifname; flags dynamic; size 65535; }
  set delivered6 { typeof ip6 flowlabel; flags dynamic; size 65535; }
  set forwarded6 { typeof ip6 flowlabel . ip6 saddr . oifname; flags dynamic; size 65535; }
  chain arriving { type filter hook prerouting priority -400; TRACE
  }
  chain delivering { type filter hook input priority 500; add @delivered { ip id }
    add @delivered6 { ip6 flowlabel }
  }
  chain forwarding { type filter hook forward priority 500; meta mark set 0x5ee9
  }
  chain leaving { type filter hook postrouting priority 500;
    meta mark 0x5ee9 add @forwarded { ip id . ip saddr . oifname }
    meta mark 0x5ee9 add @forwarded6 { ip6 flowlabel . ip6 saddr . oifname }
  }
}
"""
KERNEL = {"ipv4/ip_forward": "1", "ipv4/icmp_ratelimit": "0", "ipv6/conf/all/forwarding": "1"}
LINE = re.compile(r"(\d+)(?: \. (\S+) \. \"([^\"]+)\")?")


def main() -> int:
    """One trial."""
    asked = json.load(sys.stdin)
    if len(asked["packets"]) > MOST:
        raise SystemExit(f"at most {MOST} packets")
    build(asked["legs"])
    nft(asked["rules"])
    nft(WITNESS.replace("TRACE", "meta nftrace set 1" if asked["trace"] else "accept"))
    with contextlib.ExitStack() as stack:
        told = stack.enter_context(tracing()) if asked["trace"] else []
        refused = send(asked["legs"], asked["packets"])
        if asked["trace"]:
            time.sleep(TRACE_S)
    json.dump({"fates": list(fates(len(asked["packets"]), refused)), "trace": told}, sys.stdout)
    return 0


def build(legs: Sequence[Mapping[str, Any]]) -> None:
    """Interfaces whose far ends lead nowhere, addresses and routes."""
    lines = ["link set lo up"]
    for number, leg in enumerate(legs):
        name, peer = leg["interface"], PEER.format(number)
        lines += [f"link add {name} type veth peer name {peer}", f"address add {leg['address']} dev {name}"]
        lines += [f"link set {peer} up", f"link set {name} up"]
    run(["ip", "-batch", "-"], "\n".join(lines) + "\n")
    for path, value in KERNEL.items():
        Path(f"/proc/sys/net/{path}").write_text(value)
    run(["ip", "-batch", "-"], "".join(f"{line}\n" for line in routes(legs)))


def routes(legs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Everything behind a leg is one neighbour, whose hardware address is known and nobody's; all IPv6 lies behind the
    last."""
    for leg in legs:
        name = leg["interface"]
        yield f"neighbor add 169.254.255.1 lladdr {SOMEBODY} dev {name}"
        yield f"neighbor add fe80::99 lladdr {SOMEBODY} dev {name}"
        yield f"route replace 2000::/3 via fe80::99 dev {name} onlink"
        own = str(ipaddress.IPv4Interface(leg["address"]).network)
        yield from (f"route replace {net} via 169.254.255.1 dev {name} onlink" for net in (own, *leg["routes"]))


def send(legs: Sequence[Mapping[str, Any]], packets: Sequence[Mapping[str, Any]]) -> set[int]:
    """Send all packets; the source ports of those that were answered."""
    with contextlib.ExitStack() as stack:
        sockets = {
            leg["interface"]: (stack.enter_context(opened(PEER.format(number))), mac(leg["interface"]))
            for number, leg in enumerate(legs)
        }
        heard: set[int] = set()
        for number, one in enumerate(packets, start=1):
            line, address = sockets[one["interface"]]
            if one["load"]:
                nft(one["load"])
            line.send(as_frame(address, number, one, packets))
            if number % 64 == 0:
                heard.update(listen([line for line, _ in sockets.values()], 0.0))
        heard.update(listen([line for line, _ in sockets.values()], QUIET_S))
        return heard


def as_frame(address: bytes, number: int, one: Mapping[str, Any], packets: Sequence[Mapping[str, Any]]) -> bytes:
    """One packet as bytes; an answer goes to whom the asker seemed to be when it left."""
    if one["answers"] < 0:
        return frame(address, number, one)
    asker, asked = one["answers"] + 1, packets[one["answers"]]
    seemed = next((source for number, source, _ in listed("forwarded") if number == asker), asked["source"])
    ports = asked["port"], source_port(asker)
    return reply(address, number, asked["destination"], seemed, asked["protocol"], ports)


def opened(interface: str) -> socket.socket:
    """A socket for frames on an interface."""
    line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    line.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    line.bind((interface, 0))
    return line


def mac(interface: str) -> bytes:
    """Hardware address of an interface."""
    with contextlib.closing(opened(interface)) as line:
        return bytes(line.getsockname()[4])


def listen(lines: Sequence[socket.socket], quiet_s: float) -> Iterator[int]:
    """Source ports of packets that were answered, until it has been quiet for so long."""
    while ready := select.select(lines, [], [], quiet_s)[0]:
        for line in ready:
            data, where = line.recvfrom(2048)
            if where[2] != socket.PACKET_OUTGOING and (port := answered(data)) is not None:
                yield port


def fates(count: int, heard: set[int]) -> Iterator[Mapping[str, str]]:
    """What became of each packet, in order."""
    delivered = {number for name in ("delivered", "delivered6") for number, _, _ in listed(name)}
    found = [one for name in ("forwarded", "forwarded6") for one in listed(name)]
    forwarded = {number: (source, interface) for number, source, interface in found}
    for number in range(1, count + 1):
        if number in forwarded:
            source, interface = forwarded[number]
            yield {"fate": "forwarded", "interface": interface, "source": source}
        elif number in delivered:
            yield {"fate": "delivered", "interface": "", "source": ""}
        else:
            fate = "refused" if source_port(number) in heard else "dropped"
            yield {"fate": fate, "interface": "", "source": ""}


def listed(name: str) -> Iterable[tuple[int, str, str]]:
    """Elements of a set of the trial's."""
    text = run(["nft", "list", "set", "inet", "trial", name], "").partition("elements = {")[2]
    return [(int(found[1]), found[2] or "", found[3] or "") for found in LINE.finditer(text)]


@contextlib.contextmanager
def tracing() -> Iterator[list[str]]:
    """The kernel's own words, complete after the block."""
    told: list[str] = []
    with subprocess.Popen(["nft", "monitor", "trace"], stdout=subprocess.PIPE, text=True) as monitor:
        time.sleep(TRACE_S)
        try:
            yield told
        finally:
            monitor.terminate()
            told.extend(line.strip() for line in (monitor.stdout or ()) if line.strip())


def nft(rules: str) -> None:
    """Load rules."""
    run(["nft", "-f", "-"], rules)


def run(argv: Sequence[str], given: str) -> str:
    """A tool that must succeed."""
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
