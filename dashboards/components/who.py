"""Who acts: what is done from the dashboard is recorded with a name."""

from __future__ import annotations

import getpass


def acts() -> str:
    """The local demo has no sign-in: it is whoever started it."""
    return f"{getpass.getuser()} (dashboard)"
