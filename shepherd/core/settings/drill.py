"""What well-formed settings of the drill must not say."""

from collections.abc import Iterator

from shepherd.core.settings.forms import Problem, second_problems
from shepherd.core.trace.question import is_ipv4
from shepherd.model.drill_settings import DrillSettings


def drill_problems(drill: DrillSettings) -> Iterator[Problem]:
    """Addresses are IPv4 with a port; a command has words."""
    for key, text in (("target", drill.target), ("listen", drill.listen)):
        address, _, port = text.rpartition(":")
        if text and not (is_ipv4(address) and port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
            yield Problem(f"drill.{key}", f"{text!r} is no IPv4 address and port", 'write e.g. "192.0.2.7:8443"')
    if any(not word or not word.isprintable() for word in drill.submit):
        yield Problem("drill.submit", "has an empty word, or one that does not print", "write a command, word by word")
    yield from second_problems("drill.", {"wait_s": drill.wait_s, "record_s": drill.record_s})
