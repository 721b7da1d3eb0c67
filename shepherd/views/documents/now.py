"""Documents that tell of the present: `status`, `plan`, `explain flow`."""

from typing import NotRequired

from typing_extensions import TypedDict

from shepherd.model.flockoff import FlockOff, Leak
from shepherd.model.host import Herd, HostState
from shepherd.model.trial import Fate
from shepherd.model.view import Bar
from shepherd.views.documents.stops import BanJson


class ShapeJson(TypedDict):
    """Idle jobs that ask for the same."""

    cpus: int
    memory_mib: int
    disk_kib: int
    gpus: int
    jobs: int
    """How many there are."""


class HostJson(TypedDict):
    """One host."""

    host: str
    """Machine of the regular startd."""
    flock_name: str
    """Machine of the flocking startd; empty if it is not known."""
    state: HostState
    why: str
    """Empty if the state needs no reason."""
    since_s: float | None
    """When its switch entered its stage, epoch seconds; null: it is in none."""
    lease: str | None
    """The lend's name, the cause of its records."""
    stage: str | None
    """How far its switch is, by what was ordered."""
    deadline_s: NotRequired[float | None]
    """By when the stage must be over, epoch seconds; null: it has no end of its own."""
    blocked: NotRequired[str]
    """Of a local host: why it could not be lent."""
    blocked_by: NotRequired[Bar]
    """What kind of thing that is."""
    blocked_until_s: NotRequired[float | None]
    """When that ends by itself, epoch seconds; null: not known."""
    heard_at_s: NotRequired[float]
    """Of a host that the home collector has forgotten: when it heard of it last, epoch seconds."""


class ReadingJson(TypedDict):
    """One source."""

    source: str
    at_s: float
    """Of the last good answer, epoch seconds; 0: there was none."""
    problem: str | None
    """Why it is not believed; null: it is."""
    period_s: float
    """How often it is asked."""


class QueueJson(TypedDict):
    """Local demand."""

    idle_jobs: int | None
    running_jobs: int | None
    schedds: NotRequired[list[str]]
    """Those that were counted."""
    refused_submitters: NotRequired[int]
    """Submitter ads that no schedd of ours sent."""
    missing_schedds: NotRequired[list[str]]
    """Configured, and not heard."""
    unfit: NotRequired[list[ShapeJson]]
    """Jobs that fit no host."""
    stuck: NotRequired[list[ShapeJson]]
    """Jobs that were not taken although hosts they fit stood free."""


class StatusJson(TypedDict):
    """`shepherd status --json`: every host, the last cycle, each source with its age."""

    at_s: float
    """Of the look that is shown, epoch seconds."""
    instance: NotRequired[str]
    """Which shepherd."""
    pid: NotRequired[int]
    version: NotRequired[str]
    sentence: str
    """The last cycle in one sentence."""
    cycle_at_s: float
    """When it was, epoch seconds; 0: there was none."""
    running: bool
    """The daemon lives."""
    last_sign_of_life_s: float
    """How long ago the daemon published this."""
    flockoff: FlockOff | None
    """Null: flocking is on."""
    bans: NotRequired[list[BanJson]]
    hosts: list[HostJson]
    readings: list[ReadingJson]
    queue: QueueJson | None
    unmanaged: list[str]
    """Machines that no naming rule pairs."""
    problems: list[str]
    leaks: NotRequired[list[Leak]]
    """Containers that reached what they must not, since their hosts booted."""


class MoveJson(TypedDict):
    """An order or a refusal."""

    host: str
    herd: Herd
    why: str


class PlanJson(TypedDict):
    """`shepherd plan --json`: what the next cycle would do."""

    at_s: float
    sentence: str
    orders: list[MoveJson]
    refusals: list[MoveJson]
    """Hosts that would have been moved but for a reason."""
    unfit: list[ShapeJson]
    stuck: list[ShapeJson]
    problems: dict[str, str]
    """Of sources that are not believed."""
    naming_problems: list[str]
    unmanaged: list[str]


class RuleJson(TypedDict):
    """A rule of the firewall that decided."""

    table: str
    chain: str
    rule: str


class FlowJson(TypedDict):
    """`shepherd explain flow --json`: what the gateway does with a packet."""

    source: str
    destination: str
    protocol: str
    port: int
    arrives_at: str
    """Interface."""
    fate: Fate
    leaves_by: str
    """Interface; empty: it does not leave."""
    leaves_with_source: str
    rules: list[RuleJson]
    """In order."""


