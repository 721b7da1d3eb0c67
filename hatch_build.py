"""What hatchling makes when it builds the wheel: man pages and completions, of the same command line as `--help`."""

import importlib
import pathlib
import shutil
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPLETIONS = {
    "bash": "share/bash-completion/completions/shepherd",
    "zsh": "share/zsh/site-functions/_shepherd",
}
"""Shell, and where it looks for what completes `shepherd`, below the virtual environment."""


HOSTS = "_shepherd_hosts"
NAMES = """shepherd -s </dev/null 2>/dev/null | sed -n '2p;5p' | tr ',' ' ' | tr -cd 'A-Za-z0-9._ \\n-'"""
"""Names from the two lists. Nothing else in them may reach a shell, which would expand it."""
PREAMBLE = {
    "bash": f"""{HOSTS}() {{
  compgen -W "$({NAMES})" -- "$1"
}}""",
    "zsh": f"""{HOSTS}() {{
  local -a names
  names=($({NAMES}))
  compadd -- $names
}}""",
}
"""What completes names of hosts."""


class FacesHook(BuildHookInterface[Any]):
    """Adds them to the wheel's shared data. They are in no checkout."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the wheel is packed."""
        del version
        self._drafts = pathlib.Path(tempfile.mkdtemp(prefix="shepherd-wheel-"))
        for number, (target, text) in enumerate(faces(pathlib.Path(self.root)).items()):
            draft = self._drafts / str(number)
            draft.write_text(text, encoding="utf-8")
            build_data["shared_data"][str(draft)] = target

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """After it was."""
        del version, build_data, artifact_path
        shutil.rmtree(self._drafts)


def faces(root: pathlib.Path) -> Mapping[str, str]:
    """Path below the virtual environment, and text, of each man page and completion. `root`: the checkout."""
    sys.path.insert(0, str(root))
    import shtab

    from shepherd import __version__
    from shepherd.cli.main import VERBS, assembled
    from shepherd.views.manual import actions, pages, verbs_of

    parser = assembled([importlib.import_module(f"shepherd.cli.{verb}") for verb in VERBS])
    made = {f"share/man/man1/{name}": text for name, text in pages(parser, __version__).items()}
    waiting = [parser]
    while waiting:
        one = waiting.pop()
        waiting += [below for _, below in verbs_of(one).values()]
        for action in actions(one):
            if action.type is pathlib.Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif action.metavar in {"HOST", "HOST|IDENT"}:
                action.complete = dict.fromkeys(COMPLETIONS, HOSTS)  # type: ignore[attr-defined]
    for shell, target in COMPLETIONS.items():
        made[target] = shtab.complete(parser, shell, preamble=PREAMBLE[shell])
    return made
