"""Tokens of HTCondor: whose, how long, and who can read them."""

import base64
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from shepherd.model.checkup import FileSeen, Token
from shepherd.model.finding import Finding, State, Subject, ok, warn, wrong

SOON_S = 30 * 86400.0
"""A token that ends within a month is named, so that nobody has to be woken for it."""
LEFT_OUT = re.compile(r"\..*|.*~|#.*|.*\.rpmsave|.*\.rpmnew")
"""LOCAL_CONFIG_DIR_EXCLUDE_REGEXP as HTCondor has it: what editors and packages leave."""
RENEW = "make a new one on the pool's central manager: condor_token_create -identity {} -authz … > FILE"


def token_files(names: Iterable[str]) -> Sequence[str]:
    """Those files of a directory that HTCondor reads."""
    return [name for name in names if not LEFT_OUT.fullmatch(name)]


def tokens_in(text: str) -> Sequence[Token]:
    """The tokens of a file, one a line; lines that are none are left out."""
    found = (token_of(line) for line in text.splitlines())
    return [token for token in found if token is not None]


def token_of(line: str) -> Token | None:
    """A JSON Web Token's header and claims (RFC 7519); None if it is none."""
    parts = line.strip().split(".")
    if len(parts) != 3:
        return None
    header, claims = claims_of(parts[0]), claims_of(parts[1])
    if not header or not claims:
        return None
    expires, issued = claims.get("exp"), claims.get("iat")
    scope = str(claims.get("scope") or "").split()
    return Token(
        identity=str(claims.get("sub") or ""),
        issuer=str(claims.get("iss") or ""),
        key_id=str(header.get("kid") or "POOL"),
        issued_s=float(issued) if isinstance(issued, int | float) else 0.0,
        expires_s=float(expires) if isinstance(expires, int | float) else None,
        rights=tuple(word.removeprefix("condor:/") for word in scope if word.startswith("condor:/")),
    )


def claims_of(part: str) -> Mapping[str, object] | None:
    """One part of a token; None if it is no JSON object."""
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def token_findings(
    subject: Subject,
    path: str,
    seen: FileSeen | None,
    text: str,
    *,
    uid: int,
    now_s: float,
    served: Collection[str] = (),
) -> Iterator[Finding]:
    """One file of tokens. `uid`: who has to be able to read it, besides root; `text` is empty if it cannot be read;
    `served`: issuers of whom there is a good token anyway."""
    if seen is None:
        yield wrong(subject, f"{path} is missing", f"put the token there, mode 0600; {RENEW.format('NAME@DOMAIN')}")
        return
    if loose := loose_file(subject, path, seen, uid):
        yield loose
        return
    tokens = tokens_in(text)
    if not tokens:
        yield wrong(subject, f"{path} holds no token", RENEW.format("NAME@DOMAIN"))
    for token in tokens:
        finding = lifetime_finding(subject, path, token, now_s)
        if finding.state is State.WRONG and token.issuer in served:
            finding = warn(subject, f"{finding.said}; there is a good one beside it", f"remove it from {path}")
        yield finding


def served_issuers(files: Iterable[tuple[FileSeen | None, str]], *, uid: int, now_s: float) -> AbstractSet[str]:
    """Issuers of whom one token at least is good, among files with their texts."""
    readable = [
        (seen, text) for seen, text in files if seen and loose_file(Subject.TOKENS, "", seen, uid) is None
    ]
    return {
        token.issuer
        for _, text in readable
        for token in tokens_in(text)
        if lifetime_finding(Subject.TOKENS, "", token, now_s).state is not State.WRONG
    }


def loose_file(subject: Subject, path: str, seen: FileSeen, uid: int) -> Finding | None:
    """A secret that others can read, or that whoever needs it cannot. None if it is as it must be."""
    if seen.mode & 0o077:
        return wrong(subject, f"{path} has mode {seen.mode:04o}: others can read it", f"chmod 0600 {path}")
    if seen.uid not in {0, uid}:
        return wrong(subject, f"{path} belongs to {seen.owner}", f"chown {uid} {path}")
    if seen.uid != uid:
        return wrong(subject, f"{path} is {seen.owner}'s, and whoever needs it cannot read it", f"chown {uid} {path}")
    return None


def lifetime_finding(subject: Subject, path: str, token: Token, now_s: float) -> Finding:
    """How long a token is still good."""
    about = f"{path}: {token.identity}, key {token.key_id} of {token.issuer}"
    renew = RENEW.format(token.identity or "NAME@DOMAIN").replace("FILE", path)
    if token.issued_s > now_s + 60:
        return wrong(subject, f"{about}: issued in the future", f"set this machine's clock; or {renew}")
    if token.expires_s is None:
        return ok(subject, f"{about}: never expires")
    left_s = token.expires_s - now_s
    if left_s <= 0:
        return wrong(subject, f"{about}: expired {days(-left_s)} ago", renew)
    if left_s < SOON_S:
        return warn(subject, f"{about}: expires in {days(left_s)}", renew)
    return ok(subject, f"{about}: good for {days(left_s)}")


def days(seconds: float) -> str:
    """A long time, coarsely."""
    if seconds >= 2 * 86400:
        return f"{seconds / 86400:.0f} days"
    return f"{seconds / 3600:.0f} hours" if seconds >= 7200 else f"{seconds / 60:.0f} minutes"


def no_token_files(directory: str, files: Iterable[str]) -> Iterator[Finding]:
    """A directory without any token. That is a fault only if we are refused, and then told by name there."""
    if not list(files):
        yield warn(
            Subject.TOKENS,
            f"no token in {directory}: HTCondor must know us by another method",
            f"unless that is meant: condor_token_create -identity NAME@DOMAIN > {directory}/home, mode 0600",
        )
