"""What `shepherd check` says: one finding a thing looked at, and what to do where it is not in order."""

import dataclasses
import enum


class Role(enum.Enum):
    """What a machine is for; each has a settings file of its own."""

    CENTRAL = "central manager"
    NODE = "node"
    GATEWAY = "gateway"


class State(enum.Enum):
    """How a thing is, in the word it is shown by."""

    OK = "ok"
    WARN = "warn"
    """Works, or could not be looked at, and a person should know."""
    WRONG = "WRONG"


class Subject(enum.Enum):
    """Everything that is looked at, by the name it is shown under. `EXPLAINED` says why."""

    ACCOUNT = "account"
    BINDINGS = "bindings"
    TOOLS = "tools"
    FLOCKOFF = "flockoff file"
    STATE = "state directory"
    INTENTS = "intents"
    LEASE_KEY = "lease key"
    TOKENS = "tokens"
    NAMES = "names"
    HOME_COLLECTOR = "home collector"
    CLOCK = "clock"
    HOME_RIGHTS = "rights at home"
    HOME_SURPLUS = "surplus rights at home"
    SCHEDDS = "schedds"
    QUEUES = "queues"
    PAGES = "lease pages"
    HOSTS = "hosts"
    KEEPERS = "keepers"
    HOME_ORDERS = "orders to hosts"
    FLOCK_COLLECTOR = "flock collector"
    NEGOTIATOR = "flock negotiator"
    TRUST_DOMAIN = "trust domain"
    FLOCK_RIGHTS = "rights in the flock pool"
    FLOCK_SURPLUS = "surplus rights in the flock pool"
    FLOCK_ORDERS = "orders to containers"
    MONITORING = "monitoring"
    METRICS = "metrics"
    DASHBOARD = "dashboard"

    PRIVILEGE = "privilege"
    KERNEL = "kernel"
    NAMESPACES = "user namespaces"
    SECCOMP = "seccomp"
    LANDLOCK = "Landlock"
    APPARMOR = "AppArmor"
    CGROUPS = "control groups"
    LINKS = "VLAN and macvlan"
    MEMORY = "memory"
    DOCKERD = "dockerd"
    STORAGE = "dockerd's storage"
    LIVE_RESTORE = "dockerd's restart"
    IMAGE = "image"
    NETWORK = "network"
    WAY_OUT = "gateway's address"
    LEAK_TARGETS = "leak targets"
    RUN_DIR = "run directory"
    SPOOL = "record of jobs"
    GUARD = "guard"
    STARTD = "STARTD"
    BACKOFF = "restart back-off"
    DROP_IN = "condor.service"
    KEEPER = "keeper"
    TRUSTED_KEYS = "trusted keys"
    FLOCK_TOKEN = "flock token"  # noqa: S105 - a name, not a secret

    NFT = "nft"
    INTERFACES = "interfaces"
    RULES = "rules"
    ROUTING = "routing policy"
    KERNEL_SETTINGS = "kernel settings"
    NAT_ADDRESS = "public address"
    CONNTRACK = "connection tracking"
    SERVICES = "services"
    OTHER_FIREWALLS = "other firewalls"
    PROGRAM = "gateway program"
    RECORD = "record of who did what"
    STOPS = "bans and quarantines"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    subject: Subject
    state: State
    said: str
    """What was seen, in one clause."""
    remedy: str = ""
    """What to do: a command, or file and key. Empty if and only if the state is OK."""


def ok(subject: Subject, said: str) -> Finding:
    """It is as it must be."""
    return Finding(subject=subject, state=State.OK, said=said)


def warn(subject: Subject, said: str, remedy: str) -> Finding:
    """It works, or nobody could look, and a person should know."""
    return Finding(subject=subject, state=State.WARN, said=said, remedy=remedy)


def wrong(subject: Subject, said: str, remedy: str) -> Finding:
    """It must be mended."""
    return Finding(subject=subject, state=State.WRONG, said=said, remedy=remedy)
