"""Real jobs of real guests, submitted at the foreign pool, and what they said."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shepherd.errors import CommandFailed, Unavailable
from shepherd.lab import story
from shepherd.lab.eventually import eventually
from shepherd.lab.node import SOURCE_IN_NODE
from shepherd.lab.site import Site

FOLDER = f"{SOURCE_IN_NODE}/shepherd/lab/audit/job"
IDLE, RUNNING, REMOVED, COMPLETED, HELD = 1, 2, 3, 4, 5
SUBMIT = """\
executable = /usr/bin/python3
transfer_executable = False
arguments = "{arguments}"
transfer_input_files = job
should_transfer_files = YES
when_to_transfer_output = ON_EXIT
output = {name}.out
error = {name}.err
log = {name}.log
request_cpus = 1
request_memory = 64
request_disk = 20480
stream_output = True
stream_error = True
requirements = TARGET.Machine == "{machine}"
{more}
queue
"""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job."""

    site: Site
    user: str
    name: str
    cluster: int

    @property
    def ad(self) -> Mapping[str, object]:
        """Its ad, in the queue or in the history; empty if there is none."""
        which = f"ClusterId == {self.cluster}"
        found = self.site.queue(self.site.campus, which) or self.site.history(self.site.campus, which)
        return found[0] if found else {}

    def wait(self, *states: int, within_s: float = 120.0) -> Mapping[str, object]:
        """Until it is in one of these states. Raises Unavailable, with what was said of it."""
        what = f"{self.name} is in state {states}"

        def there() -> Mapping[str, object]:
            return ad if (ad := self.ad).get("JobStatus") in states else {}

        try:
            return eventually(there, within_s, 0.5, what=what)
        except Unavailable as exc:
            raise Unavailable(f"{exc}\n{self.story()}") from exc

    def story(self) -> str:
        """Its state, its log, why it is not matched, and what the site's programs said last."""
        matching = self.site.campus.run(("condor_q", "-better-analyze", str(self.cluster))).stdout
        state = f"{self.name}: state {self.ad.get('JobStatus')} {self.ad.get('HoldReason', '')}"
        return "\n".join([state, self.text("log"), self.text("err"), matching, story.of_site(self.site)])

    def ended(self) -> bool:
        """Whether it neither waits nor runs."""
        return self.ad.get("JobStatus") in {COMPLETED, HELD, REMOVED}

    def text(self, ending: str = "out") -> str:
        """What it wrote so far: `out`, `err`, or `log`; nothing if there is no such file."""
        with contextlib.suppress(CommandFailed):
            return self.site.campus.read(f"/home/{self.user}/{self.name}.{ending}")
        return ""

    def says(self, words: str, within_s: float = 60.0) -> None:
        """Until its output has these words. Raises Unavailable."""
        eventually(lambda: words in self.text(), within_s, 0.5, what=f"{self.name} says {words!r}")

    def lines(self) -> list[Mapping[str, str]]:
        """Its output, where each line is JSON. Raises CommandFailed if it said nothing."""
        told = [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]
        if not told:
            raise CommandFailed(f"{self.name} said nothing: {self.text('err')[-600:]} {self.text('log')[-600:]}")
        return told

    def remove(self) -> None:
        """condor_rm."""
        self.site.campus.run(("condor_rm", str(self.cluster)))


@dataclass(frozen=True, kw_only=True)
class Guest:
    """A user of the foreign pool."""

    site: Site
    user: str

    def prepare(self) -> None:
        """Put the job's files into its home directory."""
        home = f"/home/{self.user}"
        copy = f"cp -r {FOLDER} {home}/ && rm -rf {home}/job/__pycache__ && chown -R {self.user}: {home}/job"
        self.site.campus.must(("sh", "-c", copy))

    def submit(
        self,
        name: str,
        machine: str,
        arguments: Sequence[str],
        *,
        more: str = "",
        edits: Mapping[str, str] | None = None,
    ) -> Job:
        """A job for that startd: `python3 -m job.ARGUMENTS`. `edits` are made in the queue before it may run."""
        quoted = " ".join(["-u", "-m", *arguments])
        text = SUBMIT.format(arguments=quoted, name=name, machine=machine, more=more + "\nhold = True" * bool(edits))
        path = f"/home/{self.user}/{name}.sub"
        self.site.campus.write(path, text, owner=self.user)
        self.site.campus.must(("sh", "-c", f"cd /home/{self.user} && rm -f {name}.out {name}.err {name}.log"))
        script = f"cd /home/{self.user} && exec condor_submit -terse {Path(path).name}"
        said = self.site.campus.must(("sh", "-c", script), user=self.user)
        job = Job(site=self.site, user=self.user, name=name, cluster=int(said.split(".")[0]))
        for attribute, value in (edits or {}).items():
            self.site.campus.must(("condor_qedit", str(job.cluster), attribute, value))
        if edits:
            self.site.campus.must(("condor_release", str(job.cluster)))
        return job
