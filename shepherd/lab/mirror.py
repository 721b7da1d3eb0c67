"""Which Debian mirror to bootstrap from: the machine's own, whatever it is."""

import shlex

from shepherd.errors import Unavailable
from shepherd.lab.command import must

_TARGETS = ("apt-get", "indextargets", "--format", "$(SITE)|$(RELEASE)", "Created-By: Packages")


def choose_mirror() -> str:
    """URL of the first ordinary Debian archive in the machine's apt configuration.

    Raises Unavailable if the machine has none (it is not Debian, or only security archives are configured).
    """
    mirrors = _debian_mirrors(must(_TARGETS))
    if not mirrors:
        raise Unavailable("apt on this machine knows no Debian archive; add one to /etc/apt/sources.list.d")
    return mirrors[0]


def _debian_mirrors(targets: str) -> list[str]:
    pairs = [line.split("|", 1) for line in targets.splitlines() if "|" in line]
    usual = [site for site, release in pairs if "security" not in release and site.rstrip("/").endswith("/debian")]
    return list(dict.fromkeys(usual))


def proxy_environment() -> dict[str, str]:
    """The proxy apt is told to use, as the variables that debootstrap's downloader and a chroot's apt understand."""
    said = must(("apt-config", "shell", "http_proxy", "Acquire::http::Proxy", "https_proxy", "Acquire::https::Proxy"))
    return dict(pair.split("=", 1) for pair in shlex.split(said) if "=" in pair)
