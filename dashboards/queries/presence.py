"""Who else has a customer's page open: each beat tells others, and asks of them."""

from __future__ import annotations

from cartera import desk


def beat(actor: desk.Actor, customer_id: str) -> list[desk.Presence]:
    """Say that the actor is here; the others, the latest first. Raises DatabaseError."""
    desk.here(actor, customer_id)
    return list(desk.others_here(actor, customer_id))
