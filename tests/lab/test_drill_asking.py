"""How the drill asks: a question as the verb's words, and an answer as the verb has it."""

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.cli import trace
from shepherd.cli.trace_question import question_of
from shepherd.lab.drill.asking import words_of
from shepherd.lab.drill.questions import TABLE, Asks, by_process, questions
from shepherd.lab.drill.run import EACH, QUESTIONS
from tests.lab.drilled import BEGUN_S, ENDED_S, truths


@given(truth=truths(), seed=st.integers(min_value=0, max_value=1 << 20).map(str))
def test_the_verb_understands_every_question_as_it_is_meant(truth, seed):
    """The same drill asked two different questions, and blamed the answers."""
    words = argparse.ArgumentParser()
    trace.add(words.add_subparsers())
    for asked in questions(truth, len(TABLE), BEGUN_S, ENDED_S, seed):
        meant, read = vars(asked.question), vars(question_of(words.parse_args(["trace", *words_of(asked.question)])))
        times = {"from_s", "until_s", "within_s"}
        assert {name: read[name] for name in read if name not in times} == {
            name: meant[name] for name in meant if name not in times
        }
        assert {name: read[name] for name in times} == {name: pytest.approx(meant[name], abs=1e-5) for name in times}


@given(truth=truths())
def test_the_verb_is_asked_of_all_kinds(truth):
    """Every sixth question was always of the same kind."""
    chosen = list(by_process(questions(truth, QUESTIONS, BEGUN_S, ENDED_S, "1"), EACH))
    assert {one.asks for one in chosen} == set(Asks)
