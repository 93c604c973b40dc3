"""`python -m notifications.packs` adds what is new to the manifest, and refuses another content under a known version."""

import sys
from pathlib import Path

from notifications.packs.manifest import record

if __name__ == "__main__":
    sys.exit("\n".join(record(Path(__file__).parent)) or None)
