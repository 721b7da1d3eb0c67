"""`shepherd run`: the daemon."""

import argparse

DESCRIPTION = """The daemon: observes both pools, lends idle hosts, takes them back for local work. Runs in the
foreground for systemd or circus. HUP reloads the settings, all or nothing; TERM stops it and leaves the hosts as
they are: their leases last long enough for an upgrade."""


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The verb's command line."""
    parser = subparsers.add_parser("run", help="run the daemon", description=DESCRIPTION)
    forged = "start although lease pages of this pool under unknown keys are being renewed: they are known to be forged"
    parser.add_argument("--ignore-unknown-keys", action="store_true", help=forged)


def run(args: argparse.Namespace) -> int:
    """Serve until TERM. Raises SettingsError, AnotherShepherd, LedgerUnavailable."""
    from shepherd.programs.wiring import Daemon

    Daemon(args.settings, ignore_unknown_keys=args.ignore_unknown_keys).run()
    return 0
