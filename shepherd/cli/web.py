"""`shepherd web`: the dashboard. Reads the ledger, never the pool, and changes nothing."""

import argparse

DESCRIPTION = """Serves the dashboard until TERM, by default to this machine alone: `[web]` says where, to whom, and by
which authenticating proxy (shepherd/docs/web.md). It reads the ledger as `shepherd -s` does, works while the daemon is
dead, changes nothing, and shows who a person is to nobody but members of `[roles] personal` whom that proxy names."""

FEEDS = 3
"""So often a service manager that watches hears of it within its time."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    parser = subparsers.add_parser("web", help="serve the dashboard", description=DESCRIPTION)
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="in the place of `[web] listen`")


def run(args: argparse.Namespace) -> int:
    """Serve. Raises SettingsError, CommandFailed."""
    import dataclasses
    import os
    import pathlib

    from shepherd.cli.web_board import LedgerBoard
    from shepherd.cli.web_roles import RolesInFile
    from shepherd.cli.where import ledger_directory, trace_directory
    from shepherd.core.settings.daemon import daemon_problems
    from shepherd.core.settings.web import place_of, web_problems
    from shepherd.edges.clock import SystemClock
    from shepherd.edges.log import make_log
    from shepherd.edges.secret_file import read_secret
    from shepherd.edges.settings_file import read_settings, wrong
    from shepherd.edges.settings_words import Fault
    from shepherd.edges.systemd import Notifier
    from shepherd.errors import UsageError
    from shepherd.views.web.serve import bound, serve
    from shepherd.views.web.site import Site

    settings = read_settings(args.settings, daemon_problems)
    web = dataclasses.replace(settings.web, listen=args.listen) if args.listen else settings.web
    if faults := [Fault(*problem) for problem in web_problems(web)]:
        raise wrong(pathlib.Path("--listen"), faults)
    place = place_of(web.listen)
    if place is None:
        raise UsageError(f"--listen {web.listen}: give ADDRESS:PORT")
    secret = read_secret(pathlib.Path(web.proxy_secret), "the proxy's secret").strip() if web.proxy_secret else ""
    log, notifier = make_log(), Notifier(os.environ)
    roles = RolesInFile(args.settings, settings.roles, SystemClock().steady_s, log)
    board = LedgerBoard(ledger_directory(args.settings), trace_directory(args.settings), roles, log)
    at = bound(*place)
    log("dashboard", listens=web.listen, proxies=list(web.proxies))
    feed_s = notifier.watchdog_s / FEEDS if notifier.watchdog_s else None
    serve(Site(board, web, log, secret).app, at, notifier, feed_s)
    return 0
