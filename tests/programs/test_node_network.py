"""Bringing a host's network up while somebody else does the same."""

import pytest

from shepherd.core.container.spec import network_spec
from shepherd.errors import CommandFailed
from shepherd.model.container import EngineFacts, NetworkSpec
from shepherd.model.network import DockerNetwork, LinkSeen, NetworkStep
from shepherd.programs.node_network import NodeNetwork
from tests.core.sound_settings import node

SETTINGS = node(parent="em2", guard=False)


class Host:
    """A host whose interface is there and whose docker network is made by somebody else at the worst moment."""

    def __init__(self, *, other_makes_it: bool) -> None:
        self._other_makes_it, self._made = other_makes_it, False

    def seen(self) -> tuple[LinkSeen, ...]:
        """The interfaces."""
        return (LinkSeen(name="em2"),)

    def listing(self, _table: str, _family: str) -> str:
        """No guard."""
        return ""

    def canonical(self, _rules: str, _table: str, _family: str, _links: tuple[str, ...]) -> str:
        """No guard is meant."""
        return ""

    def read(self, _key: str) -> None:
        """This kernel has no IPv6."""

    def holder(self, _interface: str, _address: str) -> str:
        """Nobody has the address."""
        return ""

    def facts(self) -> EngineFacts:
        """dockerd 28.5."""
        return EngineFacts(version=(28, 5), root_uid=0, root_gid=0, seccomp=True, apparmor=False)

    def network(self, _name: str) -> DockerNetwork | None:
        """The docker network, once somebody made it."""
        spec = network_spec(SETTINGS)
        made = DockerNetwork(
            driver="macvlan",
            parent=spec.parent,
            subnets=(spec.subnet,),
            gateways=(spec.gateway,),
            is_ours=True,
            containers=0,
        )
        return made if self._made else None

    def make_network(self, spec: NetworkSpec) -> None:
        """Refused, as dockerd does."""
        self._made = self._other_makes_it
        raise CommandFailed(f"dockerd says: network with name {spec.name} already exists")


def network_of(host: Host) -> NodeNetwork:
    """The program, on this host."""
    return NodeNetwork(settings=SETTINGS, links=host, engine=host, rules=host, kernel=host, probe=host)  # type: ignore[arg-type]


def test_a_step_that_somebody_else_took_in_the_same_moment_is_no_failure() -> None:
    """Keeper and administrator brought the network up in the same second; the administrator's `node up` failed."""
    assert list(network_of(Host(other_makes_it=True)).up()) == [NetworkStep.MAKE_NETWORK]


def test_a_step_that_nobody_took_is_a_failure() -> None:
    """A `node up` that swallowed dockerd's refusal left a host that was never lent."""
    with pytest.raises(CommandFailed, match="already exists"):
        list(network_of(Host(other_makes_it=False)).up())
