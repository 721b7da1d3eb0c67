"""Putting the parts together from settings, for the wiring of the programs."""

from shepherd.edges.htcondor.commands import CondorCommands
from shepherd.edges.htcondor.keeper_link import KeeperLink
from shepherd.edges.htcondor.pool import CondorPool
from shepherd.edges.htcondor.process import WorkerProcess
from shepherd.edges.htcondor.tool import Tools
from shepherd.model.host import HostName
from shepherd.model.node_settings import NodeSettings
from shepherd.model.settings import Settings


def condor_pool(settings: Settings) -> CondorPool:
    """Questions to both pools. Nothing is started or asked before the first question."""
    config = settings.paths.condor_config
    return CondorPool(
        home=WorkerProcess(collector=settings.home.collector, condor_config=config, name="home collector"),
        flock=WorkerProcess(collector=settings.flock.collector, condor_config=config, name="flock collector"),
        schedds=settings.home.schedds,
        identities=settings.home.schedd_identities,
        within_s=settings.timers.query_s,
    )


def condor_commands(settings: Settings) -> CondorCommands:
    """Orders. Their look-ups have a worker of their own, so that a big look never holds an order up."""
    config = settings.paths.condor_config
    home = WorkerProcess(collector=settings.home.collector, condor_config=config, name="home collector")
    return CondorCommands(
        home=home,
        home_collector=settings.home.collector,
        flock_collector=settings.flock.collector,
        tools=Tools(directory=settings.paths.tools, condor_config=config),
        within_s=settings.timers.command_s,
    )


def keeper_link(settings: NodeSettings, *, within_s: float) -> KeeperLink:
    """A host's lease page, its keeper's ad, and its own startd."""
    home = WorkerProcess(collector=settings.collector, condor_config=settings.condor_config, name="home collector")
    return KeeperLink(home=home, host=HostName(settings.host), within_s=within_s)
