"""The FlockPoolHands port: HTCondor's tools with the flock pool's own configuration, as root of its machine.

Root is known to that pool by the file system (FS); a guest's token is used by a tool only to see that it is refused.
"""

import base64
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shepherd.edges.htcondor.flock_tokens import FORM
from shepherd.edges.htcondor.token_directory import token_directory
from shepherd.edges.htcondor.tool import Said, Tools
from shepherd.edges.tool import run_tool
from shepherd.errors import CommandFailed, PoolUnavailable, Unavailable, UsageError
from shepherd.model.guest import Claim, FlockPool, Guest, Token

RIGHTS = ("ADVERTISE_SCHEDD", "READ")
"""A guest's schedd says who it is and what it wants (ADVERTISE_SCHEDD), and asks for the way to a startd (READ)."""
ASKED = ("TRUST_DOMAIN", "COLLECTOR_HOST", "LOCAL_CONFIG_DIR", "SEC_PASSWORD_DIRECTORY")
REQUIREMENTS = "COLLECTOR_REQUIREMENTS"
SIGNING_KEY = "POOL"
RUN_HERE = "run this on the flock pool's central manager, or name its configuration: condor_config in [flock]"
TOOL_S = 20.0
"""Deadline of one tool."""
ALLOWED = "ALLOW"
"""What condor_ping says of a right that is granted."""
WITHDRAWN = {"INVALIDATE_SCHEDD_ADS": "Scheduler", "INVALIDATE_SUBMITTOR_ADS": "Submitter"}
"""Ads that a guest can have there, and how to take them away."""
A_GUESTS = 'regexp("^guest[.]", AuthenticatedIdentity)'
CLAIMED = ("Name", "RemoteUser", "GlobalJobId")


class FlockPoolTools:
    """`ports_guest.FlockPoolHands`."""

    def __init__(
        self, condor_config: Path, tools: str, *, marker: str, ads: Callable[[Sequence[Guest]], str], place: Path
    ) -> None:
        """`tools`: directory of HTCondor's tools, empty: by PATH. `marker`: what COLLECTOR_REQUIREMENTS names if the
        configuration is the one that this is for; its value is what `ads` makes of guests: what they may advertise.
        `place`: a directory that is made for each probe, root's alone."""
        self._config, self._directory, self._marker, self._place = condor_config, tools, marker, place
        self._ads = ads
        self._tools = Tools(directory=tools, condor_config=str(condor_config))

    def about(self) -> FlockPool:
        """See the port."""
        if not self._config.is_file():
            raise UsageError(f"there is no flock pool's configuration {self._config} here; {RUN_HERE}")
        trust_domain, collector, directory, keys = self._values
        if not Path(directory).is_dir():
            raise UsageError(f"LOCAL_CONFIG_DIR of {self._config} is {directory!r}, no directory; make it")
        if not (Path(keys) / SIGNING_KEY).is_file():
            raise UsageError(f"the flock pool's signing key {keys}/{SIGNING_KEY} is not here; {RUN_HERE}")
        return FlockPool(trust_domain=trust_domain, collector=collector)

    def directory(self) -> Path:
        """Where the flock pool reads further configuration."""
        return Path(self._values[2])

    @functools.cached_property
    def _values(self) -> list[str]:
        """What is set, and that it is ours. Raises UsageError."""
        try:
            said = self._say("condor_config_val", *ASKED).splitlines()
            requirements = self._say("condor_config_val", "-raw", REQUIREMENTS)
        except CommandFailed as exc:
            raise UsageError(f"{self._config} cannot be used: {exc}; {' '.join(ASKED)} must be set") from exc
        if len(said) != len(ASKED) or self._marker not in requirements:
            remedy = "install flock-pool.conf as it, and put the site's own values below its LOCAL_CONFIG_DIR"
            raise UsageError(f"{self._config} is not the configuration that is shipped for a flock pool; {remedy}")
        return [line.strip() for line in said]

    def mint(self, identity: str, lifetime_s: float) -> Token:
        """See the port."""
        rights = [word for right in RIGHTS for word in ("-authz", right)]
        argv = ["condor_token_create", "-identity", identity, "-key", SIGNING_KEY, "-lifetime", f"{lifetime_s:.0f}"]
        said = self._tools.run([*argv, *rights], within_s=TOOL_S)
        found = [word for word in said.text.split() if FORM.fullmatch(word)]
        if said.code != 0 or len(found) != 1:
            raise CommandFailed(f"no token for {identity}: {FORM.sub('(a token)', said.text)}", by_hand=said.by_hand)
        told = claims_of(found[0])
        return Token(text=found[0] + "\n", ident=str(told.get("jti", "")), until_s=float(str(told.get("exp", 0))))

    def reload(self) -> bool:
        """See the port."""
        return self._tools.run(["condor_reconfig"], within_s=TOOL_S).code == 0

    def lets_in(self, token: Token) -> bool:
        """See the port."""
        if self._lets_in_now(token):
            return True
        own = self._ping({})
        if ALLOWED not in own.text.split():
            raise PoolUnavailable(f"the flock pool's collector does not say whom it lets in: {own.text}")
        return self._lets_in_now(token)

    def _lets_in_now(self, token: Token) -> bool:
        with token_directory(self._place, token.text) as environment:
            said = self._ping({**environment, "_CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS": "IDTOKENS"})
        return ALLOWED in said.text.split()

    def _ping(self, environment: Mapping[str, str]) -> Said:
        """Ask the collector what it grants. It says the same (FAIL) for no and for no answer: a no counts if it is said
        again after it has answered us."""
        argv = ["condor_ping", "-pool", self._values[1], "-type", "collector", "-table", *RIGHTS]
        return self._tools.run(argv, within_s=TOOL_S, environment=environment)

    def obeys(self, guests: Sequence[Guest]) -> bool:
        """See the port. No answer is no."""
        try:
            read = self._say("condor_config_val", "-collector", self._marker)
        except (CommandFailed, Unavailable):
            return False
        return read.strip() == self._ads(guests)

    def withdraw(self, guests: Sequence[Guest]) -> Sequence[str]:
        """See the port. The query has no type of its own: the collector would compare that, not the ad's."""
        where = ("-pool", self._values[1])
        strange = f"{A_GUESTS} && ({self._ads(guests)}) =!= True"
        for command, kind in WITHDRAWN.items():
            query = f'TargetType = "{kind}"\nRequirements = {strange}\n'
            self._say("condor_advertise", *where, "-tcp", command, "-", given=query)
        return self._say("condor_status", *where, "-any", "-constraint", strange, "-af", "Name").splitlines()

    def claims(self) -> Sequence[Claim]:
        """See the port."""
        where = ("-pool", self._values[1], "-slots", "-constraint", "RemoteUser isnt undefined")
        said = self._say("condor_status", *where, "-json", "-attributes", ",".join(CLAIMED))
        try:
            return [_claim(ad) for ad in json.loads(said or "[]")]
        except (ValueError, KeyError, AttributeError) as exc:
            raise CommandFailed(f"condor_status does not tell claims as JSON: {said[:200]}") from exc

    def end(self, claims: Sequence[Claim]) -> None:
        """See the port."""
        collector = self._values[1] if claims else ""
        for claim in claims:
            said = self._tools.run(["condor_vacate", "-pool", collector, "-fast", claim.slot], within_s=TOOL_S)
            if said.code != 0:
                raise CommandFailed(f"the claim of {claim.slot} was not ended: {said.text}", by_hand=said.by_hand)

    def _say(self, *argv: str, given: str = "") -> str:
        """What a tool says on its standard output."""
        tool = str(Path(self._directory, argv[0])) if self._directory else argv[0]
        full = ["env", f"CONDOR_CONFIG={self._config}", tool, *argv[1:]]
        return run_tool(full, TOOL_S, what=f"{argv[0]} of the flock pool", package="condor", given=given)


def claims_of(token: str) -> Mapping[str, object]:
    """What a token says of itself, unverified. Raises CommandFailed."""
    middle = token.split(".")[1]
    try:
        told: Mapping[str, object] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except ValueError as exc:
        raise CommandFailed("a token that condor_token_create made is not understood") from exc
    return told


def _claim(ad: Mapping[str, object]) -> Claim:
    schedd = str(ad.get("GlobalJobId", "")).partition("#")[0]
    return Claim(slot=str(ad["Name"]), user=str(ad.get("RemoteUser", "")), schedd=schedd)
