"""The drill's job, and what its answer is worth."""

import re
from collections.abc import Sequence

from shepherd.model.drill import DrillResult, Heard, Truth
from shepherd.model.flow import TCP
from shepherd.model.question import Question
from shepherd.model.tracing import Tracing, Verdict

TOKEN = re.compile(r"[0-9a-f]{16}")
LINE = re.compile(r"shepherd-drill (?P<token>[0-9a-f]{16}) (?P<cluster>\d{1,12}\.\d{1,9})")
STAYS_S = 3
"""So long the job holds its connection: shorter ones are the harder half, and the lab's drill has those."""
SUBMIT = """\
# shepherd drill {token}: one connection to {address}:{port}, with one line
universe = vanilla
executable = /bin/bash
transfer_executable = false
arguments = "-c 'exec 3<>/dev/tcp/{address}/{port} && echo shepherd-drill {token} {job} >&3 && sleep {s}'"
request_cpus = 1
request_memory = 64
request_disk = 1024
leave_in_queue = false
notification = never
queue
"""


def submit_description(token: str, address: str, port: int) -> str:
    """What a guest's schedd is given."""
    return SUBMIT.format(token=token, address=address, port=port, job="$(Cluster).$(Process)", s=STAYS_S)


def truth_of(line: str, token: str) -> Truth | None:
    """What the job wrote, if it is the one."""
    matched = LINE.fullmatch(line.strip())
    if matched is None or matched["token"] != token:
        return None
    return Truth(token=token, cluster=matched["cluster"])


def drill_question(heard: Heard, address: str, port: int, within_s: float) -> Question:
    """From the time and the ports alone, as a letter has them."""
    return Question(
        from_s=heard.at_s,
        until_s=heard.at_s,
        within_s=within_s,
        nat_address=heard.address,
        nat_port=heard.port,
        far_address=address,
        far_port=port,
        protocol=TCP,
    )


def is_that_job(job: str, truth: Truth) -> bool:
    """Whether a global job id, `schedd#12.0#1770000000`, is that of the drill's job."""
    schedd, _, rest = job.partition("#")
    return rest.partition("#")[0] == truth.cluster and truth.schedd.casefold() in {"", schedd.casefold()}


def judged(truth: Truth, heard: Heard, found: Tracing, complete_s: float, asked_s: float) -> DrillResult:
    """What an answer is worth."""
    suspects = found.suspects()
    named = tuple(one.job.begun.job for one in suspects)
    is_right = found.verdict is Verdict.NAMED and len(named) == 1 and is_that_job(named[0], truth)
    return DrillResult(
        truth=truth,
        heard=heard,
        verdict=found.verdict,
        named=named,
        is_right=is_right,
        links=suspects[0].links if len(suspects) == 1 else (),
        why=() if is_right else tuple(reasons(found, named, truth)),
        complete_s=complete_s,
        asked_s=asked_s,
    )


def reasons(found: Tracing, named: Sequence[str], truth: Truth) -> list[str]:
    """Why an answer is not right."""
    said = [why for flow in found.flows for why in flow.why] + list(found.notes)
    if not found.flows:
        said.append("the connection is not on record at the gateway")
    if found.verdict is Verdict.NAMED:
        said.append(f"it was {truth.cluster}, and {', '.join(named)} is named")
    return list(dict.fromkeys(said))
