"""The Tokens port: a container's token is fetched from the flock pool with the host's own, which stays here."""

import re
from pathlib import Path

from shepherd.edges.htcondor.token_directory import token_directory
from shepherd.edges.htcondor.tool import Tools
from shepherd.edges.secret_file import read_secret
from shepherd.errors import PoolUnavailable

FETCH_S = 10.0
"""Deadline of one fetch."""
RIGHTS = ("ADVERTISE_MASTER", "ADVERTISE_STARTD")
"""All that a container needs; the collector grants no more than the host's own token has."""
FORM = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
"""Three parts in base64, the first of which begins with `{"`."""


class FlockTokens:
    """`ports_node.Tokens` with the host's token at `token`; without `pool` a container gets that one."""

    def __init__(self, token: Path, pool: str, lifetime_s: float, tools: Tools, place: Path) -> None:
        """`place`: a directory that is made for each fetch, where nobody but root can go."""
        self._token, self._pool, self._lifetime_s, self._tools, self._place = token, pool, lifetime_s, tools, place

    def check(self) -> None:
        """See the port."""
        self._own()

    def mint(self) -> str:
        """See the port."""
        own = self._own()
        if not self._pool:
            return own
        rights = [word for right in RIGHTS for word in ("-authz", right)]
        which = ["-type", "COLLECTOR", "-pool", self._pool, "-lifetime", f"{self._lifetime_s:.0f}"]
        argv = ["condor_token_fetch", *which, *rights]
        with token_directory(self._place, own) as environment:
            said = self._tools.run(argv, within_s=FETCH_S, environment=environment)
        tokens = [word for word in said.text.split() if FORM.fullmatch(word)]
        if said.code != 0 or len(tokens) != 1:
            raise PoolUnavailable(f"no token from the flock pool at {self._pool}: {FORM.sub('(a token)', said.text)}")
        return tokens[0] + "\n"

    def _own(self) -> str:
        return read_secret(self._token, "the flock pool's token")
