"""`python -m shepherd`: the same as the installed `shepherd` command."""

import sys

from shepherd.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
