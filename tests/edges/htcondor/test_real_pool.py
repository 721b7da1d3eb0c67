"""The whole edge against real daemons: what HTCondor says today, not what we remember of it."""

import hashlib
import json
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from shepherd.edges.htcondor.commands import CondorCommands
from shepherd.edges.htcondor.keeper_link import KeeperLink
from shepherd.edges.htcondor.pool import CondorPool
from shepherd.edges.htcondor.process import WorkerProcess
from shepherd.edges.htcondor.tool import Tools
from shepherd.errors import PoolUnavailable
from shepherd.model.host import HostName, HostPair, LeaseId, Nonce
from shepherd.model.lease import SignedPage
from shepherd.model.observation import KeeperPhase, KeeperReport, LockHolder, RegularStartd
from shepherd.model.orders import Outcome, Result, Step, StepKind
from tests.edges.htcondor.conftest import eventually
from tests.real_pool import RealPool

pytestmark = pytest.mark.real

HOME, FLOCK = "10.9.0.1:9618", "10.9.0.1:9619"
P220 = HostName("p220")
WITHIN_S = 30.0
LEND = "p220.1700000000.0000abcd"


@pytest.fixture(name="pool", scope="module")
def pool_of_both(real_pool: RealPool) -> Iterator[CondorPool]:
    pool = CondorPool(
        home=real_pool.worker(HOME),
        beside=real_pool.worker(HOME),
        flock=real_pool.worker(FLOCK),
        schedds=("p220", "elsewhere"),
        identities=("condor@family",),
        within_s=WITHIN_S,
    )
    yield pool
    pool.close()


@pytest.fixture(name="ask_at")
def workers_that_are_closed(real_pool: RealPool) -> Iterator[Callable[[str], WorkerProcess]]:
    made: list[WorkerProcess] = []

    def make(collector: str) -> WorkerProcess:
        made.append(real_pool.worker(collector))
        return made[-1]

    yield make
    for worker in made:
        worker.close()


@pytest.fixture(name="commands")
def commands_of_the_site(real_pool: RealPool, tmp_path: pathlib.Path) -> Iterator[CondorCommands]:
    commands = CondorCommands(
        home=real_pool.worker(HOME),
        home_collector=HOME,
        flock_collector=FLOCK,
        tools=Tools(directory=real_pool.tools(tmp_path)),
        within_s=WITHIN_S,
    )
    yield commands
    commands.close()


def do(commands: CondorCommands, kind: StepKind, lease: str) -> Outcome:
    """One step on p220."""
    step = Step(kind=kind, host=P220, lease=LeaseId(lease), cause=lease)
    return commands.carry_out(step, HostPair(host=P220, flock_name="f220"))


NOTHING = RegularStartd(
    cpus=0, memory_mib=0, gpus=0, claimed_slots=-1, draining=False, drained=False, drain_reason="", started_at_s=0.0,
    heard_at_s=0.0,
)  # fmt: skip
"""Stands for an ad that is not there; no question below is true of it."""


def p220(pool: CondorPool) -> RegularStartd:
    return pool.regular_startds([P220]).get(P220, NOTHING)


def idle(pool: CondorPool) -> bool:
    startd = p220(pool)
    return not startd.draining and startd.claimed_slots == 0


def page(number: int, serial: int) -> SignedPage:
    body = {"v": 1, "page": number, "pages": 4, "pool": "home", "serial": serial}
    return SignedPage(payload=json.dumps(body).encode(), key_id="0123456789abcdef", signature=bytes(range(64)))


def test_a_real_startd_is_read_as_it_is(pool):
    """Attribute names and meanings change between versions of HTCondor."""
    eventually(lambda: idle(pool), WITHIN_S)
    startd = p220(pool)
    assert (startd.cpus, startd.memory_mib, startd.gpus) == (4, 1024, 0)
    now = time.time()
    assert now - 600 < startd.started_at_s <= startd.heard_at_s + 1 <= now + 2
    assert startd.idle_since_s is not None
    assert pool.regular_startds(None).keys() == {P220}
    assert pool.regular_startds([HostName("p999")]) == pool.regular_startds([]) == {}
    assert pool.flock_startds(None) == {}


def test_a_real_master_is_read_as_it_is(pool):
    """A human's condor_off is known from the master's ad alone."""
    eventually(lambda: pool.regular_masters([P220]), WITHIN_S)
    assert pool.regular_masters(None)[P220].startd_off is False


def test_both_collectors_tell_their_age(pool):
    """A young collector knows few hosts; the time comes from its own clock."""
    ages = pool.collector_age_s()
    assert all(0 <= age < 900 for age in ages)


def test_demand_is_the_idle_jobs_of_the_sites_own_schedd(pool, real_pool):
    """Held jobs and what a guest's submitter ad claims are no demand; a silent schedd is told."""
    submit = "executable=/bin/sleep\narguments=1000\nrequirements=false\n{more}queue {count}\n"
    for count, more in ((7, ""), (5, "hold=true\n")):
        text = submit.format(count=count, more=more)
        script = f"printf '{text}' | condor_submit -"
        real_pool.run("chroot", "--userspec=nobody:nogroup", "/mnt/root", "sh", "-c", script)
    lie = 'MyType="Submitter"\nName="x@home"\nScheddName="p220"\nSubmitterTag=""\nIdleJobs=9000\nRunningJobs=1\n'
    lie += 'MyAddress="<10.9.0.1:1>"\nScheddIpAddr="<10.9.0.1:1>"\n'
    command = f"printf '{lie}' > /tmp/lie; condor_advertise -tcp UPDATE_SUBMITTOR_AD /tmp/lie"
    real_pool.run("chroot", "/mnt/root", "sh", "-c", command)
    queue = eventually(lambda: q if (q := pool.queue()).idle_jobs and q.refused_submitters else None, WITHIN_S)
    assert (queue.idle_jobs, queue.schedds, queue.missing_schedds) == (7, ("p220",), ("elsewhere",))
    assert queue.refused_submitters == 1


def test_pages_come_back_as_they_were_signed_and_newer_ones_replace_them(pool, ask_at):
    """Two ads for one page would let a keeper read the older one."""
    for serial in (1, 2):
        pages = [page(number, serial) for number in range(4)]
        pool.publish(pages)
        assert sorted(pool.published(), key=lambda p: p.payload) == pages
    link = KeeperLink(home=ask_at(HOME), host=P220, within_s=WITHIN_S)
    (mine,) = link.page(P220)
    place = int.from_bytes(hashlib.sha256(P220.encode()).digest()[:8], "big") >> 1
    assert json.loads(mine.payload)["page"] == place % 4


def test_a_keepers_report_is_read_by_the_shepherd(pool, ask_at):
    """The difference of the two clocks in it shows a host whose clock is wrong."""
    report = KeeperReport(
        nonce=Nonce("n"), phase=KeeperPhase.ARMED, lock=LockHolder.REGULAR, lease=LeaseId("L1"), container="c",
        image="i", problem=None, sent_at_s=int(time.time()) - 3599.5, heard_at_s=0.0, version="1",
    )  # fmt: skip
    link = KeeperLink(home=ask_at(HOME), host=P220, within_s=WITHIN_S)
    link.send(report)
    found = eventually(lambda: pool.keepers([P220]).get(P220))
    assert (found.phase, found.lease, found.sent_at_s) == (KeeperPhase.ARMED, "L1", report.sent_at_s)
    assert 3590 < found.heard_at_s - found.sent_at_s < 3660
    assert pool.keepers(None).keys() == {P220}


def test_a_lend_and_a_way_back_in_real_commands(pool, commands):
    """The exact words of the tools decide whether an order is taken for done."""
    eventually(lambda: idle(pool), WITHIN_S)
    assert do(commands, StepKind.RESTART, LEND).result is Result.REFUSED
    assert do(commands, StepKind.DRAIN, LEND).result is Result.DONE
    eventually(lambda: p220(pool).drained and p220(pool).drain_reason == f"shepherd:{LEND}", WITHIN_S)
    assert do(commands, StepKind.DRAIN, LEND).result is Result.DONE
    assert do(commands, StepKind.DRAIN, "L2").result is Result.REFUSED
    assert do(commands, StepKind.RESTART, "L2").result is Result.REFUSED
    assert do(commands, StepKind.UNDRAIN, LEND).result is Result.DONE
    eventually(lambda: idle(pool), WITHIN_S)
    before = p220(pool).started_at_s
    assert do(commands, StepKind.DRAIN, "L3").result is Result.DONE
    eventually(lambda: p220(pool).drained, WITHIN_S)
    assert do(commands, StepKind.RESTART, "L3").result is Result.DONE
    eventually(lambda: idle(pool) and p220(pool).started_at_s > before, WITHIN_S)
    assert do(commands, StepKind.OFF_GRACEFUL, "L3").result is Result.REFUSED


def test_a_busy_host_refuses_the_drain_and_keeps_its_job(pool, commands, real_pool):
    """A local job was matched between our look and the order."""
    eventually(lambda: idle(pool), WITHIN_S)
    text = "executable=/bin/sleep\narguments=300\nrequest_memory=64\nrequest_disk=10\nqueue 1\n"
    claim = f"printf '{text}' | condor_submit -terse -"
    real_pool.run("chroot", "--userspec=nobody:nogroup", "/mnt/root", "sh", "-c", claim)
    eventually(lambda: p220(pool).claimed_slots == 1 and p220(pool).idle_since_s is None, 90.0)
    outcome = do(commands, StepKind.DRAIN, "L4")
    assert (outcome.result, "check expression" in outcome.detail) == (Result.REFUSED, True)
    assert p220(pool).draining is False
    real_pool.run("chroot", "/mnt/root", "condor_rm", "-all")
    eventually(lambda: idle(pool), 60.0)


def test_a_humans_drain_is_left_alone(pool, commands, real_pool):
    """UNDRAIN of ours must never open a host that a person has closed."""
    eventually(lambda: idle(pool), WITHIN_S)
    real_pool.run("/mnt/tools/condor_drain", "-reason", "new disk", "slot1@p220")
    eventually(lambda: p220(pool).drain_reason == "new disk", WITHIN_S)
    assert do(commands, StepKind.UNDRAIN, "L5").result is Result.REFUSED
    assert do(commands, StepKind.RESTART, "L5").result is Result.REFUSED
    assert p220(pool).draining is True
    real_pool.run("/mnt/tools/condor_drain", "-cancel", "slot1@p220")
    eventually(lambda: idle(pool), WITHIN_S)


def asked(worker: WorkerProcess) -> PoolUnavailable:
    """What a question to that collector fails with."""
    with pytest.raises(PoolUnavailable) as caught:
        worker.ask("regular_startds", {"hosts": None}, within_s=WITHIN_S)
    return caught.value


DENIES = "_CONDOR_DENY_READ=*"
WANTS_TOKENS = "_CONDOR_SEC_DEFAULT_AUTHENTICATION=REQUIRED _CONDOR_SEC_DEFAULT_AUTHENTICATION_METHODS=IDTOKENS"
START = "exec env {settings} _CONDOR_COLLECTOR_HOST=10.9.0.1:{port} _CONDOR_COLLECTOR_LOG=/tmp/{port}.log "
START += "_CONDOR_COLLECTOR_ADDRESS_FILE=/tmp/{port}.address "
START += "chroot /mnt/root condor_collector -f -p {port} >/dev/null 2>&1 &"


@pytest.mark.parametrize(("port", "settings"), [(9701, DENIES), (9702, WANTS_TOKENS)], ids=["denied", "no token"])
def test_a_collector_that_refuses_is_told_from_a_silent_one(real_pool, ask_at, port, settings):
    """The remedy is another: a token or an ALLOW line, not a cable."""
    real_pool.run("sh", "-c", START.format(settings=settings, port=port))
    worker = ask_at(f"10.9.0.1:{port}")
    eventually(lambda: asked(worker).refused, WITHIN_S)
    assert "refuses READ" in str(asked(worker))


def test_a_restarted_collector_is_asked_again_without_a_word(real_pool, ask_at):
    """Its forgotten sessions made the first question after every restart fail, and with it a look."""
    port = 9703
    real_pool.run("sh", "-c", START.format(settings="", port=port))
    worker = ask_at(f"10.9.0.1:{port}")
    eventually(lambda: answers(worker), WITHIN_S)
    real_pool.run("sh", "-c", f"kill -9 $(pgrep -f '[c]ondor_collector -f -p {port}')")
    assert "nothing listens" in str(asked(worker))
    real_pool.run("sh", "-c", START.format(settings="", port=port))
    eventually(lambda: answers(worker), WITHIN_S)


def answers(worker: WorkerProcess) -> bool:
    try:
        return worker.ask("masters", {"hosts": None}, within_s=5.0) == {}
    except PoolUnavailable:
        return False


def test_an_answer_cut_off_is_no_smaller_pool(real_pool, ask_at, tmp_path):
    """A collector that died in the middle of its answer made half of the hosts disappear, and they were taken home."""
    cut, sent = tmp_path / "cut", tmp_path / "sent"
    cut.write_text(str(1 << 30))
    argv = [*real_pool.enter, sys.executable, "-c", CUTTING_PROXY, str(cut), str(sent)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as proxy:
        try:
            assert proxy.stdout is not None
            worker = ask_at(f"10.9.0.1:{proxy.stdout.readline().strip()}")
            eventually(lambda: machines(worker), WITHIN_S)
            sent.unlink()
            whole = [machines(worker) for _ in range(2)]
            size = int(sent.read_text())
            for most in (1, size // 4, size // 2, size * 3 // 4):
                cut.write_text(str(most))
                asked(worker)
            cut.write_text(str(1 << 30))
            again = machines(worker)
        finally:
            proxy.kill()
    assert [*whole, again] == [{P220}] * 3


def machines(worker: WorkerProcess) -> set[str]:
    """Hosts whose regular startds a worker sees."""
    answer = worker.ask("regular_startds", {"hosts": None}, within_s=WITHIN_S)
    assert isinstance(answer, dict)
    return set(answer)


CUTTING_PROXY = """
import os, pathlib, socket, sys, threading
cut, sent = map(pathlib.Path, sys.argv[1:])
server = socket.create_server(("10.9.0.1", 0))
print(server.getsockname()[1], flush=True)

def note(done):
    if not sent.exists() or done > int(sent.read_text()):
        new = sent.with_suffix(".new")
        new.write_text(str(done))
        os.replace(new, sent)

def pump(a, b, most, note):
    done = 0
    try:
        while done < most and (data := a.recv(min(4096, most - done))):
            b.sendall(data)
            done += len(data)
            note(done)
    except OSError:
        pass
    for end in (a, b):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

while True:
    peer, _ = server.accept()
    there = socket.create_connection(("10.9.0.1", 9618))
    most = int(cut.read_text())
    threading.Thread(target=pump, args=(peer, there, 1 << 30, lambda done: None), daemon=True).start()
    threading.Thread(target=pump, args=(there, peer, most, note), daemon=True).start()
"""
