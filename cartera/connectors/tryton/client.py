"""The session, the rights, and how a model is read: by id, and again what changed meanwhile. Calls only read."""

from __future__ import annotations

import base64
import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from cartera.connectors.api import Access, Control, Page, Record, Resource
from cartera.connectors.api.http import Answer, Http
from cartera.connectors.tryton.entities import OPEN_LINES, READINGS, Reading, line_amount
from cartera.connectors.tryton.values import flat, plain, written
from cartera.errors import SourceError

AT_ONCE = 1000
"""Keys, or open lines, in one answer."""

BEHIND = dt.timedelta(minutes=30)
"""A date of change is the moment at which the transaction began: it is seen when that ends. The clocks of its web
server and its database may differ too."""

QUICK = dt.timedelta(minutes=2)
"""What changes while so short a reading goes on is found by the next one, which begins an overlap before."""

MOST_PASSES = 10

CONTEXT = {"active_test": False}
"""Archived records too."""


class Tryton:
    """Remote calls of one user in one database."""

    def __init__(self, http: Http, version: str) -> None:
        self.http, self.version = http, version
        self.answered_at: dt.datetime | None = None
        """What the clock of the server said in its last answer."""
        self._known: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}

    def call(self, method: str, *params: Any) -> Any:
        """What a method gives; those of models want a context as their last parameter."""
        answer = self.http.post("", _call(method, *params))
        self.answered_at = date_of(answer)
        return plain(answer.json["result"])

    def read(
        self, model: str, domain: Sequence[Any], fields: Sequence[str], size: int | None = None, after: int = 0
    ) -> list[Record]:
        """Records by id, archived ones too."""
        wanted = [*domain, ["id", ">", after]]
        found = self.call(f"model.{model}.search_read", wanted, 0, size, [["id", "ASC"]], list(fields), CONTEXT)
        return [flat(record, fields) for record in found]

    def all(self, model: str, domain: Sequence[Any], fields: Sequence[str], size: int) -> Iterator[list[Record]]:
        """Each page begins after the last id of the one before: nothing shifts."""
        found = self.read(model, domain, fields, size)
        yield found
        while len(found) == size:
            found = self.read(model, domain, fields, size, found[-1]["id"])
            yield found

    @cached_property
    def methods(self) -> frozenset[str]:
        return frozenset(self.call("system.listMethods"))

    def known(self, model: str, *fields: str) -> tuple[str, ...]:
        """Those of the fields that the model has in this version."""
        if (model, fields) not in self._known:
            has = self.call(f"model.{model}.fields_get", list(fields), {})
            self._known[model, fields] = tuple(field for field in fields if field in has)
        return self._known[model, fields]

    def has(self, reading: Reading) -> bool:
        """Whether the module is there; the core ones are."""
        return not reading.is_optional or f"model.{reading.model}.search_read" in self.methods

    def who(self) -> str:
        said = self.call("model.res.user.get_preferences", False, {})
        # a user whose filter of companies says "one" sees the documents of one
        seen = said.get("companies") or []
        return f"{said.get('name') or said.get('email')}, companies seen: {len(seen)}"

    def count(self, reading: Reading) -> int | None:
        found = self.call(f"model.{reading.model}.search_count", list(reading.domain), CONTEXT)
        return found if isinstance(found, int) else None


@contextmanager
def open_session(access: Access) -> Iterator[Tryton]:
    with Http(access["url"], access) as door:
        version, path = _version(door, access["database"])
        if access["protocol"] == "rest":
            from cartera.connectors.tryton.rest import Rest

            address = f"{access['url'].rstrip('/')}/{access['database']}"
            with Http(address, access, headers={"Authorization": f"Bearer {access['password']}"}) as http:
                yield Rest(http, version)
            return

        def login() -> Mapping[str, str]:
            said = door.post(path, _call("common.db.login", access["user"], {"password": access["password"]}, "en"))
            if not isinstance(said.json, dict) or not said.json.get("result"):
                raise SourceError(f"{said.where}: does not accept the login", "give valid ones with `cartera connect`")
            user_id, token = said.json["result"][:2]
            told = base64.b64encode(f"{access['user']}:{user_id}:{token}".encode()).decode()
            return {"Authorization": f"Session {told}"}

        address = access["url"].rstrip("/") + "/" + path
        with Http(address, access, headers=login(), renew=login, problem_in=problem) as http:
            tryton = Tryton(http, version)
            yield tryton
            tryton.call("common.db.logout")


def _call(method: str, *params: Any) -> dict[str, Any]:
    return {"id": 1, "method": method, "params": list(params)}


def _version(door: Http, database: str) -> tuple[str, str]:
    """Its series, and where it takes calls: a database has had a path of its own for them since 8.0 or so."""
    asked = _call("common.server.version")
    for root, path in (("rpc/", f"{database}/rpc/"), ("", f"{database}/")):
        said = door.post(root, asked, accept=(400, 401, 403, 404, 405))
        if said.status == 200 and isinstance(said.json, dict) and said.json.get("result"):
            return str(said.json["result"]), path
    raise SourceError(
        f"{door.access.source}: {door.access['url']} does not answer as a Tryton server",
        "give the address of the server itself, without the name of the database",
    )


def problem(answer: Answer) -> str | None:
    """Errors come with status 200, as a list: what went wrong, then details."""
    said = answer.json
    if not isinstance(said, dict) or "error" not in said and "result" not in said:
        return "the answer is none of a remote call"
    found = said.get("error")
    if found is None:
        return None
    words = found if isinstance(found, list) else [found]
    if len(words) > 1 and isinstance(words[1], list):
        return f"{words[0]}: {' '.join(str(word) for word in words[1] if word)}"
    return str(words[0]) if words else "an error without a text"


def date_of(answer: Answer) -> dt.datetime | None:
    try:
        return parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None


def check(tryton: Tryton) -> str:
    who = tryton.who()
    for reading in READINGS.values():
        if tryton.has(reading):
            tryton.read(reading.model, [["id", "<", 0]], ["id"], 1)
    return f"logged in to Tryton {tryton.version} as {who}"


def count(tryton: Tryton, resource: Resource) -> int | None:
    reading = READINGS[resource.name]
    return tryton.count(reading) if tryton.has(reading) else 0


def keys(tryton: Tryton, resource: Resource) -> Iterator[Sequence[str]]:
    reading = READINGS[resource.name]
    if tryton.has(reading):
        for records in tryton.all(reading.model, reading.domain, ["id"], AT_ONCE):
            yield [str(record["id"]) for record in records]


def pages(tryton: Tryton, resource: Resource, since: dt.datetime | None) -> Iterator[Page]:
    """By id: dates of change tie, are null before the first change, and are several for one record. What changed
    during a long reading is then read again, until that takes so short that the overlap of the next one covers it."""
    reading = READINGS[resource.name]
    if not tryton.has(reading):
        return
    for _pass in range(MOST_PASSES):
        begun = ended = None
        domain = [*reading.domain, *_changed(reading, since)]
        for records in tryton.all(reading.model, domain, reading.fields, tryton.http.access.page_size):
            begun, ended = begun or tryton.answered_at, tryton.answered_at
            dated = [{**record, "changed_at": _latest(record, reading)} for record in records]
            yield Page(resource.enrich(tryton, dated) if resource.enrich else dated)
        if begun is None or ended is None or ended - begun <= QUICK:
            return
        since = begun - BEHIND
    raise SourceError(
        f"{tryton.http.access.source}, {resource.name}: changes faster than it can be read",
        "raise `page_size` in the source, or read it at a quieter time",
    )


def _changed(reading: Reading, since: dt.datetime | None) -> list[Any]:
    if since is None:
        return []
    return [["OR", *([path, ">=", written(since)] for path in reading.dates)]]


def _latest(record: Record, reading: Reading) -> str | None:
    """Dates of change in ISO to the microsecond: the greatest text is the latest."""
    found = [moment for path in reading.dates if (moment := record.get(path.replace(".", "_")))]
    return max(found, default=None)


def controls(tryton: Tryton) -> Iterator[Control]:
    """The open lines of the receivable accounts, those of booked moves."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for records in tryton.all("account.move.line", OPEN_LINES.domain, OPEN_LINES.fields, AT_ONCE):
        for record in records:
            amount, currency = line_amount(record)
            sums[record["move_company_rec_name"], currency] += amount
    for (company, currency), amount in sorted(sums.items()):
        yield Control(company, currency, amount)
