"""Manual pages and completions, as the programs that show them understand them."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shepherd.cli.main import VERBS
from tests.house import sources
from tests.wheel.test_wheel import members

pytestmark = pytest.mark.real

ENDED_S = 15.0
ESCAPES = re.compile(r"\x1b\[[?0-9;]*[a-zA-Z]|.\x08")


@pytest.fixture(scope="module")
def share(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel puts below `share`."""
    home = tmp_path_factory.mktemp("share")
    for name, content in members(wheel).items():
        _, found, rest = name.partition(".data/data/share/")
        if found:
            (home / rest).parent.mkdir(parents=True, exist_ok=True)
            (home / rest).write_bytes(content)
    return home


def run(*argv: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, capture_output=True, text=True, check=False, timeout=ENDED_S, env={**os.environ, **more}
    )


@pytest.mark.parametrize("name", ["shepherd", *(f"shepherd-{verb}" for verb in VERBS)])
def test_a_page_is_sound_and_names_what_help_names(share: Path, name: str) -> None:
    """A page that troff stumbles over ends in the middle; one that was written by hand is a release behind."""
    page = share / f"man/man1/{name}.1"
    checked = run("groff", "-man", "-Tutf8", "-ww", "-z", page)
    assert (checked.returncode, checked.stderr) == (0, "")
    shown = re.sub(r".\x08", "", run("man", "-l", page, MANWIDTH="200", MANPAGER="cat", LC_ALL="C.UTF-8").stdout)
    shown = shown.replace("‐", "-").replace("−", "-")  # noqa: RUF001 - what troff makes of hyphens
    verb = name.partition("-")[2]
    told = run(sys.executable, "-m", "shepherd", *filter(None, [verb]), "--help", **checkout()).stdout
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", told)) - {"--help"}
    assert [option for option in options if option not in shown] == []
    assert "EXIT STATUS" in shown


def checkout() -> dict[str, str]:
    """Where the verbs' help is taken from."""
    return {"PYTHONPATH": str(sources.ROOT), "COLUMNS": "200", "NO_COLOR": "1"}


def test_apropos_finds_every_page(share: Path) -> None:
    """`man -k shepherd` is how somebody at night finds the verb that they need."""
    pages = sorted((share / "man/man1").glob("*.1"))
    found = run("lexgrog", *pages)
    assert (found.returncode, len(found.stdout.splitlines())) == (0, len(VERBS) + 1)


def completed_by_bash(share: Path, *words: str, **environment: str) -> set[str]:
    """What a real bash offers after these words, the last of which is being typed."""
    script = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; '
        'f=$(complete -p shepherd | sed "s/.*-F \\([^ ]*\\).*/\\1/"); $f; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    completions = share / "bash-completion/completions/shepherd"
    done = run("bash", "--norc", "--noprofile", "-c", script, "bash", completions, *words, **environment)
    assert done.stderr == ""
    return set(done.stdout.split())


def test_bash_completes_verbs_acts_and_options(share: Path) -> None:
    """Verbs that nobody can remember are not used."""
    assert set(VERBS) <= completed_by_bash(share, "shepherd", "")
    assert completed_by_bash(share, "shepherd", "flocko") == {"flockoff", "flockon"}
    assert {"verify", "export"} <= completed_by_bash(share, "shepherd", "ledger", "")
    assert "--expect" in completed_by_bash(share, "shepherd", "ledger", "verify", "--")
    assert "intent" in completed_by_bash(share, "shepherd", "ledger", "export", "--kind", "in")


def a_shepherd_with(place: Path, names: list[str]) -> str:
    """PATH with a stand-in that prints the two lists."""
    program = place / "shepherd"
    program.write_text(f"#!/bin/sh\ncat <<'END'\nRegular: 5\n{names}\n\nFlock: 1\n['f230']\nEND\n")
    program.chmod(0o755)
    return f"{place}:{os.environ['PATH']}"


def test_bash_completes_hosts_and_runs_nothing_that_a_host_is_called(share: Path, tmp_path: Path) -> None:
    """A host named itself `$(reboot)`, and an administrator pressed tab."""
    harm = tmp_path / "harm"
    path = a_shepherd_with(tmp_path, ["p220", "p221", f"p$(touch {harm})", f"p`touch {harm}`", "q1"])
    assert {"p220", "p221"} <= completed_by_bash(share, "shepherd", "explain", "host", "p22", PATH=path)
    assert "f230" in completed_by_bash(share, "shepherd", "explain", "host", "", PATH=path)
    assert "q1" in completed_by_bash(share, "shepherd", "quarantine", "q", PATH=path)
    assert not harm.exists()


def test_bash_completes_files_where_a_file_is_meant(share: Path, tmp_path: Path) -> None:
    """Paths of settings are long."""
    (tmp_path / "site.toml").touch()
    assert completed_by_bash(share, "shepherd", "--settings", f"{tmp_path}/si") == {f"{tmp_path}/site.toml"}


def typed_into_zsh(share: Path, home: Path, line: str, is_there: Callable[[str], bool], path: str = "") -> str:
    """What an interactive zsh shows when `line` is typed, with its tabs."""
    start = f"fpath=({share}/zsh/site-functions $fpath); autoload -Uz compinit; compinit -D -u; PS1='ready> '\n"
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {"PATH": path or os.environ["PATH"], "TERM": "dumb", "ZDOTDIR": str(home)}
        os.execvpe("zsh", ["zsh", "-f", "-i"], environment)
    shown, typed, until = "", [start, line], time.monotonic() + ENDED_S
    try:
        while time.monotonic() < until and (typed or not is_there(ESCAPES.sub("", shown))):
            if typed and (len(typed) == 2 or ESCAPES.sub("", shown).rstrip().endswith("ready>")):
                os.write(terminal, typed.pop(0).encode())
            if select.select([terminal], [], [], 0.2)[0]:
                shown += os.read(terminal, 65536).decode(errors="replace")
    finally:
        os.kill(pid, 9)
        os.close(terminal)
        os.waitpid(pid, 0)
    return ESCAPES.sub("", shown)


def test_zsh_completes_verbs_and_acts(share: Path, tmp_path: Path) -> None:
    """A file of completions that the shell cannot load says so at every tab."""
    shown = typed_into_zsh(share, tmp_path, "shepherd led\tver\t", lambda text: "shepherd ledger verify" in text)
    assert "shepherd ledger verify" in shown


def test_zsh_completes_hosts_and_runs_nothing_that_a_host_is_called(share: Path, tmp_path: Path) -> None:
    """The same in the other shell."""
    harm = tmp_path / "harm"
    path = a_shepherd_with(tmp_path, ["p220", f"p$(touch {harm})", f"x`touch {harm}`"])
    line = "shepherd explain host p22\t"
    shown = typed_into_zsh(share, tmp_path, line, lambda text: "shepherd explain host p220" in text, path)
    assert "shepherd explain host p220" in shown
    assert not harm.exists()
