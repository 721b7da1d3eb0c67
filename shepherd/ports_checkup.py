"""What `shepherd check` needs of the world. Nothing here changes anything, and everything ends within a deadline."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from shepherd.model.checkup import (
    AppArmorSeen,
    Authority,
    CgroupsSeen,
    CollectorSeen,
    FileSeen,
    ListenSeen,
    QueueSeen,
    Tracking,
    UnitSeen,
    Version,
)
from shepherd.model.observation import KeeperReport

T = TypeVar("T")


class Witness(Protocol):
    """One collector, and what HTCondor's configuration says here. Raises PoolUnavailable (silent, or `refused`)."""

    def about(self) -> CollectorSeen:
        """What the collector is."""

    def authority(self, rights: Sequence[str], token: str = "") -> Authority:
        """Which of these authorisation levels it gives us, by asking for each; with `token` as its bearer."""

    def schedds(self) -> Mapping[str, str]:
        """Names of the schedds that it knows, and who each has authenticated as."""

    def queue(self, schedd: str, identities: Sequence[str]) -> QueueSeen:
        """Whether a schedd that it knows under one of `identities` tells us what its idle jobs ask for. Asked as the
        daemon asks, of no job."""

    def negotiators(self) -> int:
        """How many negotiators it knows."""

    def keeper(self, host: str) -> KeeperReport | None:
        """A host's keeper's own ad."""

    def page_keys(self, host: str) -> Sequence[str]:
        """Ids of the keys that sign the lease pages that this host reads; with no host, of all pages."""

    def slot(self, machine: str) -> str:
        """Name of a slot by which a machine's startd can be addressed; empty if it knows none."""

    def parameters(self, names: Sequence[str]) -> Mapping[str, str]:
        """HTCondor's configuration on this machine: values of those that are set."""

    def close(self) -> None:
        """End what answers cost. Idempotent."""


class Orders(Protocol):
    """HTCondor's command line tools."""

    def version(self) -> tuple[Version, str]:
        """The tools' version, empty if none is understood, and what was said."""

    def problem(self, slot: str, pool: str) -> str:
        """Why the startd with this slot takes no order of an administrator from us, in one clause; empty if it does.
        Asks for a log file of a name that no daemon has."""


class Files(Protocol):
    """Files and directories. Raises CommandFailed for what exists and cannot be looked at."""

    def seen(self, path: str, *, digest: bool = False) -> FileSeen | None:
        """A file or directory; None if there is none. Links are followed."""

    def names(self, path: str) -> Sequence[str]:
        """Names in a directory, sorted; none if it is not there."""

    def text(self, path: str) -> str:
        """A file's text; empty if it cannot be read."""

    def room(self, path: str) -> int:
        """Bytes that whoever asks may still write there; 0 if there is no such place."""


class Machine(Protocol):
    """The kernel of this machine and what runs on it. Raises CommandFailed, Unavailable."""

    def kernel(self) -> Version:
        """Its release."""

    def user_namespaces(self) -> int | None:
        """How many may be made; None if it has none."""

    def filters_calls(self) -> bool:
        """Whether seccomp has filters."""

    def landlock(self) -> int:
        """Version of Landlock's interface; 0 if it is not in force."""

    def apparmor(self) -> AppArmorSeen:
        """AppArmor."""

    def cgroups(self) -> CgroupsSeen:
        """Control groups."""

    def links_problem(self, *, vlan: bool) -> str:
        """Why it makes no macvlan, netdev rules or, with `vlan`, tagged sub-interface, in one clause; empty if it does.
        Tried in a network namespace that is gone afterwards."""

    def memory_mib(self) -> int:
        """All memory."""

    def swap_mib(self) -> int:
        """All swap."""

    def may_change_network(self) -> bool:
        """Whether we have CAP_NET_ADMIN."""

    def nft(self) -> tuple[Version, str]:
        """Version of the nft tool, empty if none is understood, and what was said."""

    def tracking(self) -> Tracking | None:
        """Connection tracking; None if there is none."""

    def running(self, words: Sequence[str]) -> Sequence[int]:
        """Ids of processes of this machine, in no container, whose command line ends in these words."""

    def running_startds(self) -> Sequence[int]:
        """Ids of the condor_startd processes that root started on this machine, in no container."""

    def holder(self, lock: str) -> int | None:
        """Id of the process that holds the flock on a file; None: nobody."""

    def sees_same(self, pid: int, directory: str) -> bool | None:
        """Whether a process finds the same directory under this path as we do; None if that cannot be told."""

    def unit(self, name: str, properties: Sequence[str]) -> UnitSeen | None:
        """A unit of systemd; None if systemd does not manage this machine."""

    def credentials(self, unit: str) -> Sequence[str]:
        """Files and directories that systemd gives a unit copies of."""

    def enabled(self, unit: str) -> bool:
        """Whether systemd starts a unit at boot."""


class Services(Protocol):
    """Others on the network."""

    def tcp_problem(self, place: str) -> str:
        """Why `HOST:PORT` accepts no connection, in one clause; empty if it does. Says nothing there."""

    def name_problem(self, name: str) -> tuple[str, float]:
        """Why a name, or this machine's own if it is empty, has no address, in one clause, empty if it has; and how
        long that took. Seconds. As long as the system's resolver takes."""

    def dns_problem(self, address: str) -> str:
        """Why a resolver does not answer, in one clause; empty if it does. Asks it for the root's name servers."""


class Listening(Protocol):
    """Addresses of this machine."""

    def seen(self, listen: str, path: str) -> ListenSeen:
        """What is at `ADDRESS:PORT`; who listens there is asked for a path. Nobody is kept from listening."""


class ImageStore(Protocol):
    """A registry of images. Raises CommandFailed, Unavailable."""

    def lacks(self, images: Sequence[str]) -> str:
        """Why it has none of these images, in one clause; empty if it has one."""


class WayOut(Protocol):
    """The flock VLAN. Raises CommandFailed."""

    def answerer(self, interface: str, address: str, mac: str, own: str) -> str:
        """Hardware address of whoever says to have `address`, asked as the container with `mac` and `own` would ask by
        ARP; empty if nobody answers."""


class MonitoringAccount(Protocol):
    """The site's monitoring, as our account there sees it. Raises ShepherdError."""

    @property
    def address(self) -> str:
        """Where it is."""

    def lacking(self) -> Sequence[str]:
        """Permissions that our account needs and has not."""

    def unseen(self, checks: Sequence[str]) -> Sequence[str]:
        """Those of these checks that are not there, or that our account may not see, which the monitoring does not tell
        apart. Asked with what was read for `lacking`."""


class InTime(Protocol):
    """Does something within a deadline."""

    def __call__(self, work: Callable[[], T], within_s: float) -> T:
        """What `work` returns or raises; raises Unavailable if that takes longer. Then it is left to itself."""
