"""The settings of the monitoring: which checks to silence, for how long, and how Icinga is asked."""

import dataclasses

from shepherd.model.monitoring import SilenceKind


@dataclasses.dataclass(frozen=True, kw_only=True)
class IcingaSettings:
    """Icinga2, whose checks are silenced while their startd is meant to be away. Empty url: none is."""

    url: str = ""
    """Where its API answers, e.g. `https://icinga.example.org:5665`. Only https; empty: no check is silenced."""
    user: str = "shepherd"
    """Name of the ApiUser; the shipped file for Icinga's administrators, `icinga/shepherd.conf`, has one that may do
    just this."""
    password_file: str = "/etc/shepherd/secrets/icinga-password"  # noqa: S105 - a path
    """File with the ApiUser's password, readable by the daemon alone. The shipped unit hands it over as
    `/run/credentials/shepherd.service/icinga-password`."""
    ca_file: str = ""
    """File with the authority that signed Icinga's certificate (PEM; `/var/lib/icinga2/certs/ca.crt` there); empty:
    those of the system. The certificate is verified in any case, also the name in it."""
    regular: tuple[str, ...] = ("{host}!startd",)
    """Checks of the regular startd, silent while the host is lent: `HOST!SERVICE` or `HOST`, made from the names of
    the pair as HTCondor has them, `{host}` (p220.example.org) and `{flock}`, or without their domain, `{host_short}`
    (p220) and `{flock_short}`, where no two hosts are one then. Name no check that must tell of a dead host."""
    flock: tuple[str, ...] = ("{host}!flock-startd",)
    """Checks of the flocking startd, silent while the host is local; made in the same way."""
    silence: SilenceKind = SilenceKind.DOWNTIME
    """How: by downtimes of our own, which lapse by themselves when the shepherd is dead (`downtime`), or by switching
    active checks off and on (`disable-checks`, as in the original talk), which lasts until a shepherd is back, keeps
    no history of the outage, hides what a passive check would tell, and needs the right to change these objects: user
    `shepherd-checks` of the second shipped file."""
    downtime_s: float = 7200.0
    """Length of a downtime, renewed at its half. Seconds. A dead shepherd hides no alert for longer; with
    `disable-checks` a living one hides no dead host for longer, once it has given the lend up."""
    request_s: float = 5.0
    """Deadline of one request. Seconds. Requests are made beside the loop and never hold it."""
    lend_waits_s: float = 20.0
    """How long a lend waits for its check to be silent, before the drain. Seconds. Then it goes on and says so; a
    reclaim never waits."""
    heartbeat: str = ""
    """The check, `HOST!SERVICE`, that the shepherd's own sign of life is sent to; empty: none. It alarms by itself when
    the shepherd is dead: see the shipped `icinga/shepherd-templates.conf`."""
    heartbeat_ttl_s: float = 180.0
    """For how long a sign of life lasts; the next is sent after a third of it. Seconds."""
