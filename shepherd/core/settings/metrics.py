"""What the settings of the metrics must not say."""

import ipaddress
from collections.abc import Iterator

from shepherd.core.settings.forms import Problem, absolute_problems
from shepherd.model.metrics_settings import MetricsSettings

FORM = 'e.g. "127.0.0.1:9641" or "[::1]:9641"; a name could be anybody\'s'
ELSEWHERE = "it asks nobody who they are: give the file of metrics.textfile to node_exporter, or put a proxy before it"


def metrics_problems(metrics: MetricsSettings) -> Iterator[Problem]:
    """On the loopback only, and a file that node_exporter reads."""
    if metrics.listen:
        yield from listen_problems(metrics.listen)
    if metrics.textfile:
        yield from absolute_problems("metrics.", {"textfile": metrics.textfile})
        if not metrics.textfile.endswith(".prom"):
            yield Problem("metrics.textfile", f"{metrics.textfile!r} is not read by node_exporter", "end it in .prom")


def listen_problems(listen: str) -> Iterator[Problem]:
    """An address of the loopback, as a number, and a port."""
    host, _, port = listen.rpartition(":")
    try:
        is_bracketed = host.startswith("[") and host.endswith("]")
        address = ipaddress.IPv6Address(host[1:-1]) if is_bracketed else ipaddress.IPv4Address(host)
    except ValueError:
        yield Problem("metrics.listen", f"{listen!r} is no address and port", FORM)
        return
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        yield Problem("metrics.listen", f"{listen!r} has no port of 1 to 65535", FORM)
    elif not address.is_loopback:
        yield Problem("metrics.listen", f"{listen!r} is not on the loopback", ELSEWHERE)
