"""The disks of a machine that boots: Debian with kernel, systemd, HTCondor, Docker and Puppet; and the flock image.

They are built once, kept in the lab's cache, and never written: a machine's changes go into a file of its own, which
ends with it.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shepherd.lab import cache
from shepherd.lab.command import must
from shepherd.lab.image import Image
from shepherd.lab.progress import Progress
from shepherd.lab.rootfs import Trees, install, refresh_lists

PACKAGES = (
    "linux-image-cloud-amd64", "initramfs-tools", "zstd", "systemd", "systemd-sysv", "udev", "kmod", "dbus", "mount",
    "login", "e2fsprogs", "libacl1", "libapparmor1", "libaudit1", "libbpf1", "libcrypt1", "libkmod2", "libpam0g",
    "libseccomp2", "qemu-guest-agent", "apparmor", "puppet-agent", "python3-venv",
)  # fmt: skip
LABEL, DOCKER_LABEL, DELIVERY_LABEL = "root", "docker", "delivery"
DISK_MIB, DOCKER_MIB = 4096, 3072
KEPT_DISKS, KEPT_DOCKER_DISKS = 2, 4
INTERFACE = "em1"
MODULES = ("virtio_pci", "virtio_blk", "ext4")
MASKED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer",
    "getty@tty1.service", "serial-getty@ttyS0.service", "systemd-networkd-wait-online.service",
)  # fmt: skip
"""What emulation would spend minutes on, and nobody here needs."""
DISABLED = ("condor.service", "docker-registry.service", "puppet.service", "e2scrub_reap.service")
"""What an administrator has not configured yet."""
_LEFT_OUT = ("var/lib/apt/lists", "var/cache/apt", "usr/sbin/policy-rc.d", "usr/share/doc", "usr/share/locale")
_FILES = {
    "etc/fstab": f"LABEL={DOCKER_LABEL} /var/lib/docker ext4 defaults 0 0\nLABEL={DELIVERY_LABEL} /srv ext4 ro 0 0\n",
    f"etc/systemd/network/10-{INTERFACE}.link": f"[Match]\nDriver=virtio_net\n[Link]\nName={INTERFACE}\n",
    "etc/initramfs-tools/conf.d/lab": "MODULES=list\nRESUME=none\n",
    "etc/initramfs-tools/modules": "".join(f"{name}\n" for name in MODULES),
    "etc/systemd/journald.conf.d/lab.conf": "[Journal]\nStorage=persistent\nSystemMaxUse=64M\n",
    "etc/machine-id": "5b6e0c1f5d0f4b3d8a3c9a3a0b7f2512\n",
}
_RECIPE = "1"


@dataclass(frozen=True, kw_only=True)
class Disk:
    """What a machine boots from. All are files that are only read."""

    root: Path
    kernel: Path
    initrd: Path
    packages: Mapping[str, str]
    """Versions of what matters to the reader of a report."""


def provide_disk(trees: Trees, progress: Progress) -> Disk:
    """The system disk, from the cache or built (two minutes with a near mirror)."""
    parts = (_RECIPE, trees.key, *PACKAGES, *MASKED, *DISABLED, *_LEFT_OUT, *(f"{k}={v}" for k, v in _FILES.items()))
    home = cache.provide("machine", cache.digest(*parts), lambda draft: _build(draft, trees, progress))
    cache.prune("machine", KEPT_DISKS)
    return Disk(
        root=home / "disk.ext4", kernel=home / "vmlinuz", initrd=home / "initrd.img", packages=_versions(home)
    )  # fmt: skip


def _versions(home: Path) -> Mapping[str, str]:
    return {name: version for name, version in cache.facts(home).items() if name != "fingerprint"}


def provide_docker_disk(image: Image, progress: Progress) -> Path:
    """A disk for /var/lib/docker that has the flock image loaded, as if it had been pulled before."""

    def build(draft: Path) -> Mapping[str, str]:
        with progress.step("the flock image on a disk of a machine"):
            make_disk(image.data_root, draft / "docker.ext4", DOCKER_LABEL, DOCKER_MIB)
        return {}

    home = cache.provide("docker-disk", cache.digest(_RECIPE, image.data_root.parent.name, image.image_id), build)
    cache.prune("docker-disk", KEPT_DOCKER_DISKS)
    return home / "docker.ext4"


def make_disk(tree: Path, disk: Path, label: str, size_mib: int) -> None:
    """A file system with the contents of `tree`, in a file with holes. Raises CommandFailed, Unavailable."""
    features = ("-q", "-F", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=1,root_owner=0:0", "-L", label)
    must(("mke2fs", *features, "-d", str(tree), str(disk), f"{size_mib}M"), timeout_s=300)


def _build(draft: Path, trees: Trees, progress: Progress) -> Mapping[str, str]:
    root = draft / "root"
    with progress.step("a machine's tree copied"):
        must(("cp", "-a", "--reflink=auto", str(trees.root), str(root)), timeout_s=300)
    for path, text in _FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="ascii")
    refresh_lists(root, progress)
    with progress.step("kernel, systemd, AppArmor, guest agent and Puppet installed"):
        install(root, PACKAGES)
    noted = _versions_in(root)
    _finish(root)
    shutil.copy(next((root / "boot").glob("vmlinuz-*")), draft / "vmlinuz")
    shutil.copy(next((root / "boot").glob("initrd.img-*")), draft / "initrd.img")
    with progress.step("a machine's disk made"):
        make_disk(root, draft / "disk.ext4", LABEL, DISK_MIB)
    shutil.rmtree(root)
    return noted


def _versions_in(root: Path) -> dict[str, str]:
    wanted = ("linux-image-cloud-amd64", "systemd", "condor", "docker.io", "apparmor", "puppet-agent")
    argv = ("chroot", str(root), "dpkg-query", "-W", "-f", "${Package} ${Version}\n", *wanted)
    return dict(line.split() for line in must(argv).splitlines())


def _finish(root: Path) -> None:
    """Configured as a site's installer would; without the hundred AppArmor profiles of other programs, which emulation
    would compile for minutes at each boot."""
    for path in _LEFT_OUT:
        target = root / path
        shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
    for profile in (root / "etc/apparmor.d").iterdir():
        if profile.is_file():
            profile.unlink()
    systemctl = ("chroot", str(root), "systemctl")
    must((*systemctl, "enable", "systemd-networkd.service"))
    must((*systemctl, "mask", *MASKED))
    for unit in DISABLED:
        if (root / "usr/lib/systemd/system" / unit).exists():
            must((*systemctl, "disable", unit))
    (root / "srv").mkdir(exist_ok=True)
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_text("", encoding="ascii")
    for folder in ("etc", "var"):  # nothing is to be brought up to date at the first boot
        (root / folder / ".updated").touch()
