"""The session, its token, and questions in SuiteQL."""

# ruff: noqa: S608 - SuiteQL over REST takes no parameters; nothing from outside is in a statement but numbers

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal

from cartera.clock import utc_now
from cartera.connectors.api import Access, Control, Record, Resource
from cartera.connectors.api.http import Http
from cartera.connectors.api.paging import Turns
from cartera.errors import SourceError

TOKEN_PATH = "services/rest/auth/oauth2/v1/token"
TOKEN_SECONDS = 300
MOST_ROWS = 1000
"""In one answer, says NetSuite."""


def listed(words: Sequence[str]) -> str:
    """Words of ours as a list in a statement."""
    return ", ".join(f"'{word}'" for word in words)


class SuiteTalk(Http):
    def __enter__(self) -> SuiteTalk:
        return self

    def ask(self, statement: str, what: str, *, once: bool = False) -> list[Record]:
        """The rows. `once`: only those of one answer, because the statement asks for what comes after a key. Columns
        without a value are not in the row. Raises SourceError."""
        rows: list[Record] = []
        turns = Turns(f"{self.access.source}, {what}")
        limit = min(self.access.page_size, MOST_ROWS) if once else MOST_ROWS
        while True:
            answer = self.post(
                "services/rest/query/v1/suiteql",
                {"q": statement},
                params={"limit": str(limit), "offset": str(len(rows))},
                headers={"Prefer": "transient"},
            )
            document = answer.json
            if not isinstance(document, dict) or not isinstance(document.get("items"), list):
                raise SourceError(
                    f"{answer.where}: has no list of items, for {what}",
                    "see whether the address is that of SuiteTalk",
                )
            rows += [
                {name: value for name, value in row.items() if name != "links"}
                for row in turns.checked(document["items"])
            ]
            if once or not document.get("hasMore"):
                return rows
            if not document["items"]:
                raise SourceError(
                    f"{answer.where}: says that there is more, and gives nothing, for {what}",
                    "run again; if it stays, ask who runs the system",
                )


@contextmanager
def open_session(access: Access) -> Iterator[SuiteTalk]:
    host = access["account"].lower().replace("_", "-")
    base = access["url"] or f"https://{host}.suitetalk.api.netsuite.com"
    with Http(base, access) as door:

        def token() -> dict[str, str]:
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion(access, f"{base.rstrip('/')}/{TOKEN_PATH}"),
            }
            return {"Authorization": f"Bearer {door.post(TOKEN_PATH, form=form).word('access_token')}"}

        with SuiteTalk(base, access, headers=token(), renew=token) as http:
            yield http


def assertion(access: Access, audience: str) -> str:
    """What proves that we have the private key. Raises SourceError without a word of the key."""
    import jwt

    now = int(utc_now().timestamp())
    said = {
        "iss": access["client_id"],
        "scope": ["rest_webservices"],
        "aud": audience,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": str(uuid.uuid4()),
    }
    key = access["private_key"].replace("\\n", "\n")
    try:
        return jwt.encode(said, key, algorithm="PS256", headers={"kid": access["certificate_id"]})
    except (ValueError, TypeError, jwt.PyJWTError):
        raise SourceError(
            f"{access.source}: the private key can't be used",
            "give the RSA key of the certificate as PEM, not encrypted, the ends of its lines written as \\n",
        ) from None


def check(http: SuiteTalk) -> str:
    http.ask("SELECT d.recordid FROM deletedrecord d WHERE d.recordid = 0", "deletedrecord")
    found = http.ask("SELECT s.id, s.name FROM subsidiary s ORDER BY s.id", "subsidiary")
    if not found:
        raise SourceError(
            f"{http.access.source}: the role may see no subsidiary",
            "give it the subsidiaries whose receivables are to be read, and the permissions for transactions,"
            " customers, SuiteAnalytics Workbook, REST web services and deleted records",
        )
    return "may read the subsidiaries " + ", ".join(f"{row['id']} ({row['name']})" for row in found)


def count(http: SuiteTalk, resource: Resource) -> int | None:
    from cartera.connectors.netsuite.entities import FROM

    return int(http.ask(f"SELECT COUNT(*) AS n FROM {FROM[resource.name]}", resource.name)[0]["n"])


def controls(http: SuiteTalk) -> Iterator[Control]:
    """What is unpaid of invoices less what is unused of credits, as the documents themselves say."""
    from cartera.connectors.netsuite.entities import FROM

    rows = http.ask(
        "SELECT tl.subsidiary, c.symbol AS currency, SUM(CASE WHEN t.type = 'CustInvc' THEN"
        " NVL(t.foreignamountunpaid, 0) ELSE -NVL(t.foreignpaymentamountunused, 0) END) AS amount"
        f" FROM {FROM['transaction']} AND t.posting = 'T' AND t.voided = 'F' GROUP BY tl.subsidiary, c.symbol"
        " ORDER BY tl.subsidiary, c.symbol",
        "controls",
    )
    for row in rows:
        yield Control(str(row["subsidiary"]), row["currency"], Decimal(row["amount"]))
