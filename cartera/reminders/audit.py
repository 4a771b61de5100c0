"""The record of contacts: sealed in a chain by hash, verified, and emptied of what is personal on request.

Rows are digested as they are written and sealed right after the commit, in batches (migration 0012 says how). A trigger
that chained row by row would make every writer wait for the one before, through its fsync: a plan of 100,000 contacts
would hold up all senders, and a sender's messages would wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from psycopg2.errors import RestrictViolation
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier

from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.warehouse.read import rows


@dataclass(frozen=True)
class _Log:
    """An append-only table: its key, and what digests a row of it and what is personal in it."""

    key: str
    digest: str
    personal: str | None = None
    erased: str | None = None


LOGS = {
    "contact_events": _Log("event_id", "event_digest", "event_personal", "event_ids"),
    "contact_skips": _Log("skip_id", "skip_digest", "skip_personal", "skip_ids"),
    "contact_messages": _Log("message_no", "message_digest", "message_personal", "message_nos"),
    "contact_erasures": _Log("erasure_id", "erasure_digest"),
}


@dataclass(frozen=True)
class Broken:
    """The first thing that is not as it was sealed: a row of a log by its key, a seal, or a contact."""

    log: str
    what: str
    row: str


@dataclass
class AuditReport:
    """`rows` and `waiting` (not sealed yet) by log; `heads`: the hash of each log's last seal, to be kept elsewhere."""

    rows: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    broken: Broken | None = None

    @property
    def is_whole(self) -> bool:
        return self.broken is None


def seal(*, wait: bool = True) -> None:
    """Seal what is committed. `wait=False`: leave it to another sealer if one is at work."""
    with transaction(Role.campaign) as connection:
        seal_on(connection, wait=wait)


def seal_on(connection: Connection, *, wait: bool = True) -> None:
    """The same on a connection of the caller's, in a transaction of its own, which the caller commits."""
    rows(connection, "select ops.seal_audit(%(wait)s) as sealed", {"wait": wait})


def verify(heads: tuple[str, ...] = ()) -> AuditReport:
    """Look at every seal and every row. `heads`: hashes noted before, which must still be in the chain.

    Without them a record that was cut off at its end, seals and all, can't be told from a shorter one.
    """
    report = AuditReport()
    with transaction(Role.campaign) as connection:
        connection.isolation_level = ISOLATION_LEVEL_REPEATABLE_READ
        for log, known in LOGS.items():
            broken = _broken_seal(connection, log) or _broken_row(connection, log, known)
            report.broken = report.broken or broken
            _count(connection, log, known, report)
        report.broken = report.broken or _missing_head(connection, heads) or _broken_contact(connection)
    return report


def _broken_seal(connection: Connection, log: str) -> Broken | None:
    found = rows(connection, _SEALS, {"log": log})
    return Broken(log, "a seal was changed, taken out or put in", f"seal {found[0]['position']}") if found else None


_SEALS = """
select position
from (
    select position, hash, previous, ops.seal_hash(s) as computed,
        row_number() over (order by position) as expected,
        coalesce(lag(hash) over (order by position), '\\x') as hash_before
    from ops.audit_seals as s
    where log = %(log)s
) as seals
where position <> expected or previous <> hash_before or hash <> computed
order by expected limit 1
"""


def _broken_row(connection: Connection, log: str, known: _Log) -> Broken | None:
    found = rows(connection, _statement(_ROWS, log, known), {"log": log})
    return Broken(log, found[0]["what"], f"{known.key} {found[0]['row_id']}") if found else None


_ROWS = """
with sealed as (
    select named.row_id, min(named.digest) as digest, count(*) as times
    from ops.audit_seals as s cross join lateral unnest(s.row_ids, s.digests) as named (row_id, digest)
    where s.log = %(log)s
    group by named.row_id
), judged as (
    select coalesce(sealed.row_id, queued.row_id, t.{key}) as row_id,
        case
            when t.{key} is null then 'the row was deleted'
            when sealed.row_id is null and queued.row_id is null then 'the row was inserted behind the record'
            when sealed.times > 1 or sealed.row_id = queued.row_id then 'the row was sealed twice'
            when sealed.digest <> {digest}(t) then 'the row was changed'
            when {personal_is_changed} then 'the personal fields were changed'
            when {is_erased_unsaid} then 'the personal fields were erased without a record of it'
        end as what
    from {table} as t
    full join sealed on sealed.row_id = t.{key}
    full join (select row_id from ops.audit_queue where log = %(log)s) as queued
        on queued.row_id = coalesce(t.{key}, sealed.row_id)
)
select row_id, what from judged where what is not null order by row_id limit 1
"""


def _statement(text: str, log: str, known: _Log) -> Composable:
    personal: Composable = SQL("false")
    erased: Composable = SQL("false")
    if known.personal and known.erased:
        personal = SQL("t.salt is not null and t.personal_digest <> {}(t)").format(Identifier("ops", known.personal))
        erased = SQL(
            "t.salt is null and not exists (select 1 from ops.contact_erasures as x where t.{} = any(x.{}))"
        ).format(Identifier(known.key), Identifier(known.erased))
    return SQL(text).format(
        key=Identifier(known.key),
        table=Identifier("ops", log),
        digest=Identifier("ops", known.digest),
        personal_is_changed=personal,
        is_erased_unsaid=erased,
    )


def _count(connection: Connection, log: str, known: _Log, report: AuditReport) -> None:
    gone = "count(*) filter (where salt is null)" if known.personal else "0"
    statement = SQL(
        "select count(*) as rows, {gone} as erased,"
        " (select count(*) from ops.audit_queue where log = %(log)s) as waiting,"
        " (select encode(hash, 'hex') from ops.audit_seals where log = %(log)s order by position desc limit 1) as head"
        " from {table}"
    ).format(gone=SQL(gone), table=Identifier("ops", log))
    found = rows(connection, statement, {"log": log})[0]
    report.rows[log], report.erased[log], report.waiting[log] = found["rows"], found["erased"], found["waiting"]
    if found["head"]:
        report.heads[log] = found["head"]


def _missing_head(connection: Connection, heads: tuple[str, ...]) -> Broken | None:
    for head in heads:
        if not rows(connection, "select 1 from ops.audit_seals where encode(hash, 'hex') = %(head)s", {"head": head}):
            return Broken("audit_seals", "the chain was cut: this hash was in it", head)
    return None


def _broken_contact(connection: Connection) -> Broken | None:
    """A contact whose state is not what the record says last."""
    found = rows(connection, _CONTACTS)
    return Broken("contacts", "the contact's state is not the last one recorded", found[0]["row_id"]) if found else None


_CONTACTS = """
select c.contact_id::text as row_id
from ops.contacts as c
left join (
    select distinct on (contact_id) contact_id, to_status from ops.contact_events order by contact_id, event_id desc
) as last using (contact_id)
where last.to_status is distinct from c.status
order by 1 limit 1
"""


@dataclass(frozen=True)
class Erased:
    """A contact that is erased, by the names under which something of it may be kept elsewhere."""

    contact_id: str
    message_id: str
    channel: str


def erase(
    customer_id: str,
    erased_by: str,
    files: Callable[[Sequence[Erased]], int] = lambda _: 0,
    *,
    names: Sequence[str] = (),
) -> int:
    """Take what is personal about a customer out of the record, for good; how many rows and files. The chain stays
    whole.

    `files`: takes away what is kept of these contacts outside the database, before the rest is final: where that fails
    nothing is erased from the record, which alone knows what belongs to whom. `names`: under which it stands in the log
    of views, too. Raises ConfigError while a contact is on its way to the customer.
    """
    bound = {"customer": customer_id, "by": erased_by, "names": list(names)}
    try:
        with transaction(Role.campaign) as connection:
            contacts = [Erased(**row) for row in rows(connection, _OF_CUSTOMER, bound)]
            # what somebody was about to record was recorded nowhere: it only goes
            rows(connection, "delete from ops.desk_drafts where customer_id = %(customer)s returning 1 as one", bound)
            query = "select ops.erase_customer(%(customer)s, %(by)s, %(names)s::text[]) as n"
            count = int(rows(connection, query, bound)[0]["n"])
            count += files(contacts) if contacts else 0
    except RestrictViolation:
        raise ConfigError(
            f"a contact to {customer_id!r} is on its way", "send it, settle it, or plan anew; then erase"
        ) from None
    seal()
    return count


_OF_CUSTOMER = """
select contact_id::text as contact_id, message_id, channel from ops.contacts where customer_id = %(customer)s
"""
