"""The Spool port: a directory in which people leave intents, one small file each.

Who and when come from the file system (owner and change time), never from the text. The directory
belongs to the shepherd and to the Unix group that may order (mode 2770).
"""

import contextlib
import errno
import grp
import json
import os
import pathlib
import re
import secrets
import stat
from collections.abc import Callable, Mapping, Sequence

from shepherd.edges.unix_user import user_name
from shepherd.errors import Unavailable, UsageError
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.one_line import one_line

SUFFIX = ".json"
SET_ASIDE = "set-aside"
FILE_BYTES = 65536
AT_ONCE = 1000
WHY_CHARACTERS = 500
ABOUT_MEMBERS = 20
IDENT = re.compile(r"[A-Za-z0-9._-]{1,100}")
HOPELESS = frozenset({errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENXIO})
"""Not a file we could ever read: a link, a socket, or kept from us."""
ORDERS = frozenset(kind.value for kind in IntentKind if kind is not IntentKind.ASKED)
FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FileSpool:
    """`ports.Spool` over one directory. Neither method raises."""

    def __init__(
        self, directory: pathlib.Path, log: Callable[..., None], before: "FileSpool | None" = None
    ) -> None:
        """The directory is created if it can be; trouble with it goes to `log`, once a change.

        `before`: the spool whose place this one takes; what it could not forget is not carried out again.
        """
        self._directory = directory
        self._log = log
        self._complained: dict[str, str] = {}
        self.stuck: set[str] = before.stuck if before else set()
        """Idents of intents that are done, and whose files cannot be removed."""
        with contextlib.suppress(OSError):
            directory.mkdir(parents=True, exist_ok=True, mode=0o770)

    def waiting(self) -> Sequence[Intent]:
        """Oldest first, at most 1000 of them, orders first; what is not an intent is moved to `set-aside/`."""
        try:
            names = sorted(os.listdir(self._directory))
        except OSError as exc:
            self._complain("", f"the spool {self._directory} cannot be read: {exc.strerror}")
            return ()
        self._complained.pop("", None)
        self._forget_stuck(names)
        done = {f"{ident}{SUFFIX}" for ident in self.stuck}
        there = [n for n in names if not n.startswith(".") and n != SET_ASIDE and n not in done]
        candidates = sorted(there, key=is_no_order)[:AT_ONCE]
        intents = [intent for name in candidates if (intent := self._read(name))]
        return tuple(sorted(intents, key=lambda intent: (intent.at_s, intent.ident)))

    def done(self, intent: Intent) -> None:
        """Forget it. While its file cannot be removed, it is not among those waiting all the same."""
        try:
            (self._directory / f"{intent.ident}{SUFFIX}").unlink(missing_ok=True)
        except OSError as exc:
            self.stuck.add(intent.ident)
            self._complain(
                intent.ident,
                f"the intent {intent.ident!r} was carried out and cannot be removed from {self._directory}: "
                f"{exc.strerror}; a restarted shepherd carries it out again",
            )

    def _forget_stuck(self, names: Sequence[str]) -> None:
        """Try again to remove what is done."""
        for ident in sorted(self.stuck):
            name = f"{ident}{SUFFIX}"
            try:
                if name in names:
                    (self._directory / name).unlink(missing_ok=True)
            except OSError:
                continue
            self.stuck.discard(ident)
            self._complained.pop(ident, None)

    def _read(self, name: str) -> Intent | None:
        try:
            return read_intent(self._directory, name)
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as exc:
            self._set_aside(name, str(exc))
        except OSError as exc:
            if exc.errno in HOPELESS:
                self._set_aside(name, exc.strerror or str(exc))
            else:
                self._complain(name, f"the intent {name!r} cannot be read: {exc.strerror}")
        return None

    def _set_aside(self, name: str, why: str) -> None:
        kept = self._directory / SET_ASIDE
        try:
            kept.mkdir(exist_ok=True, mode=0o700)
            (self._directory / name).rename(kept / name)
        except OSError as exc:
            self._complain(name, f"{name!r} is not an intent ({why}) and cannot be moved to {kept}: {exc.strerror}")
        else:
            self._log("spool", problem=f"set aside {name!r}, which is not an intent: {why}")

    def _complain(self, about: str, what: str) -> None:
        if self._complained.get(about) != what:
            self._complained[about] = what
            self._log("spool", problem=what)


def is_no_order(name: str) -> bool:
    """Whether a file's name, as verbs give it, is not that of an order. While nothing can be recorded, what was asked
    stays in the spool; a thousand questions must not hide a ban."""
    return name.partition("-")[0] not in ORDERS


def read_intent(directory: pathlib.Path, name: str) -> Intent:
    """One file as an intent. ValueError if it is none, OSError if it cannot be read."""
    ident = name.removesuffix(SUFFIX)
    if not name.endswith(SUFFIX) or not IDENT.fullmatch(ident):
        raise ValueError(f"its name is not a plain word with {SUFFIX}")
    fd = os.open(directory / name, FLAGS)
    try:
        found = os.fstat(fd)
        # A second name could make somebody else's file look like an order of theirs.
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise ValueError("it is not a plain file with one name")
        text = os.read(fd, FILE_BYTES)
    finally:
        os.close(fd)
    return parsed(text, ident=ident, at_s=found.st_ctime, who=user_name(found.st_uid))


def parsed(text: bytes, *, ident: str, at_s: float, who: str) -> Intent:
    """The text of an intent, with what the file system says of it. ValueError if it is none."""
    body = json.loads(text)
    if not isinstance(body, dict) or body.get("v") != 1:
        raise ValueError("it is not an intent of version 1")
    kind, why, for_s = IntentKind(body.get("kind")), body.get("why", ""), body.get("for_s")
    if kind.value not in ORDERS and not is_no_order(ident):
        raise ValueError("its name is that of an order, and it is none")
    about = members(body.get("about", {}))
    if not isinstance(why, str):
        raise ValueError("its `why` is not text")  # noqa: TRY004 - all that is wrong with a file is one kind
    line = one_line(why, WHY_CHARACTERS)
    return Intent(ident=ident, kind=kind, at_s=at_s, who=who, why=line, for_s=duration(for_s), about=about)


def members(value: object) -> dict[str, str]:
    """A few named words."""
    if not isinstance(value, dict) or len(value) > ABOUT_MEMBERS:
        raise ValueError("its `about` is not a small object")
    if not all(isinstance(word, str) and len(word) <= WHY_CHARACTERS for word in value.values()):
        raise ValueError("its `about` has what is not a short text")
    return {name: one_line(word, WHY_CHARACTERS) for name, word in value.items()}


def duration(value: object) -> float | None:
    """Positive, finite seconds, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e10:
        raise ValueError("its `for_s` is not a number of seconds")
    return float(value)


def leave(
    directory: pathlib.Path,
    kind: IntentKind,
    *,
    why: str = "",
    for_s: float | None = None,
    about: Mapping[str, str] | None = None,
) -> str:
    """Leave an intent and return its name; the daemon finds it now or when it starts.

    Raises UsageError if this user may not, Unavailable if the spool is missing or cannot be written.
    """
    ident = f"{kind.value}-{secrets.token_hex(8)}"
    body = {"v": 1, "kind": kind.value, "why": why, "for_s": for_s, "about": dict(about or {})}
    draft = directory / f".{ident}"
    try:
        write_durably(draft, json.dumps(body).encode())
        draft.rename(directory / f"{ident}{SUFFIX}")
    except PermissionError as exc:
        raise UsageError(f"{me()} may not order: {directory} is writable only by {writers(directory)}") from exc
    except OSError as exc:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise Unavailable(f"the spool {directory} cannot be written: {exc.strerror}") from exc
    return ident


def write_durably(path: pathlib.Path, content: bytes) -> None:
    """Readable by the shepherd whatever the umask of the person; on the disk when it returns."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        os.fchmod(fd, 0o644)
        os.write(fd, content)
        os.fsync(fd)
    finally:
        os.close(fd)


def writers(directory: pathlib.Path) -> str:
    """Who could have ordered."""
    try:
        gid = directory.stat().st_gid
    except OSError:
        return "the shepherd and root"
    try:
        return f"root and the group {grp.getgrgid(gid).gr_name}"
    except KeyError:
        return f"root and the group {gid}"


def me() -> str:
    """The user who runs this."""
    return user_name(os.geteuid())
