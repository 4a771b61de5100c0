"""NetSuite as SuiteTalk shows it: a token for a signed assertion, and SuiteQL, answered by SQLite: values are text,
columns without a value are left out, a thousand rows at most.

It keeps its own books: `foreignamountunpaid` is what the links left of an invoice, and paying does not move the
invoice's `lastmodifieddate`.
"""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support.stub_server import Reply, Request, Stub, json_reply

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_KEY = _KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
TOKEN_PATH, QUERY_PATH = "/services/rest/auth/oauth2/v1/token", "/services/rest/query/v1/suiteql"
ON_ONE_LINE = PRIVATE_KEY.replace("\n", "\\n")

TABLES = """
create table "transaction" (id integer primary key, type text, tranid text, entity integer, posting text, voided text,
    foreigntotal numeric, foreignamountunpaid numeric, foreignpaymentamountunused numeric, exchangerate numeric,
    trandate text, duedate text, lastmodifieddate text, currency integer);
create table transactionline ("transaction" integer, mainline text, subsidiary integer);
create table nexttransactionlinelink (previousdoc integer, previousline integer, previoustype text, nextdoc integer,
    nextline integer, nexttype text, linktype text, foreignamount numeric);
create table invoiceinstallment (invoice integer, seqnum integer, amount numeric, duedate text);
create table deletedrecord (recordid integer, recordtypeid integer, deleteddate text);
create table subsidiary (id integer, name text, currency integer);
create table currency (id integer, symbol text);
create table customer (id integer, externalid text, entityid text, companyname text, altname text, email text,
    phone text, isinactive text, isperson text, parent integer, language text, creditlimit numeric, salesrep text,
    category text, lastmodifieddate text, currency integer);
insert into currency values (1, 'USD'), (2, 'PEN');
insert into subsidiary values (1, 'Acme S.A.', 2), (2, 'Acme Inc.', 1);
"""


class _Sum:
    def __init__(self) -> None:
        self.value = Decimal(0)

    def step(self, value: Any) -> None:
        self.value += Decimal(str(value or 0))

    def finalize(self) -> str:
        return f"{self.value:f}"


class NetSuite(Stub):
    def __init__(self) -> None:
        super().__init__()
        self.now = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
        self.tokens: set[str] = set()
        self.issued = 0
        self.database = sqlite3.connect(":memory:", check_same_thread=False)
        self.database.row_factory = sqlite3.Row
        self.database.create_function("TO_CHAR", 2, lambda text, form: text and text[: len(_written(form))])
        self.database.create_function("TO_DATE", 2, lambda text, form: text[: len(_written(form))])
        self.database.create_function("NVL", 2, lambda value, other: other if value is None else value)
        self.database.create_function("BUILTIN_DF", 1, lambda value: value)
        self.database.create_aggregate("SUM", 1, _Sum)  # type: ignore[arg-type]
        self.database.executescript(TABLES)

    # what people do there

    def customer(self, number: int, name: str) -> None:
        self._insert("customer", id=number, entityid=f"C{number}", companyname=name, email="a@example.com",
                     isinactive="F", isperson="F", language="es_419", creditlimit=5000, salesrep="Jo",
                     lastmodifieddate=self._moment(), currency=2)  # fmt: skip

    def post(
        self, kind: str, customer: int, total: str, applied: Mapping[int, str] | None = None, *, currency: int = 2,
        subsidiary: int = 1, installments: Sequence[tuple[str, str]] = (), **values: Any,
    ) -> int:  # fmt: skip
        """`applied`: what it settles, by document."""
        ((last,),) = self.database.execute('select coalesce(max(id), 100) from "transaction"').fetchall()
        number = last + 1
        sign = -1 if kind == "CustCred" else 1
        self._insert("transaction", **{
            "id": number, "type": kind, "tranid": f"{kind}-{number}", "entity": customer, "posting": "T", "voided": "F",
            "foreigntotal": float(total) * sign, "exchangerate": 3.75 if currency == 1 and subsidiary == 1 else 1,
            "trandate": self._moment(), "duedate": "2026-04-01" if kind == "CustInvc" else None,
            "lastmodifieddate": self._moment(), "currency": currency, **values})  # fmt: skip
        for mainline in "TFF":
            self._insert("transactionline", transaction=number, mainline=mainline, subsidiary=subsidiary)
        for place, (due, part) in enumerate(installments, 1):
            self._insert("invoiceinstallment", invoice=number, seqnum=place, amount=float(part), duedate=due)
        for other, amount in (applied or {}).items():
            self.apply(number, other, amount)
        # a link of another kind, of the order it came from
        self._insert("nexttransactionlinelink", previousdoc=7, previoustype="SalesOrd", nextdoc=number, nexttype=kind,
                     linktype="OrdBill", foreignamount=999)  # fmt: skip
        return number

    def apply(self, settling: int, other: int, amount: str) -> None:
        self.change(settling)
        self._insert("nexttransactionlinelink", previousdoc=other, previousline=0, previoustype=self._type(other),
                     nextdoc=settling, nextline=0, nexttype=self._type(settling), linktype="Payment",
                     foreignamount=float(amount))  # fmt: skip

    def unapply(self, settling: int) -> None:
        self.database.execute(
            "delete from nexttransactionlinelink where nextdoc = ? and linktype = 'Payment'", [settling]
        )
        self.change(settling)

    def change(self, number: int, **values: Any) -> None:
        values = {"lastmodifieddate": self._moment(), **values}
        columns = ", ".join(f"{name} = ?" for name in values)
        self.database.execute(f'update "transaction" set {columns} where id = ?', [*values.values(), number])

    def delete(self, number: int) -> None:
        for statement in (
            'delete from "transaction" where id = ?',
            "delete from nexttransactionlinelink where nextdoc = ?",
        ):
            self.database.execute(statement, [number])
        self._insert("deletedrecord", recordid=number, recordtypeid=-30, deleteddate=self._moment())

    # its books

    def unpaid(self, number: int) -> Decimal:
        total, kind = self._one('select foreigntotal, type from "transaction" where id = ?', number)
        side, other = ("previousdoc", "nextdoc") if kind == "CustInvc" else ("nextdoc", "previousdoc")
        query = (
            "select l.foreignamount, o.voided from nexttransactionlinelink l"
            f' left join "transaction" o on o.id = l.{other}'
            f" where l.linktype = 'Payment' and l.{side} = ?"
        )
        links = [*self.database.execute(query, [number])]
        if kind in ("CustCred", "CustPymt"):
            # what a refund took of it
            refunds = (
                "select foreignamount, 'F' from nexttransactionlinelink where linktype = 'Payment' and previousdoc = ?"
            )
            links += self.database.execute(refunds, [number])
        used = sum((Decimal(str(amount)) for amount, voided in links if voided != "T"), Decimal(0))
        return abs(Decimal(str(total))) - used

    def balance(self, customer: int) -> Decimal:
        query = (
            "select id, type from \"transaction\" where entity = ? and voided = 'F' and posting = 'T'"
            " and type not in ('CustRfnd', 'DepAppl')"
        )
        return sum(
            (self.unpaid(number) * (1 if kind == "CustInvc" else -1)
             for number, kind in self.database.execute(query, [customer]).fetchall()), Decimal(0))  # fmt: skip

    def _one(self, statement: str, number: int) -> Any:
        return tuple(self.database.execute(statement, [number]).fetchone())

    def _type(self, number: int) -> str:
        found = self.database.execute('select type from "transaction" where id = ?', [number]).fetchone()
        return found[0] if found else "Journal"

    def _insert(self, table: str, **values: Any) -> None:
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        self.database.execute(f'insert into "{table}" ({names}) values ({marks})', [*values.values()])

    def _moment(self) -> str:
        return self.now.strftime("%Y-%m-%d %H:%M:%S")

    # what SuiteTalk answers

    def answer(self, request: Request) -> Reply:
        if request.path == TOKEN_PATH:
            return self._token(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return json_reply({"title": "Unauthorized", "status": 401}, 401)
        if request.path != QUERY_PATH or request.headers.get("prefer") != "transient":
            return json_reply({"title": "Bad Request", "status": 400}, 400)
        limit, offset = int(request.params.get("limit", 1000)), int(request.params.get("offset", 0))
        assert limit <= 1000 and offset < 100_000
        self._write_balances()
        statement = re.sub(r"\btransaction\b", '"transaction"', request.json["q"]).replace("BUILTIN.DF", "BUILTIN_DF")
        found = self.database.execute(statement).fetchall()
        items = [
            {"links": [], **{name.lower(): str(row[name]) for name in row.keys() if row[name] is not None}}  # noqa: SIM118
            for row in found[offset : offset + limit]
        ]
        more = offset + limit < len(found)
        return json_reply({"links": [], "count": len(items), "hasMore": more, "items": items, "offset": offset,
                           "totalResults": len(found)})  # fmt: skip

    def _write_balances(self) -> None:
        for number, kind in self.database.execute('select id, type from "transaction"').fetchall():
            if kind in ("CustInvc", "CustCred", "CustPymt"):
                column = "foreignamountunpaid" if kind == "CustInvc" else "foreignpaymentamountunused"
                self.database.execute(
                    f'update "transaction" set {column} = ? where id = ?', [float(self.unpaid(number)), number]
                )

    def _token(self, request: Request) -> Reply:
        said = dict(parse_qsl(request.body.decode()))
        try:
            claims = jwt.decode(
                said["client_assertion"], _KEY.public_key(), algorithms=["PS256"], audience=f"{self.url}{TOKEN_PATH}",
                options={"require": ["iss", "exp", "iat", "scope"]},
            )  # fmt: skip
        except jwt.PyJWTError:
            return json_reply({"error": "invalid_request"}, 400)
        kid = jwt.get_unverified_header(said["client_assertion"])["kid"]
        if (claims["iss"], kid, claims["scope"]) != ("app", "cert", ["rest_webservices"]):
            return json_reply({"error": "invalid_grant"}, 400)
        self.issued += 1
        self.tokens.add(f"token-{self.issued}")
        return json_reply({"access_token": f"token-{self.issued}", "expires_in": "3600", "token_type": "bearer"})


def _written(form: str) -> str:
    """A moment in that format, for its length."""
    return {"YYYY-MM-DD": "2026-03-01", "YYYY-MM-DD HH24:MI:SS": "2026-03-01 09:00:00"}[form]
