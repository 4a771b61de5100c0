"""Notes: what somebody wants the next one to know."""

from __future__ import annotations

from cartera.desk import checked
from cartera.desk.journal import Asked, Done, act
from cartera.desk.model import Actor, Note


def note(actor: Actor, action_id: str, customer_id: str, text: str) -> Note:
    """Kept in the journal alone: a note is never changed. Raises NotAllowed, ConfigError."""
    text = checked.words(text, "note", is_needed=True)
    asked = Asked(actor, action_id, "note", customer_id, {"text": text})
    return act(asked, Note, lambda desk: Done(action_id, 1, Note(action_id, customer_id, text, desk.by, desk.at)))
