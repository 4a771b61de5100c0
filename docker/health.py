"""Exit status 0 when a URL answers, and says `healthy` for the part named: health.py URL [PART].

The standard library alone: a health check runs every few seconds for ever.
"""

import json
import sys
import urllib.error
import urllib.request


def is_healthy(address: str, part: str | None) -> bool:
    with urllib.request.urlopen(address, timeout=4) as response:
        body = response.read()
    return part is None or json.loads(body)[part]["status"] == "healthy"


if __name__ == "__main__":
    try:
        healthy = is_healthy(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
    except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"unhealthy: {error}")
    sys.exit(0 if healthy else f"unhealthy: {sys.argv[2]}")
