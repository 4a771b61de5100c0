"""What the real Tryton can't be made to do in a moment: an old series, a session that ends, a module that is missing.

It knows parties, lines of receivable accounts with the invoices of their moves, and the other models as empty.
"""

from __future__ import annotations

import base64
import datetime as dt
from decimal import Decimal
from typing import Any

from support.stub_server import Reply, Request, Stub, json_reply

PASSWORD = "s3cr3t-of-tryton"
START = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


class Tryton(Stub):
    """`series` from 8.0 on takes calls at /<database>/rpc/, before at /<database>/."""

    def __init__(self, series: str = "8.2") -> None:
        super().__init__()
        self.series, self.now = series, START
        self.parties: dict[int, dict[str, Any]] = {}
        self.lines: dict[int, dict[str, Any]] = {}
        self.reconciled: dict[int, list[dict[str, Any]]] = {}
        self.tokens: list[str] = []

    def save(self, key: int, **values: Any) -> None:
        known = self.parties.get(key)
        made = {"create_date": self.now, "write_date": None} if known is None else {**known, "write_date": self.now}
        self.parties[key] = {**made, **values, "id": key}

    def line(self, key: int, party: int, amount: str, reconciliation: int | None = None) -> None:
        """A line of a receivable account, in a move of its own; a positive one is an invoice of the same id."""
        value = Decimal(amount)
        company = {"id": 1, "rec_name": "Acme S.A.", "currency.": {"id": 1, "code": "PEN"}}
        line = self.lines[key] = {
            "id": key, "debit": decimal(max(value, Decimal(0))), "credit": decimal(max(-value, Decimal(0))),
            "amount_second_currency": None, "second_currency.": None, "account": 1, "party": party,
            "party.": {"id": party, "name": f"Party {party}"}, "maturity_date": day(self.now), "move": key,
            "reconciliation": reconciliation, "description": None, "create_date": self.now, "write_date": None,
            "move.": {"id": key, "number": f"M{key}", "date": day(self.now), "state": "posted", "origin": None,
                      "description": None, "journal.": {"id": 1, "type": "revenue" if value > 0 else "cash"},
                      "company.": company, "write_date": None},
        }  # fmt: skip
        if reconciliation is not None:
            self.reconciled.setdefault(reconciliation, []).append(line)

    def end_sessions(self) -> None:
        self.tokens = ["ended"]

    @property
    def calls(self) -> list[str]:
        return [request.json["method"] for request in self.requests]

    def answer(self, request: Request) -> Reply:
        rpc = "rpc/" if self.series >= "8.0" else ""
        method, params = request.json["method"], request.json["params"]
        if request.path == f"/{rpc}" and method == "common.server.version":
            return self.result(self.series)
        if request.path != f"/tryton/{rpc}":
            return Reply(405, b"<!doctype html><title>405 Method Not Allowed</title>", {"Content-Type": "text/html"})
        if method == "common.db.login":
            if params[:2] != ["reader", {"password": PASSWORD}]:
                return Reply(401, b"<!doctype html><title>401 Unauthorized</title>", {"Content-Type": "text/html"})
            self.tokens.append(f"token{len(self.requests)}")
            return self.result([7, self.tokens[-1], None])
        told = base64.b64encode(f"reader:7:{self.tokens[-1]}".encode()).decode()
        if request.headers.get("authorization") != f"Session {told}":
            return Reply(401)
        return self.call(method, params)

    def call(self, method: str, params: list[Any]) -> Reply:
        _kind, _dot, rest = method.partition(".")
        model, _dot, name = rest.rpartition(".")
        if method == "system.listMethods":
            return self.result([f"model.party.party.{one}" for one in ("search_read", "search_count")])
        if method == "common.db.logout":
            return self.result(None)
        if name == "get_preferences":
            return self.result({"name": "Reader", "companies": [1]})
        if name == "fields_get":
            return self.result({})
        if model == "account.invoice":
            return self.result(self.invoices(params[0]))
        found = self.found(model, params[0])
        if name == "search_count":
            return self.result(len(found))
        shown = self.shown if model == "party.party" else self.shown_line
        return self.result([shown(one) for one in found[params[1] :][: params[2]]])

    def found(self, model: str, domain: list[Any]) -> list[dict[str, Any]]:
        if model == "party.party":
            return [party for _key, party in sorted(self.parties.items()) if self.meets(party, domain)]
        if model != "account.move.line":
            return []
        named = next((one[2] for one in domain if one[:2] == ["reconciliation", "in"]), None)
        if named is not None:
            return sorted((line for one in named for line in self.reconciled.get(one, [])), key=lambda one: one["id"])
        # the accounts are all receivable, the moves all posted
        rest = [one for one in domain if one[0] not in ("account.type.receivable", "move.state", "reconciliation")]
        is_open = ["reconciliation", "=", None] in domain
        return [
            line for line in self.lines.values()
            if self.meets(line, rest) and not (is_open and line["reconciliation"] is not None)
        ]  # fmt: skip

    def invoices(self, domain: list[Any]) -> list[dict[str, Any]]:
        """Those of moves; the table itself is empty."""
        asked = next((one for one in domain if one[0] == "OR"), ["OR"])
        moves = {move for path, operator, value in asked[1:] if (path, operator) == ("move", "in") for move in value}
        return [
            {"id": move, "move": move, "cancel_move": None, "account": 1, "total_amount": self.lines[move]["debit"]}
            for move in sorted(moves & self.lines.keys())
            if self.lines[move]["move."]["journal."]["type"] == "revenue"
        ]

    def shown_line(self, line: dict[str, Any]) -> dict[str, Any]:
        return {**line, **{name: self.moment(line[name]) for name in ("create_date", "write_date")}}

    @staticmethod
    def meets(party: dict[str, Any], domain: list[Any]) -> bool:
        """Of dates those of the record itself; its contacts never change here."""

        def leaf(path: str, operator: str, value: Any) -> bool:
            if isinstance(value, dict):
                value = dt.datetime(*(value[part] for part in PARTS), tzinfo=dt.UTC)
            own = party.get(path)
            return own is not None and (own > value if operator == ">" else own >= value)

        return all(any(leaf(*one) for one in each[1:]) if each[0] == "OR" else leaf(*each) for each in domain)

    def shown(self, party: dict[str, Any]) -> dict[str, Any]:
        dates = {name: self.moment(party[name]) for name in ("create_date", "write_date")}
        return {
            "name": f"Party {party['id']}", "code": None, "active": True, "email": None, "phone": None, "mobile": None,
            "lang.": {"id": 1, "code": "es"}, "tax_identifier.": None, "contact_mechanisms.": [],
            "addresses.": [{"id": 1, "country.": None}, {"id": 2, "country.": {"id": 9, "code": "PE"}}],
            **party, **dates,
        }  # fmt: skip

    @staticmethod
    def moment(value: dt.datetime | None) -> dict[str, Any] | None:
        return value and {"__class__": "datetime", **{part: getattr(value, part) for part in PARTS}}

    @staticmethod
    def result(value: Any) -> Reply:
        return json_reply({"id": 1, "result": value})


def decimal(value: Decimal) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": f"{value}"}


def day(moment: dt.datetime) -> dict[str, Any]:
    return {"__class__": "date", "year": moment.year, "month": moment.month, "day": moment.day}
