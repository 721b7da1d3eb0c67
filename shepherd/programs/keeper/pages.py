"""The keeper's reading of lease pages: when to ask, what to believe, what to remember."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from shepherd.core.lease import memory as memories
from shepherd.core.lease.encode import decode
from shepherd.core.lease.judge import Here, Instant, Refusal, Revoked, digest, judge, standing
from shepherd.core.lease.memory import Held, Memory
from shepherd.errors import CommandFailed, LeaseRefused, ShepherdError
from shepherd.model.host import Nonce
from shepherd.model.lease import LeasePage, SignedPage
from shepherd.ports import Log, Verifier
from shepherd.ports_node import NodeFile, PageSource, RunDir
from shepherd.programs.errand import Background, Errand

RETRY_S = 5.0
"""After a question that was not answered, unless the next one is due sooner anyway."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trust:
    """Whose pages are believed."""

    verifier: Verifier
    key_ids: AbstractSet[str]


class PageReader:
    """Polls, judges, remembers. What was judged is stored before anybody can act on it."""

    def __init__(
        self, *, here: Here, trust: Trust, source: PageSource, run_dir: RunDir, background: Background, log: Log
    ) -> None:
        self._here, self._trust, self._source, self._run_dir, self._log = here, trust, source, run_dir, log
        self._errand: Errand[Sequence[SignedPage]] = Errand(background)
        self._memory = self._remembered()
        self._asked_s: float | None = None
        self._wanted = False
        self.revoked = ""
        """Why the newest page says leave; empty if it does not."""
        self.named = False
        """The newest page that was believed has a lease for this host: what is held is not just running out."""
        self.newest: LeasePage | None = None
        """The newest page that was believed, whether or not its lease for this host was; None before the first."""
        self.problem = ""
        """Why no page was believed, if there was any; empty otherwise."""
        self._refused = ""
        """Why pages were refused at the last question."""
        self.silence = ""
        """Why the last question had no answer; empty if it had."""

    @property
    def busy(self) -> bool:
        """A question is under way."""
        return self._errand.busy

    @property
    def nonce(self) -> Nonce:
        """This boot's."""
        return self._here.nonce

    @property
    def serial(self) -> int:
        """Of the newest page that was believed."""
        return self._memory.issue.serial if self._memory.issue else 0

    def held(self, now: Instant) -> Held | None:
        """The lease that stands now."""
        return standing(self._memory, key_ids=self._trust.key_ids, here=self._here, now=now)

    def ask_soon(self) -> None:
        """Ask at the next `tick`, whenever the last time was."""
        self._wanted = True

    def tick(self, now: Instant, every_s: float) -> None:
        """Take an answer that is there; ask when it is time."""
        answer = self._errand.take()
        if answer is not None:
            self._judge_all(answer, now)
        wait_s = min(every_s, RETRY_S) if self.silence else every_s
        due = self._wanted or self._asked_s is None or now.boottime_s - self._asked_s >= wait_s
        if due and self._errand.start(lambda: self._source.page(self._here.host)):
            self._asked_s, self._wanted = now.boottime_s, False

    def _judge_all(self, answer: Sequence[SignedPage] | ShepherdError, now: Instant) -> None:
        if isinstance(answer, ShepherdError):
            if not self.silence:
                self._log("no lease page could be read", problem=answer.diagnosis())
            self.silence = answer.diagnosis()
            return
        self.silence, refusals = "", list[str]()
        good = list(self._verified(answer, refusals.append))
        believed = [self._judge(page, key_id, now, refusals.append) for page, key_id in good]
        self._tell("; ".join(refusals))
        self.problem = "" if any(believed) else self._refused

    def _tell(self, refused: str) -> None:
        """A refused page beside good ones stops nothing, and is told all the same: somebody sent it."""
        if refused and refused != self._refused:
            self._log("lease pages refused", problem=refused)
        self._refused = refused

    def _verified(
        self, pages: Sequence[SignedPage], refuse: Callable[[str], None]
    ) -> Iterator[tuple[LeasePage, str]]:
        """Pages that a trusted key signed, in the order of their issue."""
        good = []
        for page in pages:
            try:
                self._trust.verifier.verify(page)
                good.append((decode(page.payload), page.key_id))
            except LeaseRefused as refused:
                refuse(str(refused))
        yield from sorted(good, key=lambda pair: pair[0].issued_at_s)

    def _judge(self, page: LeasePage, key_id: str, now: Instant, refuse: Callable[[str], None]) -> bool:
        memory, judgement = judge(self._memory, page, key_id=key_id, here=self._here, now=now)
        try:
            self._remember(memory)
        except CommandFailed as failed:
            if not isinstance(judgement, Revoked):
                refuse(failed.diagnosis())
                return False
        self._memory = memory
        if memory.issue is not None and memory.issue.digest == digest(page):
            self.newest = page
        if isinstance(judgement, Refusal):
            refuse(judgement.reason)
            return False
        self.newest, self.named = page, isinstance(judgement, Held)
        if isinstance(judgement, Revoked):
            self.revoked = judgement.why
        elif isinstance(judgement, Held):
            self.revoked = ""
        return True

    def _remember(self, memory: Memory) -> None:
        if memory != self._memory:
            self._run_dir.write(NodeFile.SEEN, memories.to_json(memory))

    def _remembered(self) -> Memory:
        """Of this boot. What cannot be read is made harmless by another nonce."""
        text = self._run_dir.read(NodeFile.SEEN)
        try:
            return memories.from_json(text, self._here.nonce) if text else Memory(nonce=self._here.nonce)
        except LeaseRefused as refused:
            self._log("memory of leases lost, all leases so far are worthless", problem=str(refused))
            self._here = dataclasses.replace(self._here, nonce=self._run_dir.renew_nonce())
            return Memory(nonce=self._here.nonce)
