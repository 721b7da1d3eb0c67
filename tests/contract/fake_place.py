"""The contract's place in the fake world."""

from collections.abc import Callable

from shepherd.model.host import HostPair
from shepherd.model.orders import Outcome, Step
from shepherd.programs.pages import LeasePages
from shepherd.sim import faults
from shepherd.sim.clock import SimClock
from shepherd.sim.crash import Crashes
from shepherd.sim.host import Tempo
from shepherd.sim.ports import SimCommands, SimPool
from shepherd.sim.site import IMAGE, Site, SiteSpec


class TimedCommands:
    """The fake tools, which take their time as the real ones do."""

    def __init__(self, site: Site, commands: SimCommands) -> None:
        self._site, self._commands = site, commands

    def carry_out(self, step: Step, pair: HostPair) -> Outcome:
        self._site.run(self._commands.takes_s(step))
        return self._commands.carry_out(step, pair)


class FakePlace:
    """One fake host whose keeper polls as fast as the lab's."""

    def __init__(self) -> None:
        tempo = Tempo(update_s=15, negotiate_s=5, keeper_s=0.1, keeper_home_s=1.0)
        self.site = Site(SiteSpec(hosts=1, tempo=tempo, poll_local_s=2.0, poll_flock_s=2.0))
        self.pair = next(iter(self.site.hosts.values())).pair
        self.host = self.site.hosts[self.pair.host]
        self.image = IMAGE
        self.pool = SimPool(
            pools=self.site.pools, meter=self.site.meter, crashes=Crashes(), recordable=lambda: True
        )
        commands = SimCommands(
            hosts=self.site.hosts,
            pools=self.site.pools,
            meter=self.site.meter,
            recordable=lambda: True,
            command_s=20,
        )
        self.commands = TimedCommands(self.site, commands)
        clock = SimClock(self.site.pools.wall_s, lambda: self.site.now_s)
        self.pages = LeasePages(
            pool=self.pool,
            signer=self.site.signer,
            verifier=self.site.signer,
            clock=clock,
            settings=self.site.spec.settings(),
            instance="contract",
        )
        self.site.run(5)

    def wait(self, question: Callable[[], bool], within_s: float) -> bool:
        return self.site.run_until(question, within_s)

    def submit_local(self, seconds: float) -> None:
        self.site.pools.local_jobs.submit(seconds)

    def submit_guest(self, seconds: float) -> None:
        self.site.pools.guest_jobs.submit(seconds)

    def guests_alive(self) -> bool:
        return self.host.guests_alive

    def kill(self, part: str) -> None:
        faults.kill(self.site, self.host, part)
