"""What the real Tryton can't be made to do in a moment: an old series, a session that ends, a module that is missing.

It knows parties, and the other models as empty.
"""

from __future__ import annotations

import base64
import datetime as dt
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
        self.tokens: list[str] = []

    def save(self, key: int, **values: Any) -> None:
        known = self.parties.get(key)
        made = {"create_date": self.now, "write_date": None} if known is None else {**known, "write_date": self.now}
        self.parties[key] = {**made, **values, "id": key}

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
        found = [party for _key, party in sorted(self.parties.items()) if self.meets(party, params[0])]
        if model != "party.party":
            found = []
        if name == "search_count":
            return self.result(len(found))
        return self.result([self.shown(party) for party in found[params[1] :][: params[2]]])

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
