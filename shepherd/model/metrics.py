"""Every metric the daemon shows, declared once: name, kind, meaning and unit, and what its labels may say.

No label is a host, a user, a guest or a job: what a label may say is listed here, and so is the number of series.
Names end in their unit (`_seconds`, `_ratio`, `_cpus`), counters in `_total`, flags are 0 or 1.
"""

import dataclasses
import enum

from shepherd.model.flockoff import OffCause
from shepherd.model.host import HostState
from shepherd.model.observation import Doubt, Source
from shepherd.model.orders import Reason, Result, Stage, StepKind
from shepherd.model.stop import BanKind
from shepherd.model.view import Bar

PREFIX = "shepherd_"


class Kind(enum.Enum):
    """How it behaves."""

    GAUGE = "gauge"
    COUNTER = "counter"
    """Grows from 0 at each start of the daemon; its name ends in `_total`."""
    HISTOGRAM = "histogram"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Label:
    """A label, and all that it may say."""

    name: str
    values: tuple[str, ...]
    """Empty: one value at a time, which a release or the settings fix."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric."""

    name: str
    """Without the prefix."""
    kind: Kind
    help: str
    labels: tuple[Label, ...] = ()
    of: tuple[Source, ...] = ()
    """Sources that it is seen by: while one of them is not believed it is not shown at all."""
    is_lasting: bool = False
    """It is shown also when the loop has stopped looking; the other gauges would then tell of the past."""
    buckets: tuple[float, ...] = ()
    """Of a histogram: upper bounds in seconds."""

    @property
    def full_name(self) -> str:
        """As Prometheus has it."""
        return PREFIX + self.name


def word(text: str) -> str:
    """A value of a label: `off graceful` is `off_graceful`."""
    return text.replace(" ", "_").replace("-", "_")


def _of(name: str, members: type[enum.Enum]) -> Label:
    return Label(name=name, values=tuple(word(str(member.value)) for member in members))


def _gauge(
    name: str, text: str, *labels: Label, of: tuple[Source, ...] = (), is_lasting: bool = False
) -> Metric:
    return Metric(name=name, kind=Kind.GAUGE, help=text, labels=labels, of=of, is_lasting=is_lasting)


def _counter(name: str, text: str, *labels: Label) -> Metric:
    return Metric(name=name, kind=Kind.COUNTER, help=text, labels=labels)


def _histogram(name: str, text: str, buckets: tuple[float, ...], *labels: Label) -> Metric:
    return Metric(name=name, kind=Kind.HISTOGRAM, help=text, labels=labels, buckets=buckets)


SOURCE = _of("source", Source)
REASON = _of("reason", Reason)
SEEN = (Source.HOME_STARTDS, Source.HOME_MASTERS, Source.FLOCK_STARTDS, Source.KEEPERS)
"""What a host's state is seen by."""
SWITCH_BUCKETS = (1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 1200.0)
LOOK_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0)

LIFE = (
    _gauge("build_info", "1, by the version that runs and the policy that decides.",
           Label(name="version", values=()), Label(name="policy", values=()), is_lasting=True),
    _gauge("start_timestamp_seconds", "When the daemon was started.", is_lasting=True),
    _gauge("last_look_timestamp_seconds", "When the last look at both pools was finished; 0: none yet.",
           is_lasting=True),
    _gauge("look_period_seconds", "`timers.look_s`: how often it looks.", is_lasting=True),
    _gauge("last_cycle_timestamp_seconds", "When the last cycle was in which hosts could be lent: what is seen was "
           "believed, and could be recorded. Also before a restart; 0: never.", is_lasting=True),
    _gauge("cycle_period_seconds", "`timers.cycle_s`: how often it may lend.", is_lasting=True),
    _histogram("look_duration_seconds", "How long a look took, with its decision; a cycle is a look that may lend.",
               LOOK_BUCKETS, Label(name="kind", values=("look", "cycle"))),
    _gauge("alone", "1: the home collector was asked, and no other shepherd runs this pool; 0: that is not known, and "
           "no page is signed."),
    _gauge("problems", "How many problems `shepherd -s` names."),
)  # fmt: skip
"""The daemon itself."""

SIGHT = (
    _gauge("blind", "1: what is seen is too old, partial or implausible, so that nothing is lent.", is_lasting=True),
    _gauge("source_up", "1: the last question to it was answered, and the answer is believed.", SOURCE,
           is_lasting=True),
    _gauge("source_last_good_timestamp_seconds", "When its last good answer was taken; 0: never.", SOURCE,
           is_lasting=True),
    _gauge("source_question_seconds", "How long the last question to it took.", SOURCE),
    _counter("source_errors_total", "Looks that did not believe it, by what was wrong.", SOURCE,
             _of("class", Doubt)),
    _gauge("shapes_known", "1: what idle local jobs ask for is known; 0: only their number is."),
)  # fmt: skip
"""What it sees by."""

HOSTS = (
    _gauge("hosts", "Hosts, by state, and by the herd whose work they take.", _of("state", HostState),
           Label(name="herd", values=("local", "flock", "neither")), of=SEEN),
    _gauge("hosts_idle", "Local hosts on which no job runs.", of=SEEN),
    _gauge("hosts_barred", "Local hosts that could not be lent, however idle they were, by what keeps them.",
           _of("why", Bar), of=SEEN),
    _gauge("hosts_unheard", "Hosts of the pool that its collector has forgotten; for a week they count as unknown.",
           of=SEEN),
    _gauge("hosts_unmanaged", "Machines of the home pool that no naming rule pairs.", of=(Source.HOME_STARTDS,)),
    _gauge("hosts_cooling", "Hosts that are left alone for a while after a failed lend."),
    _gauge("cpus", "Cpus in the local herd, busy or idle, and of hosts that are lent or in a switch.",
           Label(name="herd", values=("local", "flock")), of=SEEN),
    _gauge("guest_cpus", "Cpus of lent hosts that guests' jobs have claimed.", of=(Source.FLOCK_STARTDS,)),
    _gauge("reserve_ratio", "`policy.reserve`: the share of usable cpus that stays local."),
    _gauge("local_cpus_ratio", "The share of usable cpus that is local.", of=SEEN),
    _gauge("reserve_kept", "1: the local share is not below the reserve.", of=SEEN),
)  # fmt: skip
"""The herds."""

DEMAND = (
    _gauge("local_jobs", "Local jobs.", Label(name="state", values=("idle", "running")), of=(Source.QUEUE,)),
    _gauge("local_jobs_without_demand", "Idle local jobs that bring no host home: they fit none (`unfit`), or were not "
           "taken although hosts that they fit stood free (`stuck`).", Label(name="why", values=("unfit", "stuck")),
           of=(Source.QUEUE,)),
    _gauge("local_jobs_blocked", "Idle local jobs that no local host has room for, and hosts that are out would have.",
           of=(Source.QUEUE, *SEEN)),
    _gauge("demand_cpus", "Cpus that idle local jobs ask for.", of=(Source.QUEUE,)),
    _gauge("refused_submitters", "Submitter ads that were not counted: foreign or unauthenticated schedds.",
           of=(Source.QUEUE,)),
)  # fmt: skip
"""Local work."""

SWITCHES = (
    _gauge("leases", "Hosts with a lease out, by how far their switch has come.", _of("stage", Stage)),
    _gauge("lease_pages_last_published_timestamp_seconds", "When the lease pages were published last; 0: not yet.",
           is_lasting=True),
    _gauge("leases_near_expiry", "Leases out of which less than half is left, because pages are not published."),
    _gauge("switches_stuck", "Hosts that are on their way for longer than all deadlines of it allow.",
           Label(name="way", values=("out", "home"))),
    _gauge("hosts_late_home", "Hosts whose container is gone for `timers.home_deadline_s` and whose regular startd is "
           "not back."),
    _gauge("reclaim_deadline_seconds", "From the order home to a regular startd, at most: the ladder, and "
           "`timers.home_deadline_s`.", is_lasting=True),
    _counter("lends_ordered_total", "Hosts that were ordered out."),
    _counter("lends_done_total", "Hosts whose flocking startd came to serve."),
    _counter("lends_failed_total", "Lends that were given up before they served, by the reason.", REASON),
    _histogram("lend_latency_seconds", "From the grant of a lease to the flocking startd that serves.",
               SWITCH_BUCKETS),
    _counter("reclaims_ordered_total", "Lent hosts that were called home, by the reason.", REASON),
    _counter("reclaims_done_total", "Lent hosts that are home, by the reason.", REASON),
    _counter("reclaims_failed_total", "Lent hosts that nothing proves to be home after lease and deadlines, by the "
             "reason.", REASON),
    _histogram("reclaim_latency_seconds", "From the order home to a regular startd that accepts work.",
               SWITCH_BUCKETS),
    _counter("steps_total", "Acts on hosts, by what came of them.", _of("step", StepKind), _of("result", Result)),
)  # fmt: skip
"""Hosts on their way."""

STOPS = (
    _gauge("flockoff", "1: flocking is off, by the file, by somebody's word, or by a leak.", _of("cause", OffCause)),
    _gauge("last_leak_timestamp_seconds", "When a container was last seen to reach what it must not, by that host's "
           "clock; 0: not since those hosts booted.", of=(Source.KEEPERS,)),
    _gauge("bans", "Bans that stand.", _of("kind", BanKind)),
    _gauge("quarantines", "Quarantines that are not released."),
)  # fmt: skip
"""What stops flocking."""

RECORD = (
    _gauge("ledger_writable", "1: what it does is recorded; 0: nothing can be, so nothing is lent."),
    _gauge("ledger_gap_start_timestamp_seconds", "Since when nothing can be recorded; 0: everything is."),
    _counter("ledger_lost_entries_total", "Entries that could not be recorded; the gap is marked in the ledger."),
    _gauge("trace_storable", "1: what hosts and gateways record can be stored; 0: it waits there."),
    _gauge("trace_last_stored_timestamp_seconds", "When some of it was stored last; 0: not since the start."),
    _gauge("trace_sources_behind", "Hosts and gateways whose records cannot be fetched."),
    _counter("trace_gaps_total", "Gaps in these records: what hosts and gateways missed, and what nobody will have."),
    _gauge("trace_anchor_last_timestamp_seconds", "When the site's logger was last told where the records end; 0: not "
           "since the start. Shown only where there is one, like the next."),
    _gauge("trace_anchor_period_seconds", "`trace.anchor_s`: how often it is told."),
)
"""The ledger, and the record of who ran what."""

MONITORING = (
    _gauge("icinga_up", "1: Icinga does as asked. Shown only where it is used, like the next one."),
    _gauge("icinga_silences_owed", "Silences that Icinga has yet to begin or to end."),
)
"""Icinga."""

GROUPS = {
    "The daemon": LIFE, "What it sees by": SIGHT, "Herds": HOSTS, "Local work": DEMAND, "Switches": SWITCHES,
    "Stops": STOPS, "Record": RECORD, "Icinga": MONITORING,
}  # fmt: skip
METRICS = {metric.name: metric for group in GROUPS.values() for metric in group}
