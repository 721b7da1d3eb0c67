"""Jobs that never stop talking to somebody outside, who writes down when he heard whom: so a stop's cut is measured."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shepherd.lab import command
from shepherd.lab.addresses import CAMPUS_WAN
from shepherd.lab.eventually import eventually
from shepherd.lab.site import Site

PORT = 8443
HEAR = """
import socket, sys, threading, time

def hear(conversation):
    with conversation:
        for line in conversation.makefile("r", errors="replace"):
            print(f"{time.time():.3f} {line.strip()}", flush=True)

with socket.create_server(("", int(sys.argv[1]))) as server:
    while True:
        threading.Thread(target=hear, args=(server.accept()[0],), daemon=True).start()
"""
TALK = f"exec 3>/dev/tcp/{CAMPUS_WAN}/{PORT}; while echo {{name}} >&3; do sleep 0.05; done &"
"""For bash: one connection, twenty lines a second."""


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """What was heard at campus."""

    written: Path

    def last_s(self, name: str) -> float:
        """When somebody whose name begins so was heard last. Epoch seconds; 0 if never."""
        lines = (line.partition(" ") for line in self.written.read_text(encoding="ascii").splitlines())
        return max((float(at_s) for at_s, _, who in lines if who.startswith(name)), default=0.0)


@contextlib.contextmanager
def hearing(site: Site) -> Iterator[Hearing]:
    """Somebody at campus listens."""
    heard = Hearing(written=site.campus.home / "heard")
    process = site.campus.spawn(("/usr/bin/python3", "-IS", "-c", HEAR, str(PORT)), out=heard.written)
    try:
        eventually(lambda: str(PORT) in site.campus.must(("ss", "-Hltn")), 10, 0.1, what="campus listens")
        yield heard
    finally:
        command.kill_session(process)
