"""The machine's devices in a tree that is entered by `chroot`, in a mount namespace of its own."""


def devices_in(root: str) -> str:
    """Two lines for `sh -e` that show /dev below `root`, read-only: devices are read and written there, and keep their
    mode and owner, which are the machine's."""
    return f'mount --rbind /dev "{root}/dev"\nmount -o remount,bind,ro "{root}/dev"'
