"""Segments of hosts' spools, through HTCondor (implements `ports_trace.SpoolSource`).

The host's configuration names its spool as a log of ours (`SHEPHERD_SPOOL_LOG`); its master hands out
`SHEPHERD_SPOOL.N` as the file `segment.N` to whoever may administrate it, and to nobody else (daemon_core_main.cpp,
`handle_fetch_log`).
"""

import re
from collections.abc import Callable

from shepherd.edges.htcondor.tool import Tools
from shepherd.errors import CommandFailed, TraceRefused, Unavailable
from shepherd.model.trace import Segment

LOG = "SHEPHERD_SPOOL"
MOST_BYTES = 8 << 20
HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,250}")
GONE = "server was unable to access it"
UNNAMED = "no log file by that name"
"""fetch_log.cpp: what is said when the file is not there, and when nothing names it."""


class FetchedSpools:
    """`ports_trace.SpoolSource` for the hosts of the home pool. Several threads may ask at once."""

    def __init__(
        self, tools: Tools, collector: str, segment_of: Callable[[str], Segment], within_s: float
    ) -> None:
        """`collector` empty: HTCondor's own default. `segment_of` raises TraceRefused."""
        self._tools, self._segment_of, self._within_s = tools, segment_of, within_s
        self._pool = ["-pool", collector] if collector else []

    def fetch(self, source: str, number: int) -> Segment | None:
        """See the port."""
        argv = ["condor_fetchlog", *self._pool, "-master", master_of(source), f"{LOG}.{number}"]
        got = self._tools.output(argv, within_s=self._within_s, most_bytes=MOST_BYTES)
        if got.code == 0:
            return self._segment_of(text_of(got.data))
        if GONE in got.text:
            return None
        if UNNAMED in got.text:
            remedy = f"its HTCondor does not name {LOG}_LOG: install 50-shepherd-host.conf there, and condor_reconfig"
            raise CommandFailed(f"{source}: {remedy}", by_hand=got.by_hand)
        raise Unavailable(f"{source} hands out no segment {number}: {got.text or 'no answer'} (by hand: {got.by_hand})")


def master_of(host: str) -> str:
    """How condor_fetchlog is told a host's master. It looks names up in the DNS unless there is an `@` in them, and
    puts them into its question as they are (daemon.cpp, `getDaemonInfo`): this name completes the question."""
    if not HOST.fullmatch(host):
        raise CommandFailed(f"{host[:80]!r} is no name of a host")
    return f'" || Machine == "{host}" && "" != "@'


def text_of(data: bytes) -> str:
    """What came, as text. Raises TraceRefused."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise TraceRefused("a segment that is no text") from exc
