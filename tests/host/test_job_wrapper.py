"""The program that builds a job's walls, as far as it can be seen without a container."""

import importlib.util
import os
import struct
import subprocess
import sys
import types
from pathlib import Path

import pytest

IMAGE = Path(__file__).resolve().parents[2] / "images/flock"
EPERM, ALLOWED, REFUSED = 1, 0x7FFF0000, 0x00050001


def loaded(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, IMAGE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


OUTSIDE = loaded("job_outside")


def verdict(number: int, first: int = 0, architecture: int = 0xC000003E) -> int:
    """What the filter says of a system call: its program, run by hand."""
    data = struct.pack("IIQQ", number, architecture, 0, first)
    program, accumulator, at = list(OUTSIDE.filter_program()), 0, 0
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        match code:
            case OUTSIDE.LOAD:
                (accumulator,) = struct.unpack_from("I", data, value)
            case OUTSIDE.EQUAL:
                at += if_true if accumulator == value else if_false
            case OUTSIDE.AT_LEAST:
                at += if_true if accumulator >= value else if_false
            case OUTSIDE.ANY_BIT:
                at += if_true if accumulator & value else if_false
            case OUTSIDE.RETURN:
                return int(value)
            case _:
                pytest.fail(f"an instruction of another kind: {code}")


def test_exactly_the_walls_calls_are_taken_from_the_job() -> None:
    """A jump that was one too short allowed `mount`, and refused `read`."""
    refused = {number for number in range(600) if verdict(number) == REFUSED}
    assert refused == set(OUTSIDE.WALLS.values())


@pytest.mark.parametrize("flag", [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000])
def test_no_child_gets_namespaces_of_its_own(flag: int) -> None:
    """`unshare` was refused, and `clone` did the same."""
    assert verdict(OUTSIDE.CLONE, flag | 17) == REFUSED
    assert verdict(OUTSIDE.CLONE, 0x003D0F00) == ALLOWED, "an ordinary thread"


def test_other_architectures_calls_are_refused() -> None:
    """Number 0 is `read` for one and `restart_syscall` for the other; 32-bit programs had no filter at all."""
    assert verdict(0, architecture=0x40000003) == REFUSED
    assert verdict(0x40000000 | 39) == REFUSED


def test_a_directory_as_standard_input_is_no_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`openat(0, "../..")`: the directory had been opened before the walls stood."""
    (tmp_path / "in").write_text("")
    cases = {"in": True, ".": False}
    for name, may in cases.items():
        descriptor = os.open(tmp_path / name, os.O_RDONLY)
        monkeypatch.setattr(os, "fstat", lambda _fd, d=descriptor, real=os.fstat: real(d))
        monkeypatch.setattr(os, "readlink", lambda _p, path=str(tmp_path / name): path)
        if may:
            OUTSIDE.refuse_strange_files(str(tmp_path))
        else:
            with pytest.raises(OSError, match="not the job's"):
                OUTSIDE.refuse_strange_files(str(tmp_path))
        monkeypatch.undo()
        os.close(descriptor)


def test_a_file_of_the_container_as_standard_input_is_none_of_the_jobs(tmp_path: Path) -> None:
    """A hostile schedd named the startd's log as its job's input."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); import job_outside as j; j.refuse_strange_files(sys.argv[2])"
    argv = [sys.executable, "-c", script, str(IMAGE), str(tmp_path)]
    (tmp_path / "own").write_text("")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    for path, code in ((tmp_path / "own", 0), (Path("/etc/passwd"), 1), (Path(os.devnull), 0)):
        with path.open() as given, (tmp_path / "out").open("w") as out:
            done = subprocess.run(argv, stdin=given, stdout=out, stderr=out, check=False, env=environment)
        assert done.returncode == code


def test_what_an_earlier_run_left_in_the_sandbox_is_not_followed(tmp_path: Path) -> None:
    """A job that checkpoints itself put a link to / where its /tmp would be at the next start."""
    user = tmp_path / "user"
    user.mkdir()
    (user / "tmp").symlink_to("/")
    places = {Path(OUTSIDE.fresh_directory(str(tmp_path))) for _ in range(2)}
    assert len(places) == 2
    assert all(place.parent == user and not place.is_symlink() for place in places)


DIES_LATE = """#!/bin/sh
sleep 1000 &
echo $! >orphan
{informs}
exit 1
"""
"""A bubblewrap that fails when it has made its child: that one waits for it for ever, and holds its pipes."""
INFORMS = """while [ "$1" != --info-fd ]; do shift; done; eval "echo '{\\"child-pid\\": '$!'}' >&$2\""""
ENDS = """#!/bin/sh
while [ "$1" != -- ]; do shift; done
sleep 0.2
eval "printf 1792 >&$5"
"""
"""A bubblewrap whose job ends with the exit code 7."""


def kept_by(bubblewrap: str, place: Path) -> tuple[int, str]:
    """How the wrapper of a job ends with such a bubblewrap, and what it tells HTCondor."""
    program, told = place / "bwrap", place / "told"
    program.write_text(bubblewrap)
    program.chmod(0o755)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import job_outside as j; j.BUBBLEWRAP = sys.argv[2]\n"
        "sys.exit(j.outside([], {'_CONDOR_WRAPPER_ERROR_FILE': sys.argv[3]}))"
    )
    argv = [sys.executable, "-c", script, str(IMAGE), str(program), str(told)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(argv, cwd=place, check=False, timeout=20, env=environment)
    return done.returncode, told.read_text() if told.exists() else ""


@pytest.mark.parametrize("informs", [":", INFORMS], ids=["at once", "when it has named its child"])
def test_a_bubblewrap_that_fails_late_ends_the_job(informs: str, tmp_path: Path) -> None:
    """A host ran out of memory in the moment in which a job began: it ran for a week, and had never begun."""
    code, told = kept_by(DIES_LATE.format(informs=informs), tmp_path)
    assert code == 1
    assert "the job's walls could not be built" in told
    assert has_ended(int((tmp_path / "orphan").read_text()))


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or waits only to be collected."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] in {"Z", "X"}


def test_a_job_that_ends_ends_the_wrapper_with_its_exit_code(tmp_path: Path) -> None:
    """Every job was held, because the walls come down when it ends."""
    assert kept_by(ENDS, tmp_path) == (7, "")


def test_the_inner_program_refuses_to_be_called_by_anybody_else() -> None:
    """A job named the wrapper's own switch as its program, and ran without walls."""
    argv = [sys.executable, "-IS", str(IMAGE / "job_inside.py"), "1", "/bin/true"]
    assert subprocess.run(argv, capture_output=True, check=False).returncode == 2
