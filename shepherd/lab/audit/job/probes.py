"""All probes that one job can make by itself: `python3 -m job.probes NAME=VALUE…`; lines of JSON on standard output."""

from . import files, frame, kernel, network, processes

REGISTERED = (files, kernel, network, processes)
"""Each registers its probes when it is loaded."""
NAMES = tuple(name for name in frame.PROBES if not name.startswith("need-"))

if __name__ == "__main__":
    frame.run_all(frame.fact("only"))
