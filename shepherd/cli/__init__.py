"""The verbs: one file each, with `add(subparsers)` and `run(args) -> exit code`."""
