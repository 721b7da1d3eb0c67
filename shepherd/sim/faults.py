"""What may befall a site: every fault and every human act that the simulator knows, by name.

Each leaves the world in a state that really occurs; the meter is told, so that a reclaim that was
disturbed proves nothing about how long an undisturbed one takes.
"""

from collections.abc import Callable, Mapping

from shepherd.model.entry import EntryKind
from shepherd.model.flockoff import OffFile
from shepherd.model.intents import IntentKind
from shepherd.model.lease import SignedPage
from shepherd.sim.events import Process
from shepherd.sim.host import Host
from shepherd.sim.icinga import Trouble
from shepherd.sim.regular import Startd
from shepherd.sim.site import Site

HOUR_S = 3600.0


def processes(host: Host) -> Mapping[str, Process | None]:
    """What runs on a host, by the names of `PARTS`."""
    container = host.container if host.container is not None and host.container.alive else None
    flock = container.flock if container is not None else None
    return {
        "keeper": host.keeper,
        "PID 1": container,
        "flock master": flock.master if flock else None,
        "flock startd": flock.startd if flock else None,
        "regular master": host.master,
        "regular startd": _regular(host),
        "dockerd": host.dockerd,
    }


def _regular(host: Host) -> Startd | None:
    """The regular startd, or the guard that waits in its place."""
    return host.master.startd if host.master is not None else None


PARTS = ("keeper", "PID 1", "flock master", "flock startd", "regular master", "regular startd", "dockerd")
"""Processes of a host that can be killed."""
STOPPABLE = ("keeper", "dockerd")
"""Those that a fault stops: a stopped HTCondor daemon is beyond any promise."""


def kill(site: Site, host: Host, part: str) -> None:
    """SIGKILL."""
    process = processes(host)[part]
    if process is not None:
        site.meter.disturb(host.name)
        process.kill()


def stop(site: Site, host: Host, part: str) -> None:
    """SIGSTOP."""
    process = processes(host)[part]
    if process is not None:
        site.meter.disturb(host.name)
        process.stop()


def cont(_site: Site, host: Host, part: str) -> None:
    """SIGCONT."""
    process = processes(host)[part]
    if process is not None:
        process.cont()


def reboot(site: Site, host: Host) -> None:
    """The machine goes down without a word and comes back with an empty /run."""
    site.meter.disturb(host.name)
    host.reboot()


def cut_private(site: Site, host: Host) -> None:
    """The host cannot reach the private network."""
    site.meter.disturb(host.name)
    host.private_up = False


def cut_flock(site: Site, host: Host) -> None:
    """The host's container cannot reach the VLAN."""
    site.meter.disturb(host.name)
    host.flock_up = False


def join(_site: Site, host: Host) -> None:
    """Both networks are back."""
    host.private_up = host.flock_up = True


def hang_commands(site: Site, host: Host) -> None:
    """Its daemons accept a connection and never answer."""
    site.meter.disturb(host.name)
    host.commands_hang = True


def answer_commands(_site: Site, host: Host) -> None:
    """They answer again."""
    host.commands_hang = False


def host_clock(site: Site, host: Host, by_s: float) -> None:
    """The host's wall clock jumps."""
    site.meter.disturb(host.name)
    host.wall_offset_s += by_s


def pin_slot(_site: Site, host: Host) -> None:
    """A schedd keeps a claim without a job: Claimed/Idle."""
    startd = host.startd
    if startd is not None and startd.busy_slots < host.slots and not startd.draining:
        startd.pinned_slots += 1
        startd.advertise()


def unpin_slots(_site: Site, host: Host) -> None:
    """It lets go."""
    if host.startd is not None:
        host.startd.pinned_slots = 0
        host.startd.advertise()


def human_off(site: Site, host: Host) -> None:
    """An administrator's condor_off -daemon startd."""
    site.meter.disturb(host.name)
    if host.master is not None:
        host.master.turn_off()


def human_on(_site: Site, host: Host) -> None:
    """condor_on."""
    if host.master is not None and host.master.off:
        host.master.turn_on()


def human_drain(site: Site, host: Host) -> None:
    """An administrator's condor_drain, for work on the machine; refused while another drain goes on."""
    site.meter.disturb(host.name)
    if host.startd is not None:
        host.startd.drain("disk swap", check_idle=False, restart=False)


def human_undrain(_site: Site, host: Host) -> None:
    """The administrator is done."""
    startd = host.startd
    if startd is not None and startd.draining and not host.drained_by_us:
        startd.undrain()


def upgrade_master(site: Site, host: Host) -> None:
    """A package upgrade: the regular master re-executes and starts its startd or guard anew."""
    site.meter.disturb(host.name)
    if host.master is not None:
        host.master.restart()


def quarantine(site: Site, host: Host) -> None:
    """`shepherd quarantine`: cut, freeze, look, home."""
    site.meter.disturb(host.name)
    _intent(site, IntentKind.QUARANTINE, host=host.name)


def quarantine_and_keep(site: Site, host: Host) -> None:
    """`shepherd quarantine --keep-host`: it stays frozen."""
    site.meter.disturb(host.name)
    host.is_kept = host.was_kept = True
    _intent(site, IntentKind.QUARANTINE, host=host.name, keep_host="yes")


def release(site: Site, host: Host) -> None:
    """`shepherd release`."""
    site.meter.disturb(host.name)
    host.is_kept = host.is_kept and host.is_frozen
    _intent(site, IntentKind.RELEASE, host=host.name)


ON_HOSTS: Mapping[str, Callable[[Site, Host], None]] = {
    act.__name__: act
    for act in (
        reboot,
        cut_private,
        cut_flock,
        join,
        hang_commands,
        answer_commands,
        pin_slot,
        unpin_slots,
        human_off,
        human_on,
        human_drain,
        human_undrain,
        upgrade_master,
        quarantine,
        quarantine_and_keep,
        release,
    )
}
"""What befalls one host."""


def restart_home(site: Site) -> None:
    """The home collector comes back young and empty."""
    site.meter.disturb()
    site.pools.home.restart()


def restart_flock(site: Site) -> None:
    """The flock collector comes back young and empty."""
    site.meter.disturb()
    site.pools.flock_collector.restart()


def silence_home(site: Site) -> None:
    """The home collector answers nobody, until it is restarted."""
    site.meter.disturb()
    site.pools.home.down = True


def silence_flock(site: Site) -> None:
    """The flock collector answers nobody, until it is restarted."""
    site.meter.disturb()
    site.pools.flock_collector.down = True


def fill_ledger(site: Site) -> None:
    """No space left on the ledger's disk."""
    site.ledger.full = True
    site.meter.unrecordable_s = site.now_s


def free_ledger(site: Site) -> None:
    """Space again."""
    site.ledger.full = False


def touch_flockoff(site: Site) -> None:
    """Somebody creates /tmp/flockoff."""
    if site.meter.flockoff_since_s is None:
        site.meter.flockoff_since_s = site.now_s
    site.off_switch.file = OffFile(present=True, who="admin", why="work on the firewall")


def lose_flockoff(site: Site) -> None:
    """The file vanishes by itself: the latch holds, if any shepherd had the time to see it."""
    site.off_switch.file = OffFile(present=False)
    if not _stays_off(site):
        site.meter.flockoff_since_s = None


def _stays_off(site: Site) -> bool:
    """Said or latched. What waits in the spool of another, refused, shepherd is nobody's word; the last word counts."""
    spool = site.spools.get("first")
    if spool is not None and spool.intents:
        return spool.intents[-1].kind is IntentKind.FLOCKOFF
    latched = site.ledger.last(EntryKind.FLOCKOFF.value)
    return bool(latched and latched.body)


def flockon(site: Site) -> None:
    """The file is removed and `shepherd flockon` said: flocking may go on."""
    lose_flockoff(site)
    site.meter.flockoff_since_s = None
    _intent(site, IntentKind.FLOCKON)


def flockoff(site: Site) -> None:
    """`shepherd flockoff`."""
    if site.meter.flockoff_since_s is None:
        site.meter.flockoff_since_s = site.now_s
    _intent(site, IntentKind.FLOCKOFF)


def _intent(site: Site, kind: IntentKind, **about: str) -> None:
    intent = site.intent(kind, **about)
    for spool in site.spools.values():
        spool.intents.append(intent)


def site_clock_on(site: Site) -> None:
    """The central manager's wall clock jumps an hour ahead."""
    site.disturb()
    site.pools.wall_offset_s += HOUR_S


def site_clock_back(site: Site) -> None:
    """The central manager's wall clock jumps an hour back."""
    site.disturb()
    site.pools.wall_offset_s -= HOUR_S


def lose_schedd(site: Site) -> None:
    """The local schedd is gone: nobody knows the queue."""
    site.pools.local_jobs.alive = False


def find_schedd(site: Site) -> None:
    """It is back."""
    site.pools.local_jobs.alive = True


def _icinga(site: Site, trouble: Trouble) -> None:
    if site.icinga is not None:
        site.disturb()
        site.icinga.befall(trouble)


def icinga_silent(site: Site) -> None:
    """Icinga does not answer."""
    _icinga(site, Trouble.SILENT)


def icinga_mute(site: Site) -> None:
    """Icinga does what it is asked for, and its answers are lost."""
    _icinga(site, Trouble.MUTE)


def icinga_refusing(site: Site) -> None:
    """Somebody took our user's permissions."""
    _icinga(site, Trouble.REFUSING)


def icinga_lying(site: Site) -> None:
    """Icinga says 200, and 500 of each object."""
    _icinga(site, Trouble.LYING)


def icinga_forgetful(site: Site) -> None:
    """Icinga says that all was done, and does nothing."""
    _icinga(site, Trouble.FORGETFUL)


def icinga_well(site: Site) -> None:
    """Nothing is wrong with Icinga any more."""
    if site.icinga is not None and site.icinga.trouble is not Trouble.NONE:
        _icinga(site, Trouble.NONE)


ON_SITE: Mapping[str, Callable[[Site], None]] = {
    act.__name__: act
    for act in (
        restart_home,
        restart_flock,
        silence_home,
        silence_flock,
        fill_ledger,
        free_ledger,
        touch_flockoff,
        lose_flockoff,
        flockon,
        flockoff,
        site_clock_on,
        site_clock_back,
        lose_schedd,
        find_schedd,
        icinga_silent,
        icinga_mute,
        icinga_refusing,
        icinga_lying,
        icinga_forgetful,
        icinga_well,
    )
}
"""What befalls the site."""


def replay(site: Site, page: SignedPage, number: str) -> None:
    """Somebody who may write to the collector puts an old page back."""
    site.pools.pages.put(number, page)


def heal(site: Site) -> None:
    """Everything that is broken or held is mended; processes that died are left to whoever restarts them."""
    for collector, restart in (
        (site.pools.home, restart_home),
        (site.pools.flock_collector, restart_flock),
    ):
        if collector.down or collector.refusing:
            restart(site)
    free_ledger(site)
    find_schedd(site)
    icinga_well(site)
    for host in site.hosts.values():
        join(site, host)
        answer_commands(site, host)
        host.wall_offset_s = 0.0
        for part in PARTS:
            cont(site, host, part)
        unpin_slots(site, host)
        human_on(site, host)
        human_undrain(site, host)
