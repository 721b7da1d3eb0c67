"""How views say ages, instants and foreign text."""

import datetime

from shepherd.model.demand import Resources

STEPS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))


def age(seconds: float) -> str:
    """`4 s`, `100 s`, `3 min`, `12 d`; a clock that was set back gives `0 s`."""
    for length, unit in STEPS:
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def instant(at_s: float) -> str:
    """In UTC, as in the ledger."""
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def asked(asks: Resources) -> str:
    """What a job asks for."""
    gpus = f", {asks.gpus} GPUs" if asks.gpus else ""
    return f"{asks.cpus} cpus, {asks.memory_mib} MiB of memory, {asks.disk_kib // 1024} MiB of disk{gpus}"
