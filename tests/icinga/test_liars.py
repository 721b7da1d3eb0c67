"""Whatever answers under Icinga's address: only what was surely done counts, and nothing holds anybody for long."""

import json
import pathlib
import ssl
import time

import pytest

from shepherd.edges.icinga import Icinga
from shepherd.edges.icinga_http import verifying
from shepherd.errors import CommandFailed, MonitoringRefused, MonitoringUnavailable
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import Begin, Heartbeat, Mark, Silence, SilenceKind
from tests.icinga.stub import Answer, Handler, certified, says, stub

MARK = Mark(pool="home", instance="i", host="p201", lease="", why="w")
BEGIN = Begin(check="p201!startd", kind=SilenceKind.DOWNTIME, mark=MARK, from_s=1.0, until_s=7201.0)
NAME = "p201!startd!0f3c"
OURS = Silence(name=NAME, check="p201!startd", kind=SilenceKind.DOWNTIME, mark=MARK, until_s=7201.0)
BEAT = Heartbeat(check="cm!shepherd", is_well=True, text="OK", performance={}, ttl_s=60)
REQUEST_S = 1.0


def result(code: float = 200, **more: object) -> str:
    return json.dumps({"results": [{"code": code, "status": "said so", **more}]})


def error(code: int, said: str) -> str:
    return json.dumps({"error": code, "status": said})


class Folder:
    """Password, certificate, settings."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.password = path / "password"
        self.password.write_text("secret-of-ours\n")
        self.password.chmod(0o600)
        self.certificate = certified(path, "localhost")

    def icinga(self, port: int, **changes: object) -> Icinga:
        told = {
            "url": f"https://localhost:{port}", "password_file": str(self.password), "request_s": REQUEST_S,
            "ca_file": str(self.certificate), **changes,
        }  # fmt: skip
        return Icinga(IcingaSettings(**told))  # type: ignore[arg-type]


@pytest.fixture(name="folder")
def a_folder(tmp_path: pathlib.Path) -> Folder:
    return Folder(tmp_path)


REFUSALS: dict[str, tuple[int, str]] = {
    "200, and 500 of the object": (200, result(500, name=NAME)),
    "200, and the object's code is a word": (200, result(code="fine", name=NAME)),  # type: ignore[arg-type]
    "200 for nobody": (200, json.dumps({"results": []})),
    "200 for two": (200, json.dumps({"results": [{"code": 200, "name": NAME}] * 2})),
    "200 for another check": (200, result(name="p202!startd!0f3c")),
    "200 without a name": (200, result()),
    "200 and another form": (200, "{}"),
    "200 and no JSON": (200, "<html>welcome</html>"),
    "2.13: no permission, or no object": (404, error(404, "No objects found.")),
    "2.16: no permission": (403, error(403, "Missing permission: actions/schedule-downtime")),
    "2.13: nothing was meant": (500, json.dumps({"results": []})),
    "the action failed": (500, result(500)),
    "passive checks are off": (403, result(403)),
    "an HTML error": (400, "<h1>Accept header is missing</h1>"),
    "a wrong password": (401, error(401, "Unauthorized")),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_was_not_surely_done_is_a_refusal(folder: Folder, what: str) -> None:
    """`200 OK` stood in the log, and the pager went off: the object's own code had been 500."""
    with stub(says(*REFUSALS[what]), folder.certificate) as server, pytest.raises(MonitoringRefused) as refused:
        folder.icinga(server.port).begin(BEGIN)
    assert "secret-of-ours" not in str(refused.value)
    assert refused.value.is_user == (what == "a wrong password")


UNAVAILABLE: dict[str, Answer] = {
    "reloading": says(503, error(503, "Icinga is reloading.")),
    "reloading, of the object": says(503, result(503)),
    "200, and the object's code is 503": says(200, result(503)),
    "a gateway between us": says(502, "<h1>Bad gateway</h1>"),
    "elsewhere": says(302, "", Location="https://localhost:1/v1/objects/downtimes"),
}


@pytest.mark.parametrize("what", UNAVAILABLE)
def test_what_may_be_otherwise_soon_is_no_refusal(folder: Folder, what: str) -> None:
    """Every deployment of Icinga's configuration put the checks of that minute off for an hour."""
    with stub(UNAVAILABLE[what], folder.certificate) as server:
        icinga = folder.icinga(server.port)
        for call in (lambda: icinga.begin(BEGIN), lambda: icinga.end(OURS), lambda: icinga.report(BEAT)):
            with pytest.raises(MonitoringUnavailable):
                call()
        assert {path for _, path, _ in server.asked} <= {
            "/v1/actions/schedule-downtime", "/v1/actions/remove-downtime", "/v1/actions/process-check-result",
        }  # fmt: skip


def drip(asked: Handler) -> None:
    """A byte now and then, and never the end."""
    asked.send_response(200)
    asked.send_header("Content-Length", "1000")
    asked.end_headers()
    for _ in range(100):
        asked.wfile.write(b" ")
        asked.wfile.flush()
        time.sleep(0.1)


def hang_up(asked: Handler) -> None:
    """The connection ends in the middle of an answer."""
    asked.send_response(200)
    asked.send_header("Content-Length", "1000")
    asked.end_headers()
    asked.wfile.write(b'{"results"')
    asked.close_connection = True


@pytest.mark.parametrize("answer", [drip, hang_up, lambda _: time.sleep(9)], ids=["drip", "hang up", "hang"])
def test_the_deadline_is_for_the_whole_answer(folder: Folder, answer: Answer) -> None:
    """Every byte came in time, the answer after an hour."""
    with stub(answer, folder.certificate) as server:
        began_s = time.monotonic()
        with pytest.raises(MonitoringUnavailable, match="not answer"):
            folder.icinga(server.port).begin(BEGIN)
        assert time.monotonic() - began_s < REQUEST_S + 4


def test_nobody_listens(folder: Folder) -> None:
    """The plainest trouble of all."""
    with stub(says(200, ""), folder.certificate) as server:
        port = server.port
    with pytest.raises(MonitoringUnavailable, match="not answer"):
        folder.icinga(port).silences(SilenceKind.DOWNTIME)


@pytest.mark.parametrize("case", ["the system's authorities", "another authority", "another name"])
def test_nobody_unknown_gets_the_password(folder: Folder, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`verify = False` stood there since the test system: whoever took over the address had the password."""
    other = certified(folder.path, "icinga.example.org")
    ca = {"the system's authorities": "", "another authority": str(other), "another name": str(other)}[case]
    mine = other if case == "another name" else folder.certificate
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(mine))
    with stub(says(200, result(name=NAME)), mine) as server:
        with pytest.raises(MonitoringUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            folder.icinga(server.port, ca_file=ca).begin(BEGIN)
        assert server.asked == []


def test_no_netrc_and_no_proxy_comes_between(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a login shell sent the requests, and the password, through a proxy."""
    netrc = folder.path / "netrc"
    netrc.write_text("machine localhost login other password wrong\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with stub(says(200, result(name=NAME)), folder.certificate) as server:
        made = folder.icinga(server.port).begin(BEGIN)
        (_, path, headers), = server.asked  # fmt: skip
    assert made.name == NAME
    assert path == "/v1/actions/schedule-downtime"
    assert headers["Authorization"] == "Basic c2hlcGhlcmQ6c2VjcmV0LW9mLW91cnM="


def test_a_sign_of_life_that_is_ignored_is_no_sign(folder: Folder) -> None:
    """200 Ignoring passive check result: the parent was down, and the shepherd was believed to be told of."""
    ignored = json.dumps({"results": [{"code": 200, "status": "Ignoring passive check result for unreachable object"}]})
    with stub(says(200, ignored), folder.certificate) as server, pytest.raises(MonitoringRefused, match="Ignoring"):
        folder.icinga(server.port).report(BEAT)


def test_an_end_that_is_refused_is_believed_only_when_the_downtime_is_gone(folder: Folder) -> None:
    """2.13 answers a missing permission with 404: every reclaim had ended its downtime, and none was ended."""

    def may_not(asked: Handler) -> None:
        there = json.dumps({"results": [{"name": NAME, "attrs": {"author": "flocking-shepherd"}}]})
        (says(200, there) if asked.command == "GET" else says(404, error(404, "No objects found.")))(asked)

    with stub(may_not, folder.certificate) as server, pytest.raises(MonitoringRefused):
        folder.icinga(server.port).end(OURS)
    with stub(says(404, error(404, "No objects found.")), folder.certificate) as server:
        folder.icinga(server.port).end(OURS)
        assert [path for _, path, _ in server.asked][1] == "/v1/objects/downtimes/p201%21startd%210f3c?attrs=author"


@pytest.mark.parametrize("listed", [
    {"results": [{"name": NAME}]},
    {"results": [{"name": NAME, "attrs": {"author": "flocking-shepherd", "comment": "by hand"}}]},
    {"results": [{"name": NAME, "attrs": {"author": "eva", "comment": MARK.text(), "host_name": "p201",
                                          "start_time": 1, "end_time": 2}}]},
    {"results": [{"name": NAME, "attrs": {"author": "flocking-shepherd", "comment": MARK.text(), "host_name": "p201",
                                          "start_time": "soon", "end_time": None}}]},
])  # fmt: skip
def test_strange_downtimes_are_nobodys(folder: Folder, listed: object) -> None:
    """A listing with one odd entry ended the thread that read it."""
    with stub(says(200, json.dumps(listed)), folder.certificate) as server:
        assert folder.icinga(server.port).silences(SilenceKind.DOWNTIME) == ()


@pytest.mark.parametrize("body", ["{}", '{"results": 7}', '{"results": [7]}', "[", '{"results": [{}]}'])
def test_permissions_that_are_not_told_are_not_made_up(folder: Folder, body: str) -> None:
    """A doctor that found nothing missing because it had read nothing."""
    refused = pytest.raises((MonitoringRefused, MonitoringUnavailable))
    with stub(says(200, body), folder.certificate) as server, refused:
        folder.icinga(server.port).permissions()


@pytest.mark.parametrize("file", ["password_file", "ca_file"])
def test_a_file_that_is_not_there_is_told_at_the_start(folder: Folder, file: str) -> None:
    """Found out with the first alert, a week later."""
    with pytest.raises(CommandFailed, match="nowhere"):
        folder.icinga(1, **{file: "/nowhere/at-all"})


def test_icingas_own_certificates_are_verified_by_any_python() -> None:
    """From Python 3.13 on no Icinga answered any more that was set up as its manual says: no key identifiers."""
    ours, systems = verifying(ssl.get_default_verify_paths().cafile or ""), verifying("")
    assert not ours.verify_flags & ssl.VERIFY_X509_STRICT
    for context in (ours, systems):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname


def test_a_password_that_others_may_read_is_refused(folder: Folder) -> None:
    """Everybody on the central manager could silence the site's monitoring."""
    folder.password.chmod(0o644)
    with pytest.raises(CommandFailed, match="mode 0644"):
        folder.icinga(1)
