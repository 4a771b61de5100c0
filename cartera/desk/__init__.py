"""What people record about customers: calls, promises, plans, disputes, notes, holds, repaired addresses,
and how they may be reached.

Every action takes the actor and an action id that the form was opened with: the same id twice does one thing and gives
the same answer. What can change has a version; `seen` is the one that the form was drawn with, and a newer one raises
Conflict with what the others did. Each action is one transaction with one row in the journal. The moment is the
clock's, the rights are asked here.
"""

from cartera.contact_rules.moments import day_in
from cartera.desk.calls import record_call
from cartera.desk.disputes import close_dispute, dispute
from cartera.desk.file import file_of
from cartera.desk.holds import hold, release_hold
from cartera.desk.model import (
    ERASED,
    HOLD_KINDS,
    OUTCOMES,
    Action,
    Actor,
    CallOutcome,
    CallRecorded,
    CustomerFile,
    Dispute,
    Hold,
    HoldKind,
    Note,
    Part,
    Plan,
    Presence,
    Promise,
    Repair,
    Way,
    Wish,
)
from cartera.desk.notes import note
from cartera.desk.plans import cancel_plan, plan
from cartera.desk.presence import here, others_here
from cartera.desk.promises import cancel_promise, promise
from cartera.desk.repairs import repair_contact
from cartera.desk.rights import may, may_release, sees
from cartera.desk.wishes import ways, wish

__all__ = [
    "ERASED", "HOLD_KINDS", "OUTCOMES", "Action", "Actor", "CallOutcome", "CallRecorded", "CustomerFile", "Dispute",
    "Hold", "HoldKind", "Note", "Part", "Plan", "Presence", "Promise", "Repair", "Way", "Wish", "cancel_plan",
    "cancel_promise", "close_dispute", "day_in", "dispute", "file_of", "here", "hold", "may", "may_release", "note",
    "others_here", "plan", "promise", "record_call", "release_hold", "repair_contact", "sees", "ways", "wish",
]  # fmt: skip
