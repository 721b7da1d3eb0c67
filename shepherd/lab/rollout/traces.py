"""What of ours is on the machine, and what else of its site's."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shepherd.lab.rollout import docker_look
from shepherd.lab.rollout.evidence import check
from shepherd.lab.rollout.machine import Machine

LOOK = Path(docker_look.__file__).read_text(encoding="utf-8")
SETTLED = ("/etc", "/opt", "/usr/local")
"""Where programs, units and settings are."""
PRINT = f"""
find {" ".join(SETTLED)} -type f -exec cksum {{}} +
find {" ".join(SETTLED)} -type l -printf 'to %l %p\\n'
"""


def ours(machine: Machine) -> list[str]:
    """What is named as ours is, where programs, units, settings and records are."""
    folders = (*SETTLED, "/var/lib", "/run")
    skipped = ("(", "-path", "/var/lib/docker", "-o", "-path", "/run/credentials", ")", "-prune", "-o")
    asked = ("find", *folders, *skipped, "(", "-name", "*shepherd*", "-o", "-name", "*startd-guard*", ")", "-print")
    # What is absent must be seen to be: a folder that vanishes meanwhile ends `find` with 1, and says so.
    done = machine.run((*asked, "-prune"))
    gone = [line for line in done.stderr.splitlines() if "No such file or directory" not in line]
    check(f"everything was looked at: {gone}", not gone and done.returncode in {0, 1})
    return done.stdout.splitlines()


def rules(machine: Machine) -> list[str]:
    """Our tables of the firewall; dockerd has its own."""
    return [line for line in machine.must(("nft", "list", "tables")).splitlines() if "shepherd" in line]


def settled(machine: Machine) -> Mapping[str, str]:
    """Every file and link of SETTLED, with what tells one content from another."""
    lines = machine.must(("sh", "-e", "-c", PRINT)).splitlines()
    rows = [line.split(" ", 2) for line in lines]
    return {path: f"{one} {other}" for one, other, path in rows}


def in_docker(machine: Machine) -> Mapping[str, Any]:
    """dockerd's networks, `driver name` each, and the number of its containers. Raises CommandFailed."""
    found: Mapping[str, Any] = json.loads(machine.must(("/usr/bin/python3", "-IS", "-c", LOOK)))
    return found
