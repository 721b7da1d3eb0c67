"""What a host's recorder is told by the keeper's loop, and tells it."""

import dataclasses

from shepherd.core.keeper.decide import Situation
from shepherd.core.lease.judge import Instant
from shepherd.core.trace.remembered import Remembered
from shepherd.model.container import Container
from shepherd.model.host import Nonce
from shepherd.model.lease import LeasePage
from shepherd.model.node_settings import NodeSettings
from shepherd.model.stop import Running
from shepherd.ports_trace import StartdFile


@dataclasses.dataclass(frozen=True, kw_only=True)
class Present:
    """What the keeper knows now."""

    now: Instant
    nonce: Nonce
    lease: str = ""
    """Of the lend that is on, whether or not it has a container."""
    image: str = ""
    container: Container | None = None
    """That lives."""
    stored: int = 0
    """Number of this host's newest segment that the shepherd has stored; 0: not known."""


def present_of(settings: NodeSettings, seen: Situation, nonce: Nonce, page: LeasePage | None) -> Present:
    """What is true after a tick of the keeper."""
    lend = seen.record.lend
    return Present(
        now=seen.now,
        nonce=nonce,
        lease=lend.lease.lease if lend else "",
        image=lend.lease.image if lend else "",
        container=lend.container if lend and seen.alive else None,
        stored=dict(page.spooled).get(settings.host, 0) if page else 0,
    )


def running_in(state: Remembered, now: Instant) -> Running | None:
    """What runs in the container that is recorded; None: its startd has written nothing of it."""
    if state.stay is None or state.jobs is None or not state.offsets.get(StartdFile.EVENTS.value):
        return None
    return Running(container=state.stay.container, at_s=now.boottime_s, jobs=state.jobs.running())
