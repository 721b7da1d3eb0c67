"""The Flows port: `conntrack -D` makes the kernel forget connections. What the rules refuse cannot begin again."""

import re
import subprocess
from collections.abc import Collection, Sequence

from shepherd.edges.tool import WORDS
from shepherd.errors import CommandFailed, Unavailable

ENDS = ("--src", "--dst", "--reply-src", "--reply-dst")
DELETED = re.compile(r"(\d+) flow entries have been deleted")


class Conntrack:
    """`ports_stop.Flows`. Needs CAP_NET_ADMIN and the package conntrack."""

    def __init__(self, timeout_s: float, prefix: Sequence[str] = ()) -> None:
        """`prefix`: a command line that enters another network than ours."""
        self._timeout_s, self._prefix = timeout_s, tuple(prefix)

    def cut(self, addresses: Collection[str]) -> int:
        """See the port."""
        return sum(self._forget(end, address) for address in addresses for end in ENDS)

    def _forget(self, end: str, address: str) -> int:
        """The tool ends with 1 when there was nothing to forget, and says how many there were in any case."""
        argv = [*self._prefix, "conntrack", "-D", end, address]
        try:
            done = subprocess.run(
                argv, capture_output=True, text=True, errors="replace", check=False, timeout=self._timeout_s, cwd="/"
            )
        except subprocess.TimeoutExpired as exc:
            raise Unavailable(f"conntrack was not over after {self._timeout_s:g} s") from exc
        except OSError as exc:
            raise CommandFailed(f"cutting connections needs conntrack (package conntrack): {exc.strerror}") from exc
        if (told := DELETED.search(done.stderr)) is None:
            raise CommandFailed(f"connections of {address} were not cut: {done.stderr.strip()[-WORDS:]}")
        return int(told[1])
