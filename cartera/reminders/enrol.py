"""Enrolling ghost shoppers, and letting them go."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel.core import Locale
from psycopg2.extensions import connection as Connection

from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders import audit, ledger
from cartera.reminders.addresses import email_address, phone_number
from cartera.reminders.ghosts import PREFIX, is_ghost
from cartera.reminders.ledger import Move
from cartera.reminders.model import Reason, Status
from cartera.reminders.plan import PLANNER_LOCK, policies_of
from cartera.reminders.policy import LANGUAGES, Policy
from cartera.reminders.text import clean
from cartera.settings import get_settings
from cartera.warehouse import read
from cartera.warehouse.read import Row, rows

TIMES_MINIMUM = 3
USUAL_AMOUNT = Decimal(100)


@dataclass(frozen=True)
class Enrolment:
    """What is asked for. `company_id`, `currency_code`, `amount`: None picks what the policy is for."""

    email: str
    language: str
    country: str
    policy_name: str
    phone: str | None = None
    name: str = "Ghost Shopper"
    company_id: str | None = None
    currency_code: str | None = None
    amount: Decimal | None = None


def add(asked: Enrolment, added_by: str, *, as_of: dt.date | None = None) -> str:
    """Enrol a ghost whose one document reaches the policy's first step on the day, and then each that follows.

    Returns its customer_id. Raises ConfigError, NotPublished.
    """
    policy = _policy(asked.policy_name)
    email, phone, country = _checked(asked)
    customer_id = PREFIX + secrets.token_hex(4)
    with transaction(Role.campaign) as connection, connection.cursor() as cursor:
        published = read.publication(connection)
        day = as_of or published.as_of_date
        company_id, currency = _where(asked, policy, _tied(connection, published.run_id))
        amount = asked.amount or max(USUAL_AMOUNT, policy.minimum(currency) * TIMES_MINIMUM)
        if amount < policy.minimum(currency):
            raise ConfigError(
                f"{currency} {amount:f} is below the minimum of policy {policy.name}", "say more with --amount"
            )
        cursor.execute(
            "insert into ops.ghost_shoppers (customer_id, policy_name, company_id, name, email, phone, language_code,"
            " country_code, enrolled_on, added_by) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (customer_id, policy.name, company_id, clean(asked.name), email, phone, asked.language, country, day,
             added_by),
        )  # fmt: skip
        due_date = day - dt.timedelta(days=policy.ladder[0].offset_days)
        number = f"{customer_id.removeprefix(PREFIX).upper()}-1"
        cursor.execute(
            "insert into ops.ghost_items (item_id, customer_id, document_number, issue_date, due_date, currency_code,"
            " item_amount) values (%s, %s, %s, %s, %s, %s, %s)",
            (f"{customer_id}-1", customer_id, number, min(day, due_date), due_date, currency, amount),
        )
    return customer_id


def _policy(name: str) -> Policy:
    known = {policy.name: policy for policy in policies_of(get_settings(), None).all}
    if name not in known:
        raise ConfigError(f"there is no policy {name!r} in force", f"known are: {', '.join(sorted(known))}")
    return known[name]


def _checked(asked: Enrolment) -> tuple[str, str | None, str]:
    """The addresses as they will be used, and the country."""
    email = email_address(asked.email)
    if email is None:
        raise ConfigError(f"{asked.email!r} is not an e-mail address", "name one of the company's own")
    if asked.language not in LANGUAGES:
        raise ConfigError(f"{asked.language!r} is no language of the messages", f"one of {', '.join(LANGUAGES)}")
    country = asked.country.strip().upper()
    if country not in Locale("en").territories or len(country) != 2:
        raise ConfigError(f"{asked.country!r} is no country", "two letters, e.g. PE")
    phone = phone_number(asked.phone, country) if asked.phone else None
    if asked.phone and phone is None:
        raise ConfigError(f"{asked.phone!r} is not a phone number of {country}", "e.g. +51987654321")
    return email, phone, country


def _tied(connection: Connection, run_id: str) -> list[tuple[str, str]]:
    found = rows(
        connection,
        "select company_id, currency_code from ops.certificate_lines where run_id = %(run_id)s and is_tied"
        " order by company_id, currency_code",
        {"run_id": run_id},
    )
    return [(row["company_id"], row["currency_code"]) for row in found]


def _where(asked: Enrolment, policy: Policy, tied: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Which company is owed, and in which currency: one whose figures tie out, as nothing else is ever asked for."""
    audience = policy.audience
    wanted = [asked.company_id] if asked.company_id else audience.companies or sorted({each for each, _ in tied})
    if len(wanted) > 1:
        raise ConfigError(
            f"policy {policy.name} is for several companies: {', '.join(wanted)}; a ghost shopper owes one",
            f"say which, e.g. --company {wanted[0]}",
        )
    currencies = [code for company, code in tied if company in wanted]
    ranked = [code for code in (*audience.open_amount, *policy.minimum_amount) if code in currencies]
    currency = asked.currency_code or next(iter((*ranked, *currencies)), None)
    if currency is None or currency not in currencies:
        raise ConfigError(
            f"nothing of company {', '.join(wanted) or 'any'} ties out in {currency or 'any currency'}",
            f"known are: {', '.join(' '.join(each) for each in tied) or 'none'}; see `cartera tie-out`",
        )
    return wanted[0], currency


def remove(customer_id: str, removed_by: str) -> int:
    """Let a ghost go: it gets nothing more, its record stays. How many contacts were withdrawn. Raises ConfigError."""
    customer_id = customer_id if is_ghost(customer_id) else PREFIX + customer_id
    with transaction(Role.campaign) as connection, connection.cursor() as cursor:
        # a plan that is being made may still have it
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", (PLANNER_LOCK,))
        cursor.execute(
            "update ops.ghost_shoppers set removed_at = now(), removed_by = %s"
            " where customer_id = %s and removed_at is null",
            (removed_by, customer_id),
        )
        if not cursor.rowcount:
            raise ConfigError(f"there is no ghost shopper {customer_id!r}", "see `cartera ghost-shopper list`")
        waiting = rows(
            connection,
            "select contact_id::text as contact_id from ops.contacts"
            " where customer_id = %(id)s and status in ('planned', 'approved')",
            {"id": customer_id},
        )
        moves = [Move(row["contact_id"], Status.skipped, Reason.ghost_removed) for row in waiting]
        moved = ledger.move_all(connection, moves, (Status.planned, Status.approved), removed_by)
    audit.seal()
    return len(moved)


def listed(*, with_removed: bool = False) -> list[Row]:
    """Ghost shoppers, the newest first, with how many messages each has had."""
    with transaction(Role.campaign) as connection:
        return rows(connection, _LISTED, {"all": with_removed})


_LISTED = """
select g.customer_id, g.policy_name as policy, g.company_id as company, g.email, g.phone, g.language_code as language,
    g.country_code as country, g.enrolled_on, g.removed_at is not null as is_removed,
    count(c.contact_id) filter (where c.handed_at is not null) as messages
from ops.ghost_shoppers as g left join ops.contacts as c using (customer_id)
where g.removed_at is null or %(all)s
group by g.customer_id
order by g.added_at desc, g.customer_id
"""
