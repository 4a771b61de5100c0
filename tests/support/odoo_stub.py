"""Odoo as its external API shows it, in its three protocols.

`write_date` is kept and ordered in microseconds and shown in seconds; nothing is `false`; relations are [id, name];
archived records hide unless active_test is off; a list is ordered and cut in the database; errors of the older
protocols come with status 200.
"""

from __future__ import annotations

import datetime as dt
import json
import xmlrpc.client
from collections.abc import Iterable, Sequence
from typing import Any

from support.odoo_books import LOGIN, RELATIONS, Books, Record
from support.stub_server import Reply, Request, Stub, json_reply

__all__ = ["DATABASE", "KEY", "LOGIN", "Odoo"]
KEY, DATABASE = "s3cr3t-of-odoo", "acme"

FIELDS = {
    "account.move": "name ref move_type state date invoice_date invoice_date_due partner_id amount_total"
                    " amount_total_signed amount_total_in_currency_signed amount_residual payment_state",
    "account.move.line": "move_name move_type parent_state ref name date date_maturity amount_currency balance"
                         " amount_residual_currency reconciled",
    "account.partial.reconcile": "debit_amount_currency credit_amount_currency max_date",
    "account.payment": "name state payment_type partner_type date amount memo",
    "res.partner": "name ref type vat lang tz email phone mobile country_code is_company active",
    "res.company": "name", "res.currency": "name active", "res.currency.rate": "name inverse_company_rate rate",
    "account.journal": "name type", "account.account": "name account_type", "res.users": "name login company_ids",
}  # fmt: skip
OPERATORS = {
    "=": lambda one, other: one == other or (one is None and other is False),
    "!=": lambda one, other: one is not None if other is False else one != other,
    "in": lambda one, other: one in other,
    # null is neither more nor less
    ">": lambda one, other: one is not None and one > other,
    ">=": lambda one, other: one is not None and one >= other,
    "<": lambda one, other: one is not None and one < other,
}


class Fault(Exception):
    """`name` as JSON-RPC has it, `code` as XML-RPC, `status` as JSON-2."""

    def __init__(self, name: str, message: str, code: int = 1, status: int = 422) -> None:
        super().__init__(message)
        self.name, self.code, self.status = name, code, status


DENIED = Fault("odoo.exceptions.AccessDenied", "Access Denied", 3, 401)


def invalid(model: str, field: str) -> Fault:
    return Fault(
        "builtins.ValueError", f"Traceback (most recent call last):\nValueError: Invalid field '{model}.{field}'"
    )


class Odoo(Books, Stub):
    """`hidden`: models that the user may not read; `key`: the one that is accepted."""

    def __init__(self, version: str = "18.0") -> None:
        super().__init__()
        self.version, self.key = version, KEY
        self.hidden: set[str] = set()

    def answer(self, request: Request) -> Reply:
        if request.path == "/jsonrpc":
            params = request.json["params"]
            try:
                result = self._service(params["service"], params["method"], params["args"])
            except Fault as fault:
                data = {"name": fault.name, "message": str(fault), "arguments": [str(fault)],
                        "debug": f"Traceback (most recent call last):\n{self.key}"}  # fmt: skip
                error = {"code": 200, "message": "Odoo Server Error", "data": data}
                return json_reply({"jsonrpc": "2.0", "id": request.json["id"], "error": error})
            return json_reply({"jsonrpc": "2.0", "id": request.json["id"], "result": result})
        if request.path.startswith("/xmlrpc/2/"):
            arguments, method = xmlrpc.client.loads(request.body.decode())
            try:
                result = self._service(request.path.rpartition("/")[2], method, arguments)
                body = xmlrpc.client.dumps((_floats(result),), methodresponse=True)
            except Fault as fault:
                body = xmlrpc.client.dumps(xmlrpc.client.Fault(fault.code, str(fault)))
            return Reply(200, body.encode(), {"Content-Type": "text/xml"})
        if request.path.startswith("/json/2/") and int(self.version.split(".")[0]) >= 19:
            return self._json_2(request)
        return Reply(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"})

    def _json_2(self, request: Request) -> Reply:
        model, method = request.path.split("/")[3:]
        try:
            if request.headers.get("authorization") != f"bearer {self.key}":
                raise Fault("werkzeug.exceptions.Unauthorized", "Invalid apikey", status=401)
            if request.headers.get("x-odoo-database") != DATABASE:
                raise Fault("werkzeug.exceptions.NotFound", "no such database", status=404)
            return json_reply(self._method(model, method, **request.json))
        except Fault as fault:
            return json_reply({"name": fault.name, "message": str(fault), "debug": ""}, fault.status)

    def _service(self, service: str, method: str, arguments: Sequence[Any]) -> Any:
        if (service, method) == ("common", "version"):
            return {"server_version": self.version, "protocol_version": 1}
        if (service, method) == ("common", "authenticate"):
            database, user, key, _agent = arguments
            return 2 if (database, user, key) == (DATABASE, LOGIN, self.key) else False
        database, user, key, model, called, positional, named = arguments
        if (database, user, key) != (DATABASE, 2, self.key):
            raise DENIED
        return self._method(model, called, *positional, **named)

    def _method(self, model: str, method: str, *, context: Record | None = None, **named: Any) -> Any:
        if model in self.hidden:
            said = f"You are not allowed to access 'Journal Entry' ({model}) records.\n\nAsk your administrator"
            raise Fault("odoo.exceptions.AccessError", said, 4, 403)
        if method == "fields_get":
            return {name: {"type": "char"} for name in self._known(model)}
        found = self._found(model, named["domain"], context or {})
        if method == "search_count":
            return len(found)
        assert method == "search_read", method
        for part in reversed(named.get("order", "id").split(", ")):
            field, _, direction = part.partition(" ")
            # nulls come last
            found.sort(key=lambda record: (record[field] is None, record[field] or 0), reverse=direction == "desc")
        found = found[: named.get("limit") or None]
        return [{name: self._shown(model, name, record) for name in ("id", *named["fields"])} for record in found]

    def _known(self, model: str) -> set[str]:
        """Fields come and go with the versions."""
        known = {"id", "write_date", *FIELDS[model].split(), *RELATIONS[model]}
        gone = {"mobile"} if self.version >= "19" else set()
        gone |= {"memo"} if self.version < "18" else set()
        return (known - gone) | ({"ref"} if model == "account.payment" and self.version < "18" else set())

    def _found(self, model: str, domain: Sequence[Any], context: Record) -> list[Record]:
        companies = context.get("allowed_company_ids") or [self.acme, self.norte]
        records: Iterable[Record] = self.tables[model].values()
        if context.get("active_test", True):
            records = [record for record in records if record.get("active", True)]
        return [
            record for record in records
            if record.get("company_id") in (None, *companies) and self._holds(model, record, list(domain))
        ]  # fmt: skip

    def _holds(self, model: str, record: Record, domain: list[Any]) -> bool:
        """In prefix notation; terms beside each other all hold."""

        def term() -> bool:
            first = domain.pop(0)
            if first in ("|", "&"):
                one, other = term(), term()
                return (one or other) if first == "|" else (one and other)
            path, operator, value = first
            if path == "write_date" and value:
                value = dt.datetime.fromisoformat(value)
            return bool(OPERATORS[operator](self._dig(model, record, path), value))

        holds = True
        while domain:
            holds = term() and holds
        return holds

    def _dig(self, model: str, record: Record, path: str) -> Any:
        name, _, rest = path.partition(".")
        if name not in self._known(model):
            raise invalid(model, name)
        if not rest:
            return record.get(name)
        other = RELATIONS[model][name]
        return self._dig(other, self.tables[other][record[name]], rest) if record[name] else None

    def _shown(self, model: str, name: str, record: Record) -> Any:
        if name not in self._known(model):
            raise invalid(model, name)
        value = record.get("memo" if model == "account.payment" and name == "ref" else name)
        if name in RELATIONS[model] and value:
            return [value, self._name(RELATIONS[model][name], value)]
        if isinstance(value, dt.datetime):
            return value.strftime("%Y-%m-%d %H:%M:%S")
        return False if value is None else value

    def _name(self, model: str, id: int) -> str:
        record = self.tables.get(model, {}).get(id, {})
        parent = self.tables[model].get(record.get("parent_id") or 0) if model == "res.partner" else None
        name = record.get("name") or f"{model},{id}"
        return f"{parent['name']}, {name}" if parent else name


def _floats(value: Any) -> Any:
    """XML-RPC has doubles only."""
    return json.loads(json.dumps(value, default=float))
