"""The Files port: files and directories looked at, never changed."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from shepherd.edges.unix_user import group_name, user_name
from shepherd.errors import CommandFailed
from shepherd.model.checkup import FileSeen

BYTES_MAX = 1 << 20


class FileLook:
    """`ports_checkup.Files`."""

    def seen(self, path: str, *, digest: bool = False) -> FileSeen | None:
        """See the port."""
        try:
            found = Path(path).stat()
            content = hashlib.sha256(Path(path).read_bytes()).hexdigest() if digest else ""
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:
            raise CommandFailed(f"{path} cannot be looked at: {exc.strerror}") from exc
        return FileSeen(
            mode=stat.S_IMODE(found.st_mode),
            uid=found.st_uid,
            gid=found.st_gid,
            owner=user_name(found.st_uid),
            group=group_name(found.st_gid),
            is_directory=stat.S_ISDIR(found.st_mode),
            digest=content,
        )

    def names(self, path: str) -> Sequence[str]:
        """See the port."""
        try:
            return sorted(os.listdir(path))
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except PermissionError as exc:
            remedy = f"chown {os.geteuid()} {path}; chmod u+rx {path}"
            raise CommandFailed(f"{path} is kept from {user_name(os.geteuid())}; {remedy}") from exc
        except OSError as exc:
            raise CommandFailed(f"{path} cannot be looked at: {exc.strerror}") from exc

    def text(self, path: str) -> str:
        """See the port."""
        with contextlib.suppress(OSError), Path(path).open("rb") as file:
            return file.read(BYTES_MAX).decode("utf-8", "replace")
        return ""

    def room(self, path: str) -> int:
        """See the port."""
        with contextlib.suppress(OSError):
            found = os.statvfs(path)
            return found.f_bavail * found.f_frsize
        return 0
