"""Runs on the lab's central manager, as the shepherd's user or as root: the real ports, driven from the tests.

One request a line: base64 of a pickled (object, method, arguments, keywords); one answer a line.
"""

import base64
import pickle
import sys
from pathlib import Path

from shepherd.core.guest.pool_config import MACRO, guest_ads
from shepherd.edges.clock import SystemClock
from shepherd.edges.htcondor.flock_pool import FlockPoolTools
from shepherd.edges.signing import PageSigner
from shepherd.errors import ShepherdError
from shepherd.model.settings import FlockSettings
from shepherd.programs.pages import LeasePages
from shepherd.programs.wiring import commands_of, home_worker, load_settings, pool_of


def ports() -> dict[str, object]:
    """The ports of the shepherd, by the settings of this site."""
    settings = load_settings(Path("/etc/shepherd/shepherd.toml"))
    pool = pool_of(settings, home_worker(settings))
    signer = PageSigner.from_file(Path(settings.lease.key))
    pages = LeasePages(
        pool=pool,
        signer=signer,
        verifier=signer.verifier(),
        clock=SystemClock(),
        settings=settings,
        instance="contract",
    )
    return {"pool": pool, "commands": commands_of(settings, home_worker(settings)), "pages": pages}


def answer(objects: dict[str, object], line: bytes) -> tuple[str, object]:
    """What the call returned, or the words of its error."""
    name, method, args, keywords = pickle.loads(base64.b64decode(line))  # noqa: S301 - our own tests
    try:
        return "done", getattr(objects[name], method)(*args, **keywords)
    except ShepherdError as exc:
        return "failed", exc.diagnosis()


def flock_pool() -> dict[str, object]:
    """The flock pool as its administrator has it."""
    config = Path(FlockSettings.condor_config)
    return {"flock": FlockPoolTools(config, "", marker=MACRO, ads=guest_ads, place=Path("/run/contract-probe"))}


def main() -> None:
    """Answer until the other side closes."""
    objects = flock_pool() if sys.argv[1:] == ["flock"] else ports()
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(base64.b64encode(pickle.dumps(answer(objects, line))) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
