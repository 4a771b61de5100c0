"""What people do at their desk, and as whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["finance", "collector", "manager", "analyst", "administrator"]


@dataclass(frozen=True)
class Actor:
    """Who acts. `companies` is None for all of them."""

    user: str
    role: Role
    companies: frozenset[str] | None

    @classmethod
    def local(cls) -> Actor:
        """Whoever sits at this machine: the demo has no sign-in."""
        return cls("local", "administrator", None)
