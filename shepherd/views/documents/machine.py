"""Documents of a machine and of what is set up on it: `check`, `guest`, `key`, `image`, `gateway`, `node evidence`."""

from typing import Any, NotRequired

from typing_extensions import TypedDict

from shepherd.model.finding import Role
from shepherd.model.guest import Standing


class FindingJson(TypedDict):
    """One finding."""

    subject: str
    state: str
    """`ok`, `warn` or `wrong`."""
    said: str
    remedy: str
    """Empty if nothing is to be done."""


class CheckedRoleJson(TypedDict):
    """What was found of one part."""

    role: Role
    settings: str
    """The file."""
    findings: list[FindingJson]


class CheckJson(TypedDict):
    """`shepherd check --json`."""

    roles: list[CheckedRoleJson]


class EffectiveFileJson(TypedDict):
    """One settings file."""

    file: str
    settings: dict[str, Any]
    """Everything that is in force, nested as the file is."""


class EffectiveJson(TypedDict):
    """`shepherd check --effective --json`: of one file its members, of several (`--all`) a list."""

    file: NotRequired[str]
    settings: NotRequired[dict[str, Any]]
    files: NotRequired[list[EffectiveFileJson]]


class AuditedJson(TypedDict):
    """One protection."""

    what: str
    problem: str | None
    """Null or empty: it holds."""


class AuditJson(TypedDict):
    """`shepherd check --audit --json`."""

    audit: list[AuditedJson]


class GuestJson(TypedDict):
    """One guest. Never a token."""

    name: str
    generation: int
    standing: Standing
    identity: str
    schedds: list[str]
    domain: str
    contact: str
    hosts: int
    """At most so many hosts' worth at a time; 0: no limit."""
    notice_s: float
    """That it was promised; 0: as the site gives."""
    token_days: int
    token_id: str
    token_until_s: float | None
    added_by: str
    added_at_s: float | None
    changed_by: str
    changed_at_s: float | None
    removed_by: str
    removed_at_s: float | None
    past: list[str]
    problems: list[str]
    """What an administrator should do something about."""


class GuestsJson(TypedDict):
    """`shepherd guest show --json`."""

    at_s: float
    guests: list[GuestJson]


class StepsJson(TypedDict):
    """`--json` of `guest add`, `guest remove`, `image push`: what was done, as it is told to a person."""

    said: list[str]


class KeyJson(TypedDict):
    """`shepherd key … --json`."""

    act: str
    """`create`, `show`, `rotate` or `revoke`."""
    ident: str
    """The key's id, as in pages, logs and refusals; of `rotate`, the new key's."""
    file: str
    public: str
    """The file with the public half."""
    old_ident: str | None
    """Of `rotate`: the key beside which the new one was made."""
    deleted: list[str]
    """Files that are gone."""
    said: str
    """What is to be done now, as it is told to a person."""


class ImageJson(TypedDict):
    """`shepherd image build --json`."""

    id: str
    layers: list[str]
    size_bytes: int


class AppliedJson(TypedDict):
    """`shepherd gateway apply --json`."""

    changed: list[str]
    """Empty: everything was as the settings have it."""
    rules: str | None
    """With --show: what would be loaded."""


class EvidenceJson(TypedDict):
    """What one quarantine kept."""

    ident: str
    container: str
    image: str
    lease: str
    address: str
    who: str
    why: str
    ordered_at_s: float
    seen_at_s: float
    keep_host: bool
    manifest: str
    """Digest of the list of files; empty: not listed yet."""
    size_bytes: int
    lost: list[str]


class EvidencesJson(TypedDict):
    """`shepherd node evidence list --json`."""

    evidence: list[EvidenceJson]


class EvidenceVerifiedJson(TypedDict):
    """`shepherd node evidence verify --json`."""

    ident: str
    whole: bool
    faults: list[str]
    manifest: str
    size_bytes: int
    lost: list[str]
