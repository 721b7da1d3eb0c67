"""What root of a container could do, should a guest have become it: tried by `docker exec`, within its very walls."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from shepherd.lab import engine
from shepherd.lab.audit.job import rooted as probes_of_root
from shepherd.lab.audit.parts import Guests
from shepherd.lab.audit.place import host_of
from shepherd.lab.audit.report import NOT_MADE, SHUT, Result, from_job
from shepherd.lab.image import docker_socket
from shepherd.lab.node import Node

JOB = Path(__file__).with_name("job")
PROGRAM = """
import base64, os, runpy, sys
path = "/run/audit.zip"
with open(path, "wb") as file: file.write(base64.b64decode(sys.argv[1]))
sys.path.insert(0, path)
try: runpy.run_module("job.rooted", run_name="__main__")
finally: os.unlink(path)
"""


def tried(guests: Guests) -> Iterator[Result]:
    """Each probe of the container's root."""
    node = host_of(guests.site, guests.host)
    found = from_job(lines(run_as_root(node, ("/usr/bin/python3", "-IS", "-c", PROGRAM, packed()))), SHUT)
    yield from found
    for ident in sorted(set(probes_of_root.NAMES) - {result.id for result in found}):
        yield Result(id=ident, tries="", must=SHUT, got=NOT_MADE)


def packed() -> str:
    """The probes as one file, in base64."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(JOB.glob("*.py")):
            archive.write(path, f"job/{path.name}")
    return base64.b64encode(made.getvalue()).decode()


def run_as_root(node: Node, argv: tuple[str, ...]) -> str:
    """What a program says that dockerd starts in the node's only container."""
    path = docker_socket(node)
    (one,) = json.loads(engine.ask(path, "GET", "/containers/json"))
    asked = {"Cmd": list(argv), "User": "0:0", "AttachStdout": True, "AttachStderr": True}
    made = json.loads(engine.ask(path, "POST", f"/containers/{one['Id']}/exec", asked))
    return engine.ask(path, "POST", f"/exec/{made['Id']}/start", {"Detach": False, "Tty": False})


def lines(text: str) -> Iterator[Mapping[str, str]]:
    """The lines of JSON in an answer that dockerd has cut into frames."""
    for line in text.splitlines():
        if (begin := line.find('{"id"')) >= 0:
            yield json.loads(line[begin:])
