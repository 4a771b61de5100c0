"""Who acts: what is done from the dashboard is recorded with a name and by its rights."""

from __future__ import annotations

import getpass

from cartera.desk import Actor


def actor() -> Actor:
    """The local demo has no sign-in: it is whoever started it, who may do everything."""
    return Actor.local(f"{getpass.getuser()} (dashboard)")
