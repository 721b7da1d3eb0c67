"""The links between a connection and a person, each with what it is worth, in words that name no person."""

from collections.abc import Iterator, Sequence

from shepherd.model.trace_rows import Flow, Job, Stay
from shepherd.model.tracing import Link, LinkKind, Sender, Standing

PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP"}


def links_of(
    flow: Flow, stay: Stay, job: Job, sender: Sender, *, account: int | None, how: str, is_alone: bool
) -> Iterator[Link]:
    """From the connection to the user. `how`: what is known of its account. `is_alone`: no other job can have made
    it."""
    yield Link(kind=LinkKind.FLOW, standing=Standing.PROVEN, text=f"the gateway saw it: {flow_words(flow)}")
    yield Link(kind=LinkKind.STAY, standing=Standing.PROVEN, text=stay_words(stay))
    yield Link(kind=LinkKind.ACCOUNT, standing=Standing.OPEN if account is None else Standing.PROVEN, text=how)
    begun = job.begun
    ran = f"{begun.slot} of {begun.host} ran it" + (f" as account {begun.uid}" if begun.uid >= 0 else "")
    alone = "" if is_alone else ", and it is not the only one that can have made the connection"
    yield Link(kind=LinkKind.JOB, standing=Standing.PROVEN if is_alone else Standing.OPEN, text=ran + alone)
    yield from links_of_job(sender)


def links_of_job(sender: Sender) -> Iterator[Link]:
    """From a job to the user."""
    yield Link(kind=LinkKind.SENDER, standing=sender.standing, text=sender.why)
    said = "the job's id and user are what its schedd says"
    yield Link(kind=LinkKind.USER, standing=Standing.CLAIMED, text=said)


def flow_words(flow: Flow) -> str:
    """A connection with all of its ends."""
    begun = flow.begun
    nat = f" as {begun.nat_address}:{begun.nat_port}" if begun.nat_address else ""
    far = f"{begun.far_address}:{begun.far_port}"
    return f"{begun.address}:{begun.port}{nat} to {far} {protocol_words(begun.protocol)}"


def protocol_words(protocol: int) -> str:
    """`TCP`, or `protocol 47`."""
    return PROTOCOLS.get(protocol, f"protocol {protocol}")


def stay_words(stay: Stay) -> str:
    """Where an address was."""
    begun = stay.begun
    return f"{begun.address} was {begun.host}, lent under {begun.lease}, container {begun.container[:12]}"


def link_of_account(host: str, accounts: Sequence[int]) -> str:
    """What a host saw."""
    who = " or ".join(f"account {account}" for account in sorted(set(accounts)))
    return f"{host} saw {who} make it"
