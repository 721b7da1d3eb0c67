"""What a check may see, with one thing changed at a time."""

import base64
import json

from shepherd.model.checkup import Authority, CollectorSeen, FileSeen, ListenSeen
from shepherd.model.host import Nonce
from shepherd.model.observation import KeeperPhase, KeeperReport, LockHolder

NOW_S = 1_800_000_000.0
DAY_S = 86400.0


def file(mode: int = 0o600, uid: int = 990, **more: object) -> FileSeen:
    """A file of the daemon's."""
    owner = {0: "root", 990: "shepherd"}.get(uid, f"uid {uid}")
    return FileSeen(mode=mode, uid=uid, gid=uid, owner=owner, group=owner, **more)  # type: ignore[arg-type]


def directory(mode: int = 0o755, uid: int = 990) -> FileSeen:
    return file(mode, uid, is_directory=True)


def token(identity: str = "shepherd@home.lab", **claims: object) -> str:
    """An IDTOKEN as condor_token_create writes it, but for its signature."""
    body = {"iat": NOW_S - DAY_S, "iss": "home.lab", "jti": "0f", "sub": identity, **claims}
    parts = [{"alg": "HS256", "kid": "POOL"}, body]
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts), "c2ln"])


def figures(looked_at_s: float) -> ListenSeen:
    """The daemon's page, cut short."""
    text = f"# TYPE shepherd_blind gauge\nshepherd_blind 0.0\nshepherd_last_look_timestamp_seconds {looked_at_s!r}\n"
    return ListenSeen(is_taken=True, status=200, text=text)


def authority(*granted: str, identity: str = "shepherd@home.lab", domain: str = "home.lab") -> Authority:
    return Authority(identity=identity, trust_domain=domain, granted=frozenset(granted))


def collector(version: tuple[int, ...] = (25, 14, 1), age_s: float = DAY_S, ahead_s: float = 0.0) -> CollectorSeen:
    return CollectorSeen(version=version, age_s=age_s, ahead_s=ahead_s)


def keeper(version: str = "1.0", problem: str | None = None, heard_at_s: float = NOW_S) -> KeeperReport:
    return KeeperReport(
        nonce=Nonce("n"), phase=KeeperPhase.IDLE, lock=LockHolder.REGULAR, lease=None, container=None, image=None,
        problem=problem, sent_at_s=heard_at_s, heard_at_s=heard_at_s, version=version,
    )  # fmt: skip
