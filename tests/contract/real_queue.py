"""The queue contract's place in real daemons."""

import time
from collections.abc import Callable

from shepherd.edges.htcondor.demand import Schedds
from shepherd.edges.htcondor.pool import CondorPool
from shepherd.model.demand import Resources
from shepherd.model.observation import Queue
from tests.contract.queue_place import WITHIN_S
from tests.real_pool import DROP_IN, HOME, IDENTITY, NOBODY, SCHEDD, RealPool

JOB = "executable=/bin/sleep\\narguments=1000\\nrequest_cpus={}\\nrequest_memory={}\\nrequest_disk={}\\n"
NEVER = JOB + "requirements=false\\n"
DAG = "/tmp/contract-dag"
FAST = "DAGMAN_QUEUE_UPDATE_INTERVAL = 1\\nDAGMAN_USER_LOG_SCAN_INTERVAL = 1\\nDAGMAN_USE_STRICT = 0\\n"
"""Its log is in /tmp, of which it warns."""


class RealQueue:
    """The schedd of a pool in namespaces of its own. `open` it before each test, `close` it after."""

    schedd = SCHEDD

    def __init__(self, pool: RealPool) -> None:
        self._daemons = pool
        self._home, self._asks = pool.worker(HOME), pool.worker("")
        self._stopped: set[str] = set()
        self._pool = self._new_pool()

    def open(self) -> None:
        """An empty queue that tells everything."""
        self._daemons.run("rm", "-f", DROP_IN)
        for program in sorted(self._stopped):
            self._daemons.signal("CONT", program)
        self._stopped.clear()
        self._pool = self._new_pool()
        self.told(lambda queue: queue.schedds)
        self._daemons.signal("HUP", "condor_schedd")
        self.remove_jobs()
        self.told(lambda queue: queue.idle_jobs == queue.running_jobs == 0)
        self._daemons.run("rm", "-rf", f"/mnt/root{DAG}")

    def close(self) -> None:
        """Leave it as it was."""
        self.open()
        self._home.close()
        self._asks.close()

    def told(self, so: Callable[[Queue], object]) -> Queue:
        """See `QueuePlace`."""
        end_s = time.monotonic() + WITHIN_S
        while not so(queue := self._pool.queue()):
            assert time.monotonic() < end_s, queue
            time.sleep(0.2)
        return queue

    def submit(self, jobs: int, asks: Resources) -> None:
        """See `QueuePlace`."""
        self._submit(NEVER, asks, f"queue {jobs}")

    def submit_held(self, jobs: int, asks: Resources) -> None:
        """See `QueuePlace`."""
        self._submit(NEVER, asks, f"hold=true\\nqueue {jobs}")

    def run(self, jobs: int, asks: Resources) -> None:
        """See `QueuePlace`."""
        self._submit(JOB, asks, f"queue {jobs}")

    def submit_late(self, jobs: int, most_idle: int, asks: Resources) -> None:
        """See `QueuePlace`."""
        self._submit(NEVER, asks, f"max_idle={most_idle}\\nqueue {jobs}")

    def submit_dag(self, nodes: int, most: int, asks: Resources) -> None:
        """See `QueuePlace`."""
        names = "\\n".join(f"JOB n{number} node.sub" for number in range(nodes))
        text = NEVER.format(*asks[:3]) + "queue\\n"
        files = {"fast.config": FAST, "node.sub": text, "a.dag": f"CONFIG fast.config\\n{names}\\n"}
        write = " && ".join(f"printf '{text}' > {name}" for name, text in files.items())
        submit = f"mkdir {DAG} && cd {DAG} && {write} && condor_submit_dag -maxjobs {most} a.dag"
        self._daemons.run(*NOBODY, submit)

    def remove_jobs(self) -> None:
        """See `QueuePlace`."""
        self._daemons.remove_jobs()

    def refuse(self) -> None:
        """See `QueuePlace`. Who asks forgets what it was told, for it would not ask again within a minute."""
        self._daemons.run("sh", "-c", f"echo 'SCHEDD.DENY_READ = *' > {DROP_IN}")
        self._daemons.signal("HUP", "condor_schedd")
        self._pool = self._new_pool()

    def hang(self) -> None:
        """See `QueuePlace`."""
        self._stop("condor_schedd")
        self._pool = self._new_pool()

    def end(self) -> None:
        """See `QueuePlace`. Its master would start another one."""
        self._stop("condor_master")
        self._daemons.signal("TERM", "condor_schedd")

    def _stop(self, program: str) -> None:
        self._stopped.add(program)
        self._daemons.signal("STOP", program)

    def _submit(self, text: str, asks: Resources, end: str) -> None:
        self._daemons.submit(text.format(*asks[:3]) + end + "\\n")

    def _new_pool(self) -> CondorPool:
        self._asks.close()
        return CondorPool(
            home=self._home,
            beside=self._home,
            flock=self._home,
            schedds=(self.schedd,),
            identities=(IDENTITY,),
            within_s=30.0,
            queues=Schedds(self._asks),
        )
