"""Tokens: made on the central manager, where the signing keys are, and carried to who may use them."""

from collections.abc import Sequence

from shepherd.lab.addresses import HostNames
from shepherd.lab.node import Node
from shepherd.lab.pools import FLOCK_CONFIG, GATEWAY_TOKENS
from shepherd.lab.shell import File

HOST_RIGHTS = ("ADVERTISE_MASTER", "ADVERTISE_STARTD", "READ", "DAEMON")
CONTAINER_RIGHTS = ("ADVERTISE_MASTER", "ADVERTISE_STARTD")
SHEPHERD_RIGHTS = ("ADMINISTRATOR", "READ", "DAEMON")
FLOCK_TOKEN = "/etc/shepherd/flock-token"  # noqa: S105 - a path, not a secret


def home_token(cm: Node, identity: str, rights: Sequence[str]) -> str:
    """A token of the home pool, as text."""
    return _create(cm, f"{identity}@home.lab", rights, {})


def flock_token(cm: Node, identity: str, rights: Sequence[str]) -> str:
    """A token of the flock pool, as text."""
    return _create(cm, f"{identity}@flock.lab", rights, {"CONDOR_CONFIG": FLOCK_CONFIG})


def _create(cm: Node, identity: str, rights: Sequence[str], env: dict[str, str]) -> str:
    asked = [word for right in rights for word in ("-authz", right)]
    return cm.must(("condor_token_create", "-identity", identity, *asked), env=env)


def shepherd_tokens(cm: Node) -> list[File]:
    """The shepherd's two tokens."""
    made = {"home": home_token(cm, "shepherd", SHEPHERD_RIGHTS), "flock": flock_token(cm, "shepherd", SHEPHERD_RIGHTS)}
    return [
        File(path=f"/etc/shepherd/tokens.d/{name}", text=text, mode=0o600, owner="shepherd")
        for name, text in made.items()
    ]


def gateway_tokens(cm: Node) -> list[File]:
    """The gateway's: it reads lease pages, and no more."""
    return [File(path=f"{GATEWAY_TOKENS}/home", text=home_token(cm, "gateway", ("READ",)), mode=0o600)]


def host_tokens(cm: Node, host: HostNames) -> list[File]:
    """A host's own token for the home pool, and the one its container gets for the flock pool."""
    home = home_token(cm, host.regular, HOST_RIGHTS)
    flock = flock_token(cm, host.flocking, CONTAINER_RIGHTS)
    return [
        File(path="/etc/condor/tokens.d/home", text=home, mode=0o600),
        File(path=FLOCK_TOKEN, text=flock, mode=0o600),
    ]
