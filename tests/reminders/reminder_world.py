"""A small published world for the reminders: open items and customers that a test says, as the marts show them.

world = World(); world.owes("a", due=-7); world.publish()
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from psycopg2.extras import execute_values
from psycopg2.sql import SQL, Identifier

from cartera import desk
from cartera.db import Role, parameters, transaction
from cartera.desk import Actor, Hold, HoldKind
from cartera.reminders import EmailChannel
from cartera.sandbox.mailbox import Mailbox
from cartera.warehouse.read import rows

AS_OF = dt.date(2026, 6, 30)
EVER = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
FOREVER = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)

TABLES = """
create schema if not exists marts_a;
create table marts_a.items (
    item_id text primary key, item_type text, company_id text, customer_id text, document_number text,
    issue_date date, due_date date, currency_code text, item_amount numeric(24, 6), open_amount numeric(24, 6),
    is_disputed boolean, promised_date date
);
create table marts_a.customers (
    customer_id text primary key, company_id text, name text, country_code text, language_code text, email text,
    is_active boolean, source text, recorded_from timestamptz, recorded_to timestamptz,
    phone text, timezone text, customer_type text, risk_class text, collector text
);
create table marts_a.segments (company_id text, customer_id text, scheme text, segment text);
create view serve.fct_customer_segments as select * from marts_a.segments;
create function serve.customer_segments(p_as_of date, p_known_at timestamptz) returns setof marts_a.segments
language sql stable as $$ select * from marts_a.segments $$;
create view serve.dim_customers as select * from marts_a.customers;
create function serve.open_items(p_as_of date, p_known_at timestamptz) returns table (
    item_id text, item_type text, company_id text, customer_id text, customer_name text, invoice_id text,
    document_number text, issue_date date, due_date date, currency_code text, item_amount numeric,
    open_amount numeric, days_past_due int, bucket text, is_disputed boolean, promised_date date
) language sql stable as $$
    select item_id, item_type, company_id, customer_id, null::text, item_id, document_number, issue_date, due_date,
        currency_code, item_amount, open_amount, p_as_of - due_date, 'x', is_disputed, promised_date
    from marts_a.items
$$;
create function serve.open_items_valued(p_as_of date, p_known_at timestamptz) returns table (
    company_id text, customer_id text, item_id text, open_amount numeric, company_currency_code text,
    as_of_rate numeric, missing_as_of_rate text
) language sql stable as $$
    select company_id, customer_id, item_id, open_amount, 'PEN',
        case currency_code when 'PEN' then 1 when 'USD' then 3.5 end,
        case when currency_code not in ('PEN', 'USD') then currency_code || ' to PEN' end
    from marts_a.items
$$;
create table marts_a.entries (
    entry_type text, company_id text, customer_id text, currency_code text, amount numeric(24, 6), effective_date date,
    recorded_from timestamptz, recorded_to timestamptz, item_type text, family_id text, item_id text
);
create view serve.fct_ledger_entries as select * from marts_a.entries;
create table marts_a.promises (
    promise_id text, customer_id text, invoice_id text, currency_code text, promised_amount numeric(24, 6),
    made_date date, promised_date date, source text, recorded_from timestamptz, recorded_to timestamptz,
    company_id text, item_id text
);
create view serve.fct_promises as select * from marts_a.promises;
create view serve.dim_items as
    select item_id, item_type, company_id, customer_id, item_id as invoice_id, document_number,
        timestamptz '2020-01-01 00:00:00+00' as recorded_from, timestamptz '9999-12-31 00:00:00+00' as recorded_to
    from marts_a.items;
create function serve.customer_measures_of(p_as_of date, p_known_at timestamptz, p_customer_ids text[])
returns table (company_id text, customer_id text, measure text, value numeric, text_value text)
language sql stable as $$ select null::text, null::text, null::text, null::numeric, null::text where false $$;
create view serve.publication as
    select publication_id, run_id, as_of_date, known_at, published_at, slot
    from ops.publications order by publication_id desc limit 1;
create view serve.fct_open_items as
    select o.* from serve.publication as p cross join lateral serve.open_items(p.as_of_date, p.known_at) as o;
"""


@dataclass
class World:
    """What is open now. Change it and publish again, as time goes by."""

    as_of: dt.date = AS_OF
    landed_on: dt.date | None = None
    is_tied: bool = True
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    segments: list[tuple[str, str, str, str]] = field(default_factory=list)
    """company_id, customer_id, scheme, segment"""
    home: tuple[str, str] = ("MX", "America/Mexico_City")
    """Where customers live of whom a test says nothing: messages may go there on every day of the week."""
    _is_made: bool = False
    _numbers: int = 0

    def customer(self, customer_id: str, **columns: Any) -> None:
        given = {
            "company_id": "main",
            "name": f"Cliente {customer_id}",
            "country_code": self.home[0],
            "language_code": "es",
            "email": f"{customer_id}@cliente.pe",
            "is_active": True,
            "source": "files",
            "phone": None,
            "timezone": self.home[1],
            "customer_type": None,
            "risk_class": None,
            "collector": None,
        }
        self.customers[customer_id] = {"customer_id": customer_id} | given | columns

    def owes(self, customer_id: str, due: int, amount: str = "100", item_id: str | None = None, **columns: Any) -> str:
        """An instalment due so many days from `AS_OF` (negative: overdue); its id."""
        if customer_id not in self.customers:
            self.customer(customer_id)
        self._numbers += 1
        item_id = item_id or f"files:{customer_id}-{self._numbers}"
        due_date = AS_OF + dt.timedelta(days=due)
        given = {
            "item_type": "instalment",
            "company_id": "main",
            "customer_id": customer_id,
            "document_number": f"F001-{item_id.rpartition(':')[2]}",
            "issue_date": due_date - dt.timedelta(days=30),
            "due_date": due_date,
            "currency_code": "PEN",
            "item_amount": Decimal(amount),
            "open_amount": Decimal(amount),
            "is_disputed": False,
            "promised_date": None,
        }
        self.items[item_id] = {"item_id": item_id} | given | columns
        return item_id

    def credit(self, customer_id: str, amount: str, **columns: Any) -> str:
        given = {"item_type": "unapplied_credit", "open_amount": -Decimal(amount)}
        return self.owes(customer_id, 0, amount, **(given | columns))

    def publish(self, as_of: dt.date | None = None) -> None:
        """Publish what is open now, under a new publication with its certificate and a landing of the source."""
        self.as_of = as_of or self.as_of
        with transaction(Role.admin) as connection, connection.cursor() as cursor:
            if not self._is_made:
                cursor.execute(TABLES)
                self._is_made = True
            cursor.execute("truncate marts_a.items, marts_a.customers, marts_a.segments")
            if self.items:
                values = [tuple(item.values()) for item in self.items.values()]
                execute_values(cursor, "insert into marts_a.items values %s", values)
            customers = [
                (c["customer_id"], c["company_id"], c["name"], c["country_code"], c["language_code"], c["email"],
                 c["is_active"], c["source"], EVER, FOREVER, c["phone"], c["timezone"], c["customer_type"],
                 c["risk_class"], c["collector"])
                for c in self.customers.values()
            ]  # fmt: skip
            execute_values(cursor, "insert into marts_a.customers values %s", customers)
            if self.segments:
                execute_values(cursor, "insert into marts_a.segments values %s", self.segments)
            self._certify(cursor)
            for role in (Role.reader, Role.campaign, Role.desk):
                name = Identifier(parameters(role)["user"])
                cursor.execute(SQL("grant usage on schema serve, marts_a to {}").format(name))
                cursor.execute(SQL("grant select on all tables in schema serve, marts_a to {}").format(name))
                cursor.execute(SQL("grant execute on all functions in schema serve to {}").format(name))

    def _certify(self, cursor: Any) -> None:
        run_id, known_at = str(uuid.uuid4()), dt.datetime.combine(self.as_of, dt.time(23), tzinfo=dt.UTC)
        landed_at = dt.datetime.combine(self.landed_on or self.as_of, dt.time(20), tzinfo=dt.UTC)
        cursor.execute(
            "insert into ops.runs (run_id, as_of_date, known_at, started_at, status, triggered_by)"
            " values (%s, %s, %s, %s, 'published', 'test')",
            (run_id, self.as_of, known_at, known_at),
        )
        cursor.execute(
            "insert into ops.certificates values (%s, %s, %s, %s, %s)",
            (run_id, known_at, self.as_of, known_at, self.is_tied),
        )
        pairs = {(item["company_id"], item["currency_code"]) for item in self.items.values()}
        for company_id, currency in pairs:
            cursor.execute(
                "insert into ops.certificate_lines values (%s, %s, %s, 1, 1, 1, 0, null, null, %s)",
                (run_id, company_id, currency, self.is_tied),
            )
        cursor.execute(
            "insert into ops.publications (run_id, slot, as_of_date, known_at, published_at)"
            " values (%s, 'a', %s, %s, %s)",
            (run_id, self.as_of, known_at, known_at),
        )
        cursor.execute("delete from ops.loads")
        cursor.execute(
            "insert into ops.loads (source, entity, kind, fingerprint, files, recorded_at, rows_in, rows_loaded,"
            " rows_quarantined, rows_new, rows_changed, rows_unchanged, rows_deleted, amounts)"
            " values ('files', 'invoices', 'full', 'x', '[]', %s, 0, 0, 0, 0, 0, 0, 0, %s)",
            (landed_at, json.dumps({})),
        )


def contacts(**where: Any) -> list[dict[str, Any]]:
    """All contacts, in the order of customers."""
    with transaction(Role.admin) as connection:
        found = rows(
            connection, "select *, contact_id::text as id from ops.contacts order by customer_id, planned_date"
        )
    return [row for row in found if all(row[name] == value for name, value in where.items())]


def query(sql: str) -> list[dict[str, Any]]:
    with transaction(Role.admin) as connection:
        return rows(connection, sql)


def channel_to(mailbox: Mailbox, *, can_look_up: bool = True) -> EmailChannel:
    """A channel into a mailbox; one that can't look up is as a real server is."""
    host, port = mailbox.address
    return EmailChannel(
        host=host,
        port=port,
        is_real=False,
        timeout=10,
        finder=(lambda id: any(m.message_id == id for m in mailbox.messages())) if can_look_up else None,
    )


def hold(customer_id: str, note: str = "", kind: HoldKind = "other") -> Hold:
    return desk.hold(Actor.local("test"), str(uuid.uuid4()), customer_id, kind, note=note)


def release(held: Hold) -> None:
    desk.release_hold(Actor.local("test"), str(uuid.uuid4()), held.customer_id, held.hold_id, seen=held.version)
