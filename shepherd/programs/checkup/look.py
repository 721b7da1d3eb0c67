"""One question after another: each within its deadline, none of them stopped by what another met."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from shepherd.errors import ShepherdError
from shepherd.model.finding import Finding, State, Subject, warn, wrong
from shepherd.ports_checkup import InTime

WITHIN_S = 60.0
"""Deadline of one question, longer than those of what it asks."""

Look = Callable[[], Iterable[Finding]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing to be looked at."""

    subject: Subject
    look: Look
    remedy: str
    """What to do if it cannot even be looked at."""
    needs: tuple[Subject, ...] = ()
    """Without these it is not looked at: nothing could be said."""
    blames: tuple[Subject, ...] = ()
    """If it is wrong and one of these is, too, that one is to be mended first."""


@dataclass
class Round:
    """The questions of one role. `in_time` does something within a deadline."""

    in_time: InTime
    _failed: set[Subject] = field(default_factory=set)

    def ask(self, questions: Iterable[Question]) -> Iterator[Finding]:
        """Every finding, as soon as it is known."""
        for question in questions:
            yield from self._answers(question)

    def _answers(self, question: Question) -> Sequence[Finding]:
        if missing := self._among(question.needs):
            self._failed.add(question.subject)
            names = ", ".join(one.value for one in missing)
            return [warn(question.subject, f"not looked at, because of what is wrong with: {names}", "mend that first")]
        found = self._looked(question)
        if any(one.state is State.WRONG for one in found):
            self._failed.add(question.subject)
        blamed = self._among(question.blames)
        return [after(blamed, one) for one in found] if blamed else found

    def _looked(self, question: Question) -> Sequence[Finding]:
        try:
            return self.in_time(lambda: list(question.look()), WITHIN_S)
        except ShepherdError as exc:
            return [failed(question, exc.diagnosis())]
        except Exception as exc:  # noqa: BLE001 - one defect of ours must not hide what else is wrong
            said = f"looking at it failed: {type(exc).__name__}: {exc}"
            return [wrong(question.subject, said, "this is a defect, please report it")]

    def _among(self, subjects: Iterable[Subject]) -> Sequence[Subject]:
        return [subject for subject in subjects if subject in self._failed]


def failed(question: Question, diagnosis: str) -> Finding:
    """What an error says, which often knows a remedy itself: after its first semicolon."""
    said, _, known = diagnosis.removeprefix(f"{question.subject.value}: ").partition("; ")
    return wrong(question.subject, said, "; ".join(filter(None, (question.remedy, known))))


def after(blamed: Sequence[Subject], finding: Finding) -> Finding:
    """A finding that another one may explain."""
    if finding.state is not State.WRONG:
        return finding
    names = ", ".join(one.value for one in blamed)
    return warn(finding.subject, finding.said, f"mend first what is wrong with: {names}")
