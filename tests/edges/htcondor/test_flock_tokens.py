"""A container's token, by a stand-in for condor_token_fetch that says what it was given."""

from pathlib import Path

import pytest

from shepherd.edges.htcondor.flock_tokens import FlockTokens
from shepherd.edges.htcondor.tool import Tools
from shepherd.errors import CommandFailed, PoolUnavailable

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJmMjAxIn0.c2lnbmF0dXJl"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own-token"
    path.write_text("the host's own")
    path.chmod(0o600)
    return path


def tokens(tmp_path: Path, script: str, pool: str = "cm:9619") -> FlockTokens:
    """Tokens fetched by a tool that does this."""
    tool = tmp_path / "condor_token_fetch"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    return FlockTokens(tmp_path / "own-token", pool, 3600.0, Tools(directory=str(tmp_path)), tmp_path / "minting")


def test_it_is_asked_for_with_the_hosts_own_and_with_few_rights(tmp_path: Path, own: Path) -> None:
    """A container's token could do whatever the host's could, for as long."""
    told = tmp_path / "told"
    fetch = f'echo "$*" >{told}; cat "$_CONDOR_SEC_TOKEN_SYSTEM_DIRECTORY"/* >>{told}; echo {TOKEN}'
    assert tokens(tmp_path, fetch).mint() == f"{TOKEN}\n"
    asked, given = told.read_text().splitlines()
    rights = "-authz ADVERTISE_MASTER -authz ADVERTISE_STARTD"
    assert asked == f"-type COLLECTOR -pool cm:9619 -lifetime 3600 {rights}"
    assert given == own.read_text()


def test_the_hosts_own_does_not_lie_about_afterwards(tmp_path: Path, own: Path) -> None:
    """It was copied to where the tool looks, and stayed there."""
    tokens(tmp_path, f"echo {TOKEN}").mint()
    with pytest.raises(PoolUnavailable):
        tokens(tmp_path, "exit 1").mint()
    assert not (tmp_path / "minting").exists()


@pytest.mark.parametrize("script", ["echo no; exit 1", f"echo {TOKEN}; exit 1", "echo done", f"echo {TOKEN} {TOKEN}"])
def test_an_answer_that_is_no_token_starts_no_container(tmp_path: Path, own: Path, script: str) -> None:
    """An error message was installed as the token; and no message tells a token."""
    with pytest.raises(PoolUnavailable) as refused:
        tokens(tmp_path, script).mint()
    assert TOKEN not in str(refused.value)


def test_without_a_pool_to_ask_the_hosts_own_is_copied(tmp_path: Path, own: Path) -> None:
    """The weaker way that small sites had before."""
    assert tokens(tmp_path, "exit 1", pool="").mint() == own.read_text()


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o666])
def test_a_token_that_others_can_read_is_refused(tmp_path: Path, own: Path, bits: int) -> None:
    """Whoever reads it can pose as this host's container."""
    own.chmod(bits)
    with pytest.raises(CommandFailed, match="token"):
        tokens(tmp_path, "exit 1").check()


def test_a_missing_token_is_told(tmp_path: Path) -> None:
    """The container came up and was refused by its pool, and nobody knew why."""
    with pytest.raises(CommandFailed, match="token"):
        tokens(tmp_path, "exit 1").check()
