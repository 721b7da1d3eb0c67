"""A recording that begins, and never ends."""

import json
import sys
import time
from pathlib import Path

given = json.load(sys.stdin)
Path(given["directory"]).mkdir()
Path(given["directory"], "index.jsonl").write_text('{"lost": "as yet nothing"}\n{"na')
time.sleep(1000)
