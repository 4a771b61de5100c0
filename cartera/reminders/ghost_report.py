"""What a ghost shopper lived through: every message as it was sent, what came back, and whether the rules were kept.

The rules are checked from the record alone, from the days on which messages went out, not by asking planning again.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders import ledger
from cartera.reminders.ghosts import PREFIX, is_ghost
from cartera.reminders.plan import policies_of
from cartera.reminders.policy import Policy
from cartera.reminders.portfolio import TOLD
from cartera.settings import get_settings
from cartera.warehouse.read import Row, rows

WAITING = ("planned", "approved", "reserved")


@dataclass(frozen=True)
class Kept:
    """A rule, whether it was kept, and what was seen. `is_kept` is None while there is nothing to check it on."""

    rule: str
    is_kept: bool | None
    saw: str


@dataclass(frozen=True)
class GhostReport:
    """`timeline`: its contacts in order, with `message` as handed over; `ladder`: each step and what became of it;
    `skips`: days on which it was left in peace, with the reason."""

    ghost: Row
    policy_name: str
    timeline: tuple[Row, ...]
    ladder: tuple[Row, ...]
    skips: tuple[Row, ...]
    rules: tuple[Kept, ...]


def ghost_report(customer_id: str) -> GhostReport:
    """All about one ghost, also one that was removed. Raises ConfigError."""
    customer_id = customer_id if is_ghost(customer_id) else PREFIX + customer_id
    with transaction(Role.campaign) as connection:
        found = rows(connection, _GHOST, {"id": customer_id})
        if not found:
            raise ConfigError(f"there is no ghost shopper {customer_id!r}", "see `cartera ghost-shopper list --all`")
        ghost = found[0]
        policy = _policy(connection, ghost)
        timeline = [_timed(row) for row in rows(connection, _TIMELINE, {"id": customer_id})]
        skips = rows(connection, _SKIPS, {"id": customer_id})
    told = [row for row in timeline if row["status"] in TOLD]
    return GhostReport(
        ghost=ghost,
        policy_name=policy.name,
        timeline=tuple(timeline),
        ladder=tuple(_ladder(policy, ghost, told, timeline)),
        skips=tuple(skips),
        rules=tuple(_rules(policy, ghost, told)),
    )


_GHOST = """
select g.customer_id, g.policy_name, g.company_id, g.name, g.email, g.phone, g.language_code, g.country_code,
    g.enrolled_on, g.removed_at, i.document_number, i.due_date, i.currency_code, i.item_amount, array(
        select address from ops.contact_preferences as p
        where p.customer_id = g.customer_id and kind = 'authorised' and address is not null
    ) as authorised
from ops.ghost_shoppers as g join ops.ghost_items as i using (customer_id)
where g.customer_id = %(id)s
"""
# the text is the last that was handed over; `refused`: rules that said no when it was planned or when it was sent
_TIMELINE = """
select c.contact_id::text as contact_id, c.step_name as step, c.channel, c.status, c.reason_code as reason,
    c.recipient, c.language_code as language, c.cycle, c.offset_days, c.planned_date, c.contact_date, e.planned_at,
    e.sent_at, e.delivered_at, e.answered_at, e.refused,
    e.asked_planned, e.asked_sent, i.stated_amount, m.words ->> 'subject' as subject, m.words ->> 'text' as message
from ops.contacts as c
cross join lateral (
    select min(happened_at) filter (where to_status = 'planned') as planned_at,
        min(happened_at) filter (where to_status = 'sent') as sent_at,
        min(happened_at) filter (where to_status = 'delivered') as delivered_at,
        min(happened_at) filter (where to_status = 'answered') as answered_at,
        coalesce(sum(jsonb_array_length(detail -> 'answers')) filter (where to_status = 'planned'), 0) as asked_planned,
        coalesce(sum(jsonb_array_length(detail -> 'answers')) filter (where to_status = 'sent'), 0) as asked_sent,
        coalesce(sum(jsonb_array_length(jsonb_path_query_array(detail, '$.answers[*] ? (@.passed == false)')))
            filter (where to_status in ('planned', 'sent')), 0) as refused
    from ops.contact_events where contact_id = c.contact_id
) as e
left join lateral (
    select max(stated_amount) as stated_amount from ops.contact_items where contact_id = c.contact_id
) as i on true
left join lateral (
    select words from ops.contact_messages
    where contact_id = c.contact_id order by message_no desc limit 1
) as m on c.handed_at is not null
where c.customer_id = %(id)s
order by c.planned_date, e.planned_at, c.contact_id
"""
_SKIPS = """
select as_of_date, reason_code as reason from ops.contact_skips where customer_id = %(id)s order by skip_id
"""
_LAST_PLAN = """
select max(plan_id) as plan_id from ops.contacts where customer_id = %(id)s
"""


def _policy(connection: Connection, ghost: Row) -> Policy:
    """The policy as it read when the ghost was planned for last; as it reads now when it never was."""
    plan_id = rows(connection, _LAST_PLAN, {"id": ghost["customer_id"]})[0]["plan_id"]
    if plan_id is not None:
        return ledger.policy_of(connection, plan_id)
    for policy in policies_of(get_settings(), None).all:
        if policy.name == ghost["policy_name"]:
            return policy
    raise ConfigError(f"there is no policy {ghost['policy_name']!r} in force", "write it anew, or remove the ghost")


def _timed(row: Row) -> Row:
    sent_at, answered_at = row["sent_at"], row["answered_at"]
    return row | {"time_to_answer": answered_at - sent_at if sent_at and answered_at else None}


def _ladder(policy: Policy, ghost: Row, told: Sequence[Row], timeline: Sequence[Row]) -> Iterator[Row]:
    """Each step: by which channels it came and on which day; passed over when a later one came first, or waits.

    Of one still to come the channel that was planned, before that those of the policy in the order they are tried.
    """
    waiting = [row for row in timeline if row["status"] in WAITING]
    furthest = max((row["offset_days"] for row in (*told, *waiting)), default=None)
    for step in policy.ladder:
        came = [row for row in told if row["step"] == step.name]
        outcome = "came" if came else "to come"
        if not came and furthest is not None and step.offset_days < furthest:
            outcome = "passed over"
        by = [row["channel"] for row in came or [row for row in waiting if row["step"] == step.name]]
        if outcome == "to come":
            by = by or list(step.channels)
        yield {
            "step": step.name,
            "tone": step.tone,
            # where a step follows the one before, its day is known only when that has come
            "due_on": None if step.days_after_previous else ghost["due_date"] + dt.timedelta(days=step.offset_days),
            "came_on": min((row["contact_date"] for row in came), default=None),
            "channels": ", ".join(by),
            "outcome": outcome,
        }


def _rules(policy: Policy, ghost: Row, told: Sequence[Row]) -> Iterator[Kept]:
    days = sorted(row["contact_date"] for row in told)
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    yield _kept("one message a day at most", told, not any(gap == 0 for gap in gaps), f"{len(days)} messages")
    smallest = min(gaps, default=0)
    rule = f"{policy.minimum_days_between} days between messages"
    yield _kept(rule, gaps, smallest >= policy.minimum_days_between, f"smallest gap: {smallest}")
    for most, span in ((policy.caps.messages_per_week, 7), (policy.caps.messages_per_month, 30)):
        if most is not None:
            busiest = max((sum(0 <= (day - each).days < span for each in days) for day in days), default=0)
            yield _kept(f"at most {most} messages in {span} days", told, busiest <= most, f"most: {busiest}")
    twice = [key for key, count in Counter((r["step"], r["cycle"], r["channel"]) for r in told).items() if count > 1]
    seen = ", ".join(key[0] for key in twice) or "none came twice"
    yield _kept("a step comes once by a channel", told, not twice, seen)
    offsets = [row["offset_days"] for row in sorted(told, key=lambda row: row["contact_date"])]
    yield _kept("the tone never goes back", gaps, offsets == sorted(offsets), ", ".join(row["step"] for row in told))
    early = [row["step"] for row in told if (row["contact_date"] - ghost["due_date"]).days < row["offset_days"]]
    yield _kept("no step comes before its day", told, not early, ", ".join(early) or "none came early")
    # where a step has several channels, the ones before that which was used said no
    several = {step.name for step in policy.ladder if len(step.channels) > 1}
    asked = [row for row in told if row["asked_planned"] + row["asked_sent"] and row["step"] not in several]
    refused = [row["step"] for row in asked if row["refused"]]
    yield _kept("no rule that was asked forbade it", asked, not refused, ", ".join(refused) or "all allowed")
    unasked = [row["step"] for row in told if not row["asked_planned"] or not row["asked_sent"]]
    answers = sum(row["asked_planned"] + row["asked_sent"] for row in told)
    seen = ", ".join(unasked) or f"{answers} answers"
    yield _kept("rules were asked when planned and when sent", told, not unasked, seen)
    known = {ghost["email"], ghost["phone"], *ghost["authorised"], ""}
    strange = [row["recipient"] for row in told if row["recipient"] not in known]
    yield _kept("only the addresses given were used", told, not strange, ", ".join(strange) or "no other")
    foreign = [row["step"] for row in told if row["language"] != ghost["language_code"]]
    yield _kept(f"the language is {ghost['language_code']}", told, not foreign, ", ".join(foreign) or "in all messages")
    stating = [row for row in told if row["stated_amount"] is not None]
    wrong = [row["step"] for row in stating if row["stated_amount"] != ghost["item_amount"]]
    yield _kept("the amount asked for is what is owed", stating, not wrong, ", ".join(wrong) or "in all messages")


def _kept(rule: str, checked_on: Sequence[Any], is_kept: bool, saw: str) -> Kept:
    """Of nothing a rule is neither kept nor broken."""
    return Kept(rule, is_kept, saw) if checked_on else Kept(rule, None, "-")
