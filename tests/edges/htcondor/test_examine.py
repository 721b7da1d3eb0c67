"""What a daemon says of our rights, told apart from what it did not say."""

import importlib.util
import pathlib
import sys
import types
from collections.abc import Sequence
from typing import Any

import pytest

SOURCE = pathlib.Path(__file__).parents[3] / "shepherd/edges/htcondor/examine.py"
KNOWN = {"MyRemoteUserName": "shepherd@home.lab", "TrustDomain": "home.lab"}
YES, NO = {**KNOWN, "AuthorizationSucceeded": True}, {**KNOWN, "AuthorizationSucceeded": False}
BREAKS, GONE = "Failed to start command.", "Failed to connect to daemon."


class Trouble(Exception):
    """The bindings' own."""


def examine(monkeypatch: pytest.MonkeyPatch, answers: Sequence[object]) -> Any:
    """The module, with bindings that answer this, one a question."""
    waiting = list(answers)

    def ping(_address: str, _right: str, _security: object) -> object:
        answer = waiting.pop(0)
        if isinstance(answer, str):
            raise Trouble(answer)
        return answer

    monkeypatch.setitem(sys.modules, "htcondor2", types.SimpleNamespace(ping=ping, HTCondorException=Trouble))
    spec = importlib.util.spec_from_file_location("examined", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("refusal", [(NO,), (BREAKS,)])
def test_a_refusal_between_two_answers_is_one(refusal: tuple[object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Some releases say no, and others hang up."""
    found = examine(monkeypatch, [YES, YES, *refusal, YES]).authority("<cm>", ("READ", "CONFIG"), "")
    assert found == ("shepherd@home.lab", "home.lab", ["READ"])


def test_a_daemon_that_stopped_answering_has_refused_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A collector restarted during the check, and rights that nobody had asked for any more were "none"."""
    asked = examine(monkeypatch, [YES, BREAKS, BREAKS])
    with pytest.raises(asked.NoAnswer):
        asked.authority("<cm>", ("CONFIG",), "")
    asked = examine(monkeypatch, [YES, GONE])
    with pytest.raises(asked.NobodyListens):
        asked.authority("<cm>", ("CONFIG",), "")


def test_a_daemon_that_never_answered_says_nothing_of_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody in particular had no rights too many, which was in order."""
    assert examine(monkeypatch, [BREAKS, BREAKS]).authority("<cm>", ("CONFIG",), "") == ("", "", [])
