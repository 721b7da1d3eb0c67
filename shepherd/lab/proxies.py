"""nginx and Apache of a Debian release, unpacked beside everything else: nothing is installed, no maintainer's script
runs. The tree is entered by `chroot`, below an overlay of whoever starts one of them."""

from collections.abc import Mapping
from pathlib import Path

from shepherd.lab import cache
from shepherd.lab.command import must
from shepherd.lab.progress import Progress
from shepherd.lab.unpacked import enterable

SUITE = "bookworm"
"""nginx 1.22 and Apache 2.4, the oldest that a Debian that is supported has."""
PACKAGES = ("nginx", "apache2", "dash", "coreutils")
_RECIPE = "1"
_WORKERS = 33
"""www-data, by Debian's fixed numbers."""
_LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale")


def provide_proxies(progress: Progress) -> Path:
    """The tree with both, from the cache or made (some ten seconds with a near mirror)."""

    def build(draft: Path) -> Mapping[str, str]:
        with progress.step(f"nginx and Apache of Debian {SUITE}"):
            tree = enterable(SUITE, draft, *PACKAGES)
        group = f"www-data:x:{_WORKERS}:"
        for name, line in (("passwd", f"{group}{_WORKERS}::/var/www:\n"), ("group", f"{group}\n")):
            with (tree / "etc" / name).open("a", encoding="utf-8") as accounts:
                accounts.write(line)
        (tree / "etc/hosts").write_text("127.0.0.1 localhost\n", encoding="utf-8")
        must(("rm", "-rf", *(str(tree / name) for name in _LEFT_OUT)))
        return {"suite": SUITE}

    return cache.provide("proxies", cache.digest(_RECIPE, SUITE, *PACKAGES), build) / "tree"
