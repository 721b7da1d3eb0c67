"""`shepherd report`: a month as text, page, tables and JSON; months that are not, or not wholly, on record."""

import csv
import html.parser
import io
import json
import pathlib
import re
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shepherd.cli import report as verb
from shepherd.cli.main import main
from shepherd.views.report.tables import ABOUT
from tests.cli.documents import fits
from tests.cli.reported import BEGIN_S, DAY_S, MONTH, ReportedSite
from tests.cli.sites import Site
from tests.cli.test_look_back import refused, said
from tests.edges.trace_stores import Clock, schedd, store_in

DAYS = 4


@pytest.fixture(name="written", scope="module")
def four_days_of_march(tmp_path_factory: pytest.TempPathFactory) -> ReportedSite:
    site = ReportedSite(tmp_path_factory.mktemp("march"))
    site.fill(DAYS)
    return site


@pytest.fixture(name="site")
def a_copy_of_it(written: ReportedSite, tmp_path: pathlib.Path) -> Site:
    site = Site(tmp_path)
    shutil.rmtree(site.state)
    shutil.copytree(written.state, site.state)
    return site


@pytest.fixture(autouse=True)
def now_in_april(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, BEGIN_S + 40 * DAY_S)


def at(monkeypatch: pytest.MonkeyPatch, now_s: float) -> None:
    monkeypatch.setattr("shepherd.edges.clock.SystemClock.wall_s", lambda _: now_s)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_month_in_words_tells_whom_what_and_how_much_of_it_is_known(site, capsys):
    """The director asked what the flocking was good for, and got a graph of load."""
    out = said(site, capsys, "report", "--month", MONTH)
    assert "Only 95.1 of 744.0 h of the month are on record; nothing of the rest is in any sum." in out
    assert re.search(r"^given to guests +[0-9.,]+ core-hours  [0-9.]+% of all cores$", out, re.MULTILINE)
    assert re.search(r"^campus +[0-9,]+ +[0-9.]+% +[0-9]+ +[0-9.,]+$", out, re.MULTILINE)
    assert "leak p203: reached 10.1.0.9:2049" in out
    assert "(50 min): records could not be kept: disk full" in out


def test_the_default_is_the_last_month_that_is_over(site, capsys):
    """A report that was made on the first had one day."""
    assert said(site, capsys, "report").startswith("Harvest of 2026-03 ")


@pytest.mark.parametrize("form", ["text", "html", "csv", "json"])
def test_no_person_is_named_in_any_format(site, capsys, tmp_path, form):
    """The user who was banned, and the administrator who did it, were in a paper for the board."""
    out = said(site, capsys, "report", "--month", MONTH, "--format", form, "--output", str(tmp_path / "out"))
    texts = [pathlib.Path(line).read_text() for line in out.splitlines()]
    assert texts
    for word in ("mallory", "carol", "alice", "mined"):
        assert not any(word in text for text in texts)


def test_each_table_has_the_columns_that_are_documented(site, capsys):
    """A sheet that adds up the third column added up another one after an upgrade."""
    for table, (_, columns) in ABOUT.items():
        head, *lines = said(site, capsys, "report", "--month", MONTH, "--format", "csv", "--table", table).splitlines()
        assert head == ",".join([column.name for column in columns])
        assert lines


def test_the_documentation_has_every_column():
    """A column whose meaning nobody wrote down was taken for another."""
    text = pathlib.Path("shepherd/docs/report.md").read_text()
    for table, (_, columns) in ABOUT.items():
        assert f"`{table}`" in text
        for column in columns:
            assert f"| `{column.name}` | {column.about} |" in text


def test_the_example_of_the_documentation_is_what_the_report_says(tmp_path, capsys):
    """The page showed lines that the report had not had for three versions, and somebody looked for them in theirs."""
    site = ReportedSite(tmp_path)
    site.fill()
    page = pathlib.Path("shepherd/docs/report.md").read_text()
    example = page.partition("## An example\n")[2].partition("\n## ")[0]
    shown = [line.removeprefix("    ") for line in example.splitlines() if line.startswith("    ") or not line]
    assert "\n".join(shown).strip() == said(site, capsys, "report", "--month", MONTH).strip()


def test_tables_agree_with_each_other(site, capsys):
    """Days and guests of one month had different sums."""
    tables = {
        name: rows(said(site, capsys, "report", "--month", MONTH, "--format", "csv", "--table", name)) for name in ABOUT
    }
    [month] = tables["month"]
    given = float(month["lent_used_core_hours"])
    assert given > 100
    assert sum(float(row["core_hours"]) for row in tables["guests"]) == pytest.approx(given, rel=1e-4)
    for name in ("days", "hours"):
        assert sum(float(row["lent_used_core_hours"]) for row in tables[name]) == pytest.approx(given, rel=1e-4)
    assert sum(float(row["core_hours"]) for row in tables["guest-days"]) == pytest.approx(given, rel=1e-4)
    assert len(tables["days"]) == 31
    assert len(tables["lends"]) == int(month["lends"]) == 6 * DAYS


def test_all_tables_are_written_beside_each_other(site, capsys, tmp_path):
    """One file of eight was overwritten by the next."""
    out = said(site, capsys, "report", "--month", MONTH, "--format", "csv", "--output", str(tmp_path / "a" / "b"))
    names = [pathlib.Path(line).name for line in out.splitlines()]
    assert names == [f"report-2026-03-{table}.csv" for table in ABOUT]
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == sorted(names)


class Page(html.parser.HTMLParser):
    """What of a page could ask somebody, and what tells those who do not see it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def test_the_page_asks_nobody_for_anything(site, capsys):
    """A mail with the report told a server outside who had opened it."""
    text = said(site, capsys, "report", "--month", MONTH, "--format", "html")
    page = Page(text)
    assert {"script", "link", "img", "iframe", "object", "form", "base"} & {*page.tags} == set()
    assert {"src", "href", "action", "srcset"} & {name for _, name, _ in page.attributes} == set()
    assert "url(" not in text
    assert "@import" not in text
    assert any("default-src 'none'" in value for tag, _, value in page.attributes if tag == "meta")


def test_the_first_sentence_says_of_which_hours_the_guest_is_not_known(site, capsys):
    """"To 2 guests, 120 of them to whom is not known": the board asked how 120 of two guests could be."""
    text = said(site, capsys, "report", "--month", MONTH, "--format", "html")
    sentence = r"gave [0-9.,]+ core-hours to 2 guests; of [0-9.,]+ of these hours it is not known whose they were\. "
    assert re.search(sentence, text)


def test_each_figure_is_told_and_has_a_table(site, capsys):
    """Who listens to the page heard "graphic", six times."""
    page = Page(said(site, capsys, "report", "--month", MONTH, "--format", "html"))
    figures, tables = page.tags.count("figure"), page.tags.count("table")
    told = [value for tag, name, value in page.attributes if (tag, name) == ("svg", "aria-label")]
    assert page.tags.count("svg") == len(told) == 6
    assert all(len(one) > 40 for one in told)
    assert figures == 5
    assert tables >= figures
    assert ("html", "lang", "en") in page.attributes


def test_json_has_everything_with_a_schema(site, capsys):
    """A page that is to draw the month needs more than sums."""
    told = json.loads(said(site, capsys, "report", "--month", MONTH, "--json"))
    fits("report", told)
    assert (told["schema"], told["month"], told["is_over"]) == (1, MONTH, True)
    assert len(told["harvest"]["series"]) == 744
    assert len(told["days"]) == 31
    assert told["lent_count"] == 6 * DAYS


def test_a_month_that_goes_on_is_told_up_to_now(site, capsys, monkeypatch):
    """Half a month was compared with whole ones."""
    at(monkeypatch, BEGIN_S + 2.5 * DAY_S)
    out = said(site, capsys, "report", "--month", MONTH)
    assert "All 60.0 h of the month are on record, which is not over: up to 2026-03-03 12:00:00 UTC." in out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--month", "2026-05"], "--month 2026-05 has not begun"),
        (["--month", "2026-13"], "'2026-13' is no month; write e.g. 2026-03"),
        (["--month", "March"], "'March' is no month"),
        (["--month", "2025-01"], "record from 2025-01-01 to 2025-01-31: there are days from 2026-03-01 to 2026-03-04"),
        (["--month", MONTH, "--table", "days"], "--table chooses what --format csv prints"),
        (["--month", MONTH, "--json", "--format", "html"], "--json and --format html"),
        (["--month", MONTH, "--output", "/proc/nothing"], "--output /proc/nothing"),
    ],
)
def test_what_cannot_be_reported_is_refused_in_clear_words(site, capsys, words, complaint):
    """A report of next month was a page of zeros."""
    assert complaint in refused(site, capsys, "report", *words)


def test_without_any_record_there_is_no_report(tmp_path, capsys):
    """A page of zeros went to the director, from a machine that was no central manager."""
    assert "nothing was ever recorded there" in refused(Site(tmp_path), capsys, "report", "--month", MONTH)


@pytest.mark.parametrize("from_byte", [0, 40_000])
def test_a_damaged_day_is_a_marked_gap(site, capsys, from_byte):
    """One bad sector, and there was no report of the month at all."""
    path = site.ledger_place / "2026-03-02.sqlite"
    data = bytearray(path.read_bytes())
    data[from_byte:] = b"\xff" * (len(data) - from_byte)
    path.write_bytes(data)
    out = said(site, capsys, "report", "--month", MONTH)
    told = "the record of 2026-03-02 is damaged; run `shepherd ledger verify`"
    assert re.search(f"no record: 2026-03-0[12] .*{told}", out)
    [month] = rows(said(site, capsys, "report", "--month", MONTH, "--format", "csv", "--table", "month"))
    assert 70 < float(month["recorded_hours"]) < 90


def test_without_the_trace_store_nobody_is_given_anything(site, capsys):
    """All hours went to the only guest whose name was known."""
    shutil.rmtree(site.state / "trace")
    out = said(site, capsys, "report", "--month", MONTH)
    assert re.search(r"^\(not known whose\) .* 100.0% ", out, re.MULTILINE)
    assert "whose the claimed cores were is not known" in out


def test_a_trace_store_that_begins_within_the_month_is_said_to(site, capsys):
    """A guest's share of a month had fallen by half: what there was before had been retired."""
    shutil.rmtree(site.state / "trace")
    store = store_in(site.state / "trace", Clock(BEGIN_S + 3 * DAY_S))
    store.note([schedd(BEGIN_S + 3 * DAY_S)])
    store.close()
    assert "no job before 2026-03-04 00:00:00 UTC is on record" in said(site, capsys, "report", "--month", MONTH)


def test_a_guests_word_is_no_code_and_no_formula(site, capsys, monkeypatch):
    """A guest's name that began with = was carried out by the board's spreadsheet."""
    evil = '=HYPERLINK("x")<script>alert(1)</script>'
    real = verb.made

    def with_evil(*args):
        made = real(*args)
        first = made.harvest.guests[0]
        guests = (type(first)(**{**vars(first), "guest": evil}), *made.harvest.guests[1:])
        harvest = type(made.harvest)(**{**vars(made.harvest), "guests": guests})
        return type(made)(**{**vars(made), "harvest": harvest})

    monkeypatch.setattr(verb, "made", with_evil)
    page = said(site, capsys, "report", "--month", MONTH, "--format", "html")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert rows(said(site, capsys, "report", "--month", MONTH, "--format", "csv"))[0]["guest"] == f"'{evil}"


WORDS = st.lists(
    st.sampled_from(["--month", "--format", "--table", "--output", "--json", "html", "csv", "days", MONTH, "2026-99"])
    | st.text(st.characters(codec="utf-8", exclude_characters="\0/"), max_size=12),
    max_size=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(words=WORDS)
def test_whatever_is_asked_ends_in_a_report_or_in_clear_words(site, tmp_path, monkeypatch, capsys, words):
    """A typing error in the month was answered with twenty lines of traceback."""
    monkeypatch.chdir(tmp_path)
    try:
        code = main(site.words("report", *words))
    except SystemExit as exc:
        code = int(str(exc.code))
    found = capsys.readouterr()
    assert (code == 0 and found.out) or (code == 2 and found.err and not found.out)
    assert "Traceback" not in found.err
    assert "defect" not in found.err
