"""A report as one page of HTML: nothing in it asks anybody for anything, and every figure has its table."""

import html
from collections.abc import Iterator, Sequence

from shepherd.model.harvest import Bucket, Harvest
from shepherd.model.one_line import one_line
from shepherd.model.report import Report
from shepherd.views.report import figures
from shepherd.views.report.facts import NOBODYS, blank_words, facts, number, recorded_words, share, share_words
from shepherd.views.report.style import STYLE
from shepherd.views.report.tables import iso
from shepherd.views.wording import age, instant

NOTHING_ELSE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Even if a guest's word got into the page as code, it could do nothing and reach nobody."""
Row = Sequence[str]


def report_page(report: Report) -> str:
    """The whole page."""
    title = f"Harvest of {report.month}"
    lines = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<title>{title}</title>\n<meta http-equiv="Content-Security-Policy" content="{NOTHING_ELSE}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>",
        *_body(report, title),
        "</main>\n</body>\n</html>\n",
    )
    return "\n".join(lines)


def _body(report: Report, title: str) -> Iterator[str]:
    harvest = report.harvest
    yield f"<h1>{title}</h1>"
    yield f'<p class="lead">{_lead(harvest)}</p>'
    yield f"<p>{_text(recorded_words(report))}</p>"
    yield from _list(blank_words(harvest))
    yield "<h2>In figures</h2>"
    yield f"<dl>{''.join(map(_fact, facts(harvest)))}</dl>"
    yield from _guests(harvest)
    yield from _core_hours(report)
    yield from _herds(report)
    yield from _waits(report)
    yield from _times(harvest)
    yield from _incidents(harvest)
    made = f"Made {instant(report.made_at_s)} from the shepherd's ledger. Days and months are UTC."
    yield f'<p class="faint">{made} Guests are pools; nobody else is named.</p>'


def _lead(harvest: Harvest) -> str:
    names = [one for one in harvest.guests if one.guest and one.core_h > 0]
    to = f"{len(names)} guest{'' if len(names) == 1 else 's'}" if names else "guests"
    unknown_h = sum(one.core_h for one in harvest.guests if not one.guest)
    to += f"; of {number(unknown_h)} of these hours it is not known whose they were" if unknown_h else ""
    waited = f"Local jobs waited {number(harvest.waited.blocked_job_h)} job-hours for hosts that were lent"
    back = harvest.reclaim_times
    home = f"; 95% of the hosts were home within {back.p95_s:.1f} s of their recall" if back.count else ""
    return _text(f"The pool gave {number(harvest.lent_used_core_h)} core-hours to {to}. {waited}{home}.")


def _fact(one: tuple[str, str, str]) -> str:
    title, value, note = map(_text, one)
    return f'<div><dt>{title}</dt><dd class="value">{value}</dd><dd class="note">{note}</dd></div>'


def _guests(harvest: Harvest) -> Iterator[str]:
    yield "<h2>What was given to whom</h2>"
    rows = [
        (
            one_line(one.guest) or NOBODYS, number(one.core_h), share(one.core_h, harvest.lent_used_core_h),
            share(one.shared_core_h, one.core_h), share(one.claimed_core_h, one.core_h), f"{one.jobs:,}",
            number(one.job_h),
        )
        for one in harvest.guests
    ]  # fmt: skip
    heads = ("guest", "core-hours", "share", "estimated", "by a schedd's word", "jobs", "job-hours")
    yield _figure(figures.guests(harvest), "Core-hours that guests' jobs had claimed.")
    yield _table("What each guest had", heads, rows)
    yield from (f'<p class="faint">{_text(words)}</p>' for words in share_words(harvest))


def _core_hours(report: Report) -> Iterator[str]:
    yield "<h2>Whose the cores were</h2>"
    yield _figure(figures.core_hours(report), "Grey behind a day: there are no records of that part of it.")
    heads = ("day", "on record", "local jobs", "local, free", "guests' jobs", "lent, free", "on the way")
    rows = [
        (
            _day(day), share(day.known_s, day.to_s - day.from_s), number(day.local_used_core_h),
            number(day.local_core_h - day.local_used_core_h), number(day.lent_used_core_h),
            number(day.lent_core_h - day.lent_used_core_h), number(day.moving_core_h),
        )
        for day in report.days
    ]  # fmt: skip
    yield _table("Core-hours by day", heads, rows, is_open=False)


def _herds(report: Report) -> Iterator[str]:
    yield "<h2>Herds and queue</h2>"
    yield _figure(figures.herds(report), "By hours. A line breaks where there are no records.")
    heads = ("day", "local hosts", "lent hosts", "on the way", "others", "idle jobs", "running jobs")
    rows = [
        (
            _day(day), f"{day.local_hosts:.1f}", f"{day.lent_hosts:.1f}", f"{day.moving_hosts:.1f}",
            f"{day.other_hosts:.1f}", _known(day.idle_jobs), _known(day.running_jobs),
        )
        for day in report.days
    ]  # fmt: skip
    yield _table("Means by day", heads, rows, is_open=False)


def _waits(report: Report) -> Iterator[str]:
    yield "<h2>What local work waited</h2>"
    yield _figure(figures.waits(report), "Local jobs that a host which was lent, or on its way, would have taken.")
    heads = ("day", "waited for lent hosts, job-minutes", "no room at all, job-minutes", "idle jobs, mean")
    rows = [
        (
            _day(day), number(day.blocked_jobs * day.known_s / 60), number(day.waited_jobs * day.known_s / 60),
            _known(day.idle_jobs),
        )
        for day in report.days
    ]  # fmt: skip
    yield _table("Waits by day", heads, rows, is_open=False)


def _times(harvest: Harvest) -> Iterator[str]:
    yield "<h2>How long lends and reclaims took</h2>"
    yield _figure(figures.times(harvest), "From the order to the startd that serves, out and home.")
    rows = [
        (name, number(took.count), *(f"{one:.1f}" for one in (took.p50_s, took.p95_s, took.p99_s, took.longest_s)))
        for name, took in (("lend", harvest.lend_times), ("reclaim", harvest.reclaim_times))
    ]
    yield _table("Seconds", ("switch", "how many", "50% within", "95% within", "99% within", "the slowest"), rows)


def _incidents(harvest: Harvest) -> Iterator[str]:
    yield "<h2>Incidents</h2>"
    if not harvest.incidents:
        yield "<p>None is on record.</p>"
        return
    rows = [
        (
            instant(one.from_s), "not over" if one.to_s is None else age(one.to_s - one.from_s), one.kind.value,
            one_line(one.host), one_line(one.words, 300),
        )
        for one in harvest.incidents
    ]  # fmt: skip
    yield _table("Incidents", ("from", "lasted", "what", "host", "what is on record"), rows, words=True)


def _figure(drawing: str, caption: str) -> str:
    return f"<figure>{drawing}<figcaption>{_text(caption)}</figcaption></figure>"


def _table(caption: str, heads: Row, rows: Sequence[Row], *, words: bool = False, is_open: bool = True) -> str:
    """Long ones are closed, and not printed then."""
    kind = ' class="words"' if words else ""
    head = "".join(f'<th scope="col"{kind}>{_text(one)}</th>' for one in heads)
    lines = "".join(
        f'<tr><th scope="row"{kind}>{_text(first)}</th>{"".join(f"<td{kind}>{_text(one)}</td>" for one in rest)}</tr>'
        for first, *rest in rows
    )
    table = f"<table><caption>{_text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
    told = f"{_text(caption)}, as a table"
    scroll = f'<div class="scroll" tabindex="0" role="region" aria-label="{told}">{table}</div>'
    return f"<details{' open' if is_open else ''}><summary>{told}</summary>{scroll}</details>"


def _list(lines: Iterator[str]) -> Iterator[str]:
    found = [f"<li>{_text(line)}</li>" for line in lines]
    if found:
        yield f"<ul>{''.join(found)}</ul>"


def _day(day: Bucket) -> str:
    return iso(day.from_s)[:10]


def _known(value: float | None) -> str:
    return "not known" if value is None else f"{value:.1f}"


def _text(text: str) -> str:
    return html.escape(text)
