"""What is asked in SuiteQL, and the columns the staging models use.

Statements are made of our own words, of ids that were made numbers, and of moments that we have written.
"""

# ruff: noqa: S608 - SuiteQL over REST takes no parameters; nothing from outside is in a statement but numbers

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from cartera.connectors.api import (
    Page,
    Record,
    Resource,
    amount,
    date,
    integer,
    rate,
    raw_entity,
    text,
    texts,
    timestamp,
)
from cartera.connectors.api import json as json_column
from cartera.connectors.api.paging import circle
from cartera.connectors.netsuite.client import SuiteTalk, listed

CREDITS = ("CustCred", "CustPymt", "DepAppl", "CustRfnd")
LINKS_AT_ONCE = 500
"""Ids in one list: Oracle takes a thousand."""


def day(column: str) -> str:
    return f"TO_CHAR({column}, 'YYYY-MM-DD') AS {column.partition('.')[2]}"


MODIFIED = "TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS lastmodifieddate"

SELECT = {
    "transaction": "t.id, t.type, t.tranid, t.entity, t.posting, t.voided, t.foreigntotal, t.foreignamountunpaid,"
    f" t.exchangerate, {day('t.trandate')}, {day('t.duedate')}, {MODIFIED}, tl.subsidiary, c.symbol AS currency,"
    " b.symbol AS basecurrency",
    "customer": "t.id, t.entityid, t.companyname, t.altname, t.email, t.phone, t.isinactive, t.isperson, t.parent,"
    " t.language, t.creditlimit, BUILTIN.DF(t.salesrep) AS salesrep, BUILTIN.DF(t.category) AS category, t.externalid,"
    f" {MODIFIED}, c.symbol AS currency",
}
FROM = {
    "transaction": "transaction t INNER JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'T'"
    " INNER JOIN subsidiary s ON s.id = tl.subsidiary LEFT JOIN currency c ON c.id = t.currency"
    f" LEFT JOIN currency b ON b.id = s.currency WHERE t.type IN ('CustInvc', {listed(CREDITS)})",
    "customer": "customer t LEFT JOIN currency c ON c.id = t.currency WHERE t.id > 0",
}
LINKS = "FROM nexttransactionlinelink l WHERE l.linktype = 'Payment' AND"
CHILDREN = {
    # a credit with what it was applied to
    "applied": (
        "nextdoc",
        f"SELECT l.nextdoc, l.previousdoc, l.previoustype, SUM(l.foreignamount) AS foreignamount {LINKS} l.nextdoc IN"
        " ({ids}) GROUP BY l.nextdoc, l.previousdoc, l.previoustype ORDER BY l.nextdoc, l.previousdoc",
    ),
    # an invoice with what settled it and is not read: journal entries
    "othersettled": (
        "previousdoc",
        f"SELECT l.previousdoc, l.nextdoc, l.nexttype, SUM(l.foreignamount) AS foreignamount {LINKS} l.nexttype NOT IN"
        f" ({listed(CREDITS)}) AND l.previousdoc IN ({{ids}}) GROUP BY l.previousdoc, l.nextdoc, l.nexttype"
        " ORDER BY l.previousdoc, l.nextdoc",
    ),
    "installments": (
        "invoice",
        f"SELECT i.invoice, i.seqnum, i.amount, {day('i.duedate')} FROM invoiceinstallment i"
        " WHERE i.invoice IN ({ids}) ORDER BY i.invoice, i.seqnum",
    ),
}


def moment(since: dt.datetime) -> str:
    return f"TO_DATE('{since.strftime('%Y-%m-%d %H:%M:%S')}', 'YYYY-MM-DD HH24:MI:SS')"


def changed(name: str, since: dt.datetime) -> str:
    if name != "transaction":
        return f"t.lastmodifieddate >= {moment(since)}"
    # paying does not for certain move the invoice's own date: open ones, and those that were paid since, come again
    return (
        f"(t.lastmodifieddate >= {moment(since)} OR (t.type = 'CustInvc' AND (t.foreignamountunpaid <> 0 OR t.id IN"
        " (SELECT l.previousdoc FROM nexttransactionlinelink l INNER JOIN transaction p ON p.id = l.nextdoc"
        f" WHERE l.linktype = 'Payment' AND p.lastmodifieddate >= {moment(since)}))))"
    )


def pages(http: SuiteTalk, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    """In the order of ids, because offsets end at 100,000 rows. Then what was deleted since."""
    name, last = resource.name, 0
    only = f" AND {changed(name, since)}" if since else ""
    empty = {column.name: None for column in resource.entity.columns if column.type != "json"}
    while rows := http.ask(
        f"SELECT {SELECT[name]} FROM {FROM[name]}{only} AND t.id > {last} ORDER BY t.id", resource.name, once=True
    ):
        if int(rows[-1]["id"]) <= last:
            raise circle(http, name)
        last = int(rows[-1]["id"])
        whole = [{**empty, **row} for row in rows]
        yield Page(with_children(http, whole) if name == "transaction" else whole)
    if since:
        yield Page(gone=deleted(http, name, since))


def deleted(http: SuiteTalk, name: str, since: dt.datetime) -> list[str]:
    """Ids of deleted records that no record of this table has any more: ids repeat between kinds of records."""
    found = http.ask(
        f"SELECT DISTINCT d.recordid FROM deletedrecord d WHERE d.deleteddate >= {moment(since)} ORDER BY d.recordid",
        name,
    )
    gone = {int(row["recordid"]) for row in found}
    for some in in_parts(sorted(gone)):
        gone -= {int(row["id"]) for row in http.ask(f"SELECT t.id FROM {name} t WHERE t.id IN ({some})", name)}
    return [str(number) for number in sorted(gone)]


def with_children(http: SuiteTalk, rows: Sequence[Record]) -> list[Record]:
    by_id: dict[int, Record] = {int(row["id"]): {**row, **{field: [] for field in CHILDREN}} for row in rows}
    credits = [number for number, row in by_id.items() if row["type"] in CREDITS]
    invoices = [number for number, row in by_id.items() if row["type"] not in CREDITS]
    for field, (owner, statement) in CHILDREN.items():
        if field == "installments" and http.access["installments"] != "yes":
            continue
        for some in in_parts(credits if field == "applied" else invoices):
            for child in http.ask(statement.replace("{ids}", some), field):
                by_id[int(child.pop(owner))][field].append(child)
    return list(by_id.values())


def in_parts(ids: Sequence[int]) -> Iterator[str]:
    for start in range(0, len(ids), LINKS_AT_ONCE):
        yield ", ".join(str(number) for number in ids[start : start + LINKS_AT_ONCE])


AMOUNT = amount("foreignamount", required=True)
RESOURCES = (
    Resource(
        raw_entity(
            "transaction",
            "id",
            timestamp("lastmodifieddate", required=True),
            text("type", required=True, choices=("CustInvc", *CREDITS)),
            *texts("tranid", "posting", "voided"),
            *texts("entity", "currency", "basecurrency", "subsidiary", required=True),
            date("trandate", required=True),
            date("duedate"),
            amount("foreigntotal", required=True),
            amount("foreignamountunpaid"),
            rate("exchangerate"),
            json_column("applied", *texts("previousdoc", "previoustype", required=True), AMOUNT),
            json_column("othersettled", *texts("nextdoc", "nexttype", required=True), AMOUNT),
            json_column(
                "installments",
                integer("seqnum", required=True),
                amount("amount", required=True),
                date("duedate", required=True),
            ),
            amount="foreigntotal",
            changed_at="lastmodifieddate",
        ),
        company="subsidiary",
    ),
    Resource(
        raw_entity(
            "customer",
            "id",
            timestamp("lastmodifieddate", required=True),
            *texts("entityid", "companyname", "altname", "email", "phone", "isinactive", "isperson", "parent"),
            *texts("language", "salesrep", "category", "currency"),
            amount("creditlimit"),
            text("externalid"),
            changed_at="lastmodifieddate",
        ),
    ),
)
