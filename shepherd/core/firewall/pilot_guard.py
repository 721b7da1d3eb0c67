"""Rules within a container's network namespace, which only the host can change: what is the pilot's and not a job's.

Jobs share the namespace with HTCondor and with each other. By the account a socket belongs to (one a slot) they are
kept from the flock pool, and from whatever listens on the loopback or the container's own address and is not their own.

A listener's owner is not known when a connection comes in, but when it answers: the account that began a conversation
on the loopback is kept in the connection's mark, and an answer by another account is dropped. So nobody is ever
connected to somebody else, and a job's own servers work. The starter answers `condor_chirp` at a passing port, and
only those who have the job's cookie.

What leaves the container bears that mark, too, so that whoever listens to connection tracking there knows the account;
and a job cannot begin more connections than can be recorded.
"""

from collections.abc import Iterable, Iterator

TABLE = "shepherd_pilot"
BANNED = "banned"
"""Set of accounts whose jobs are of somebody banned: filled by the keeper, for some seconds each time."""
STOPPED = 0x80000000
"""In the mark of a connection that a banned account had. What was queued in a socket is sent when its process is dead,
and then is nobody's: only the connection tells whose it was."""
FIRST_PERSON = 1000
"""Below are root and HTCondor. `nobody`, as which HTCondor runs what it finds no account for, is above."""


def pilot_rules(first_uid: int, slots: int, collector: str) -> str:
    """The rules, for `nft -f` in that namespace. `collector` is ADDRESS:PORT of the flock pool."""
    uids = [str(first_uid + number) for number in range(slots)]
    own, marks = ", ".join(f"{uid} . {uid}" for uid in uids), ", ".join(f"{uid} : {uid}" for uid in uids)
    lines = [
        f"table inet {TABLE}",
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
        f"  set own {{ typeof meta skuid . ct mark; elements = {{ {own} }} }}",
        f"  set {BANNED} {{ typeof meta skuid; flags timeout; }}",
        f"  map marks {{ typeof meta skuid : ct mark; elements = {{ {marks} }} }}",
        "  set begun { typeof meta skuid; flags dynamic,timeout; timeout 60s; size 65535; }",
        *chain("output", "type filter hook output priority filter; policy accept;", output()),
        *chain("job", "", job(collector)),
        "}",
    ]
    return "\n".join(lines) + "\n"


FIRST_PASSING_PORT = 32768
"""From here on the kernel gives out ports (`ip_local_port_range`); no service of ours has one."""
NEW_PER_S = 100
"""Connections that a job may begin in a second, more than a gateway lets a whole host; twice as many in a burst."""
RATE = f"{{ meta skuid limit rate over {NEW_PER_S}/second burst {2 * NEW_PER_S} packets }}"


def output() -> Iterator[str]:
    """Who is a job, and whether an answer is its asker's own."""
    yield f'ct mark & {STOPPED:#x} != 0 counter drop comment "was of somebody banned"'
    stop = f"ct mark set ct mark | {STOPPED:#x}"
    yield f'meta skuid @{BANNED} {stop} counter drop comment "its job is of somebody banned"'
    starter = f'meta skuid < {FIRST_PERSON} tcp sport >= {FIRST_PASSING_PORT} accept comment "for condor_chirp"'
    yield f'oifname "lo" ct direction reply {starter}'
    yield 'oifname "lo" ct direction reply ct mark != 0 meta skuid . ct mark != @own counter drop comment "not its own"'
    yield f"meta skuid >= {FIRST_PERSON} meta skuid != @marks counter drop comment \"an account of no slot\""
    yield "meta skuid @marks jump job"


def job(collector: str) -> Iterator[str]:
    """What a job may not."""
    address, _, port = collector.rpartition(":")
    yield 'meta nfproto ipv6 counter drop comment "IPv4 only"'
    yield f'ip daddr {address} tcp dport {port} counter reject with icmp admin-prohibited comment "the pilot\'s"'
    yield 'ip daddr 224.0.0.0/4 counter drop comment "other jobs hear it"'
    yield 'fib daddr type broadcast counter drop comment "other jobs hear it"'
    yield 'oifname "lo" meta l4proto != { tcp, icmp } counter drop comment "its owner cannot be told"'
    yield f'oifname != "lo" ct state new update @begun {RATE} counter drop comment "too many new connections"'
    yield "ct direction original ct mark set meta skuid map @marks"


def chain(name: str, hook: str, rules: Iterable[str]) -> Iterator[str]:
    """One chain."""
    yield f"  chain {name} {{"
    yield from (f"    {line}" for line in (hook, *rules) if line)
    yield "  }"
