"""What the keeper needs of its host and of the home pool. Edges and tests implement these."""

import enum
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from shepherd.model.container import Container, ContainerSeen, ContainerSpec, EngineFacts, NetworkSpec, Started
from shepherd.model.evidence import Piece, Taking
from shepherd.model.host import HostName, Nonce
from shepherd.model.lease import SignedPage
from shepherd.model.network import DockerNetwork, LinkSeen
from shepherd.model.observation import KeeperReport, LockHolder
from shepherd.model.reach import Attempt


class NodeFile(enum.Enum):
    """Files of the run directory, by their path in it."""

    SEEN = "seen"
    """The keeper's memory of lease pages."""
    LEND = "lend"
    """The keeper's record of its lend."""
    FENCE = "fence"
    """Names the container to the guard; written before PID 1 may take the lock."""
    CONTROL = "share/control"
    """Tells PID 1 what it may do."""

    TOKEN = "share/token"  # noqa: S105 - a path, not a secret
    """The container's token for the flock pool."""

    RESOLVER = "resolv.conf"
    """The container's resolvers; no secret."""

    SPEC = "spec"
    """What the container of this lend was made as."""

    BANS = "share/bans"
    """Whom the container's startd refuses, as attributes of its ads."""

    BANNED = "banned"
    """The keeper's memory of bans."""

    LEAK = "leak"
    """When a leak was found last, epoch seconds."""

    QUARANTINE = "quarantine"
    """The keeper's note of a quarantine that it is carrying out."""


class PageSource(Protocol):
    """Reads lease pages."""

    def page(self, host: HostName) -> Sequence[SignedPage]:
        """The pages in the home collector that this host reads, unverified: one for each shepherd instance
        that publishes, none if there is none. Ends within its deadline. Raises PoolUnavailable."""


class Advertise(Protocol):
    """Sends the keeper's ad."""

    def send(self, report: KeeperReport) -> None:
        """Replace this host's keeper ad in the home collector. Idempotent. Ends within its deadline.
        Raises PoolUnavailable."""


class LocalStartd(Protocol):
    """Asks this host's own regular startd."""

    def drain_reason(self, host: HostName) -> str:
        """The reason of the drain if every slot is Drained, else empty. Ends within its deadline.
        Raises PoolUnavailable if there is none or it does not answer."""

    def close(self) -> None:
        """Nothing will be asked for a while: end what answering costs. Idempotent; a later question works again."""


class Engine(Protocol):
    """dockerd. Every method may take `docker_s` per request, and raises DockerUnavailable, or CommandFailed if
    dockerd answers and says no."""

    def fetch(self, image: str, repository: str, login: tuple[str, str] | None) -> None:
        """Get an image from a registry, unless it is here. Takes as long as it takes while anything arrives."""

    def image_problem(self, images: AbstractSet[str]) -> str:
        """Why none of these images can be started here, in one clause; empty if one can."""

    def facts(self) -> EngineFacts:
        """What this dockerd is."""

    def run(self, spec: ContainerSpec) -> Started:
        """Create and start exactly this container."""

    def seen(self, started: Started) -> ContainerSeen:
        """What runs, by dockerd's words and the kernel's."""

    def job_problem(self, started: Started) -> str:
        """Why a job's walls cannot be built in this container, in one clause; empty if they can. Runs the image's own
        trial there, and so is asked before any guest is in it."""

    def set_aside(self, ident: str, name: str) -> str:
        """Give a container, running or not, another name, so that the next one may have its own. Returns what dockerd
        tells of it, as JSON. Idempotent."""

    def remove(self, ident: str) -> None:
        """Remove one container, whatever it does. Idempotent."""

    def remove_all(self, keep: AbstractSet[str]) -> Sequence[str]:
        """Remove every container of ours, running or not, but those with the ids `keep`. Returns the last lines
        of what they said, oldest first. Idempotent."""


class EvidenceStore(Protocol):
    """Evidence on this host's disk: a directory for each quarantine, and the chain of custody. Raises CommandFailed."""

    def cases(self) -> Mapping[str, str]:
        """By ident, what each is about, as `core.stop.manifest.case_text` wrote it."""

    def open(self, ident: str, case: str) -> None:
        """Begin one. Idempotent: what it is about is never changed."""

    def take(self, ident: str, taking: Taking) -> None:
        """Look at a frozen container. Ends soon after `taking.until_s`, whatever the container does; what was taken
        until then is there. Raises Unavailable if it had to be broken off."""

    def keep(self, ident: str, name: str, text: str) -> None:
        """Put a file beside what was taken, on the disk when it returns; replaces one of that name."""

    def read(self, ident: str, name: str) -> str | None:
        """A file of it; None if there is none."""

    def pieces(self, ident: str) -> tuple[Sequence[Piece], Sequence[str]]:
        """All files but the manifest, surely on the disk, and what recordings said that they lost."""

    def layer(self, ident: str) -> Sequence[Piece] | None:
        """Files of the container's writable layer; None if nobody knows where it lies."""

    def found(self, ident: str) -> Mapping[str, Piece]:
        """All files but the manifest, by name."""

    def sizes(self) -> Mapping[str, int]:
        """Bytes, by ident."""

    def delete(self, ident: str) -> None:
        """Remove one. Idempotent over being broken off."""

    def custody(self) -> Sequence[str]:
        """All lines, oldest first."""

    def note(self, make: Callable[[str], str]) -> None:
        """Add a line; `make` is given the one before it, or nothing."""


class Links(Protocol):
    """Interfaces of this host. Raises CommandFailed."""

    def seen(self) -> Sequence[LinkSeen]:
        """All but the loopback."""

    def make_vlan(self, name: str, link: str, vlan: int) -> None:
        """Make a tagged sub-interface, marked as ours, down."""

    def bring_up(self, name: str) -> None:
        """Let an interface work. Idempotent."""

    def remove(self, name: str) -> None:
        """Remove an interface. Idempotent."""


class AddressProbe(Protocol):
    """Asks by ARP who has an address."""

    def holder(self, interface: str, address: str) -> str:
        """Hardware address of the machine that has `address` on the network of `interface`; empty if none answers in a
        second. Asks as RFC 5227 does, from no address. Raises CommandFailed."""


class NetworkEngine(Protocol):
    """dockerd's networks. Raises as `Engine`."""

    def facts(self) -> EngineFacts:
        """What this dockerd is."""

    def network(self, name: str) -> DockerNetwork | None:
        """The network of this name; None if there is none."""

    def make_network(self, spec: NetworkSpec) -> None:
        """Make the macvlan network, marked as ours."""

    def remove_network(self, name: str) -> None:
        """Remove a network. Idempotent."""


class Kernel(Protocol):
    """Processes, their cgroups and the host lock. Nothing here raises for what is gone, or waits."""

    def start_ticks(self, pid: int) -> int | None:
        """Start time of a process in clock ticks since boot; None if it is gone or a zombie."""

    def cgroup(self, pid: int, container: str) -> str:
        """The directory of the cgroup of container `container`, whose PID 1 is `pid`.

        Raises CommandFailed if the process is in no cgroup of that container's own.
        """

    def members(self, cgroup: str) -> AbstractSet[int]:
        """Ids of all processes in the cgroup and below; none if it is gone."""

    def kill(self, container: Container) -> None:
        """SIGKILL to PID 1, if it still is that process, and to every process of the cgroup, frozen or not.
        Idempotent."""

    def freeze(self, container: Container) -> bool:
        """Stop every process of the cgroup where it is; True once all are. Frozen, they die of `kill` alone. To be
        called again until then; idempotent. Raises CommandFailed if the kernel cannot."""

    def lock_holder(self, container: Container | None) -> tuple[LockHolder, int | None]:
        """Who holds the host lock, and its process id."""

    def guard_waits(self) -> bool:
        """Whether the guard of the regular startd waits for the host lock."""

    def end_startd(self, pid: int) -> None:
        """SIGQUIT to that process if it is a condor_startd and holds the host lock. Idempotent."""


class RunDir(Protocol):
    """The host's run directory. Every write is atomic; nothing is ever half there. Raises CommandFailed."""

    def nonce(self) -> Nonce:
        """This boot's nonce; made when there is none."""

    def renew_nonce(self) -> Nonce:
        """Another nonce: every lease so far is worthless, and what was seen is forgotten; the lend is not."""

    def read(self, file: NodeFile) -> str | None:
        """The text of a file; None if there is none."""

    def write(self, file: NodeFile, text: str) -> None:
        """Replace a file."""

    def open_to(self, group: int) -> None:
        """Let `group`, which root of a container is in, read what is shared with it, and nobody else but root.
        Idempotent."""

    def clear(self) -> None:
        """Remove what is about one lend only: control, fence and token. Idempotent."""


class Reach(Protocol):
    """Tries what can be reached from a host and from a container on it."""

    def answered(self, pid: int | None, attempts: Collection[Attempt]) -> AbstractSet[Attempt]:
        """Those attempts that were answered; `pid` is the container's PID 1, which the host's own attempts do without.
        Ends within some seconds. Raises CommandFailed, Unavailable."""


class Shield(Protocol):
    """What the host adds to a container's own namespaces, and what runs in it cannot change: the rules of its network,
    and who sees whose processes. Raises CommandFailed, Unavailable."""

    @property
    def rules(self) -> str:
        """The rules, as `load` brings them."""

    def load(self, pid: int) -> None:
        """Add it to the container of this PID 1. Idempotent."""

    def problem(self, pid: int, rules: str) -> str:
        """What of these rules is missing or changed there, in one clause; empty if nothing is."""


class Tokens(Protocol):
    """Tokens for the flock pool. Raises CommandFailed, PoolUnavailable."""

    def check(self) -> None:
        """Raises CommandFailed if this host's own token is missing or not root's alone."""

    def mint(self) -> str:
        """A token that lets a container of this host sign in to the flock pool, and soon lapses. Ends within its
        deadline."""


Background = Callable[[Callable[[], None]], None]
"""Runs a function elsewhere, so that whatever hangs in it hangs there. Returns at once."""
