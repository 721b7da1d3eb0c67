"""All files of tokens that HTCondor may choose from."""

from collections.abc import Iterator, Sequence

from shepherd.core.checkup.tokens import served_issuers, token_findings
from shepherd.model.finding import Finding, Subject
from shepherd.ports_checkup import Files


def every_token(paths: Sequence[str], files: Files, uid: int, now_s: float) -> Iterator[Finding]:
    """Each token in these files. One that is no good is wrong only where none of its issuer is good. `uid`: who has to
    be able to read them, besides root. Raises CommandFailed."""
    known = [(path, files.seen(path), files.text(path)) for path in paths]
    served = served_issuers([(seen, text) for _, seen, text in known], uid=uid, now_s=now_s)
    for path, seen, text in known:
        yield from token_findings(Subject.TOKENS, path, seen, text, uid=uid, now_s=now_s, served=served)
