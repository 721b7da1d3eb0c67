"""What a fault can change of the fake site, in one value that can be compared."""

from shepherd.sim import faults
from shepherd.sim.host import Host
from shepherd.sim.site import Site


def shape(site: Site) -> object:
    """Equal before and after something that changed nothing."""
    pools = site.pools
    return (
        [shape_of(host) for host in site.hosts.values()],
        [(collector.started_s, collector.down) for collector in (pools.home, pools.flock_collector)],
        site.ledger.full,
        site.off_switch.file,
        [len(spool.intents) for spool in site.spools.values()],
        pools.wall_offset_s,
        pools.local_jobs.alive,
        site.icinga and (site.icinga.trouble, len(site.icinga.downtimes)),
        dict(pools.pages.all()),
        pools.events.next_s(),
    )


def shape_of(host: Host) -> object:
    """One host's part."""
    startd, master = host.startd, host.master
    return (
        (host.boots, host.powered, host.private_up, host.flock_up, host.commands_hang, host.wall_offset_s),
        [process and (process.pid, process.alive, process.stopped) for process in faults.processes(host).values()],
        startd and (startd.draining, startd.pinned_slots),
        master and master.off,
    )
