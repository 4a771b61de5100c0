"""Other systems are only read: what a connector sends that is no GET is a login or a question, each named here."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from support.connected import Connected
from support.erpnext_stub import ErpNext

from cartera import connectors
from cartera.connectors.api.http import Http

FOLDER = Path(connectors.__file__).parent

QUESTIONS = {
    # calls by POST that only ask, and the way to the methods they may call
    ("odoo/protocols.py", "f'json/2/{model}/{method}'"),
    ("odoo/protocols.py", "'jsonrpc'"),
    ("odoo/protocols.py", "f'xmlrpc/2/{service}'"),
    ("tryton/client.py", "''"),
    ("tryton/client.py", "root"),
    ("netsuite/client.py", "'services/rest/query/v1/suiteql'"),
    ("sapb1/client.py", "'CompanyService_GetAdminInfo'"),
}
LOGINS = {
    ("api/oauth.py", "self.url"),
    ("businesscentral/client.py", "f\"{access['tenant']}/oauth2/v2.0/token\""),
    ("netsuite/client.py", "TOKEN_PATH"),
    ("paypal/client.py", "'v1/oauth2/token'"),
    ("sapb1/client.py", "'Login'"),
    ("sapb1/client.py", "'Logout'"),
    ("tryton/client.py", "path"),
}
ASKED = {
    "odoo": {"search_read", "search_count", "fields_get", "authenticate", "version", "login", "execute_kw"},
    "tryton": {"search_read", "search_count", "fields_get", "get_preferences", "listMethods", "login", "logout",
               "version"},
}  # fmt: skip
SENDS = r"httpx\.(Client|AsyncClient|request|stream|get|post|put|patch|delete)\b|import requests|urllib\.request"
WRITES = ("create", "write", "unlink", "delete", "copy", "action_post", "post", "set", "update")


def _posts() -> set[tuple[str, str]]:
    found = set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "post":
                found.add((path.relative_to(FOLDER).as_posix(), ast.unparse(node.args[0])))
    return found


def test_the_session_can_get_and_post_alone() -> None:
    verbs = {"get", "head", "post", "put", "patch", "delete"}
    assert {name for name, _member in inspect.getmembers(Http, callable)} & verbs == {"get", "post"}
    # and nobody goes around it
    senders = [path for path in FOLDER.rglob("*.py") if re.search(SENDS, path.read_text(encoding="utf-8"))]
    assert [path.relative_to(FOLDER).as_posix() for path in senders] == ["api/http.py"]


def test_what_is_posted_is_a_question_or_a_login() -> None:
    assert _posts() == QUESTIONS | LOGINS


def test_remote_calls_ask() -> None:
    """Odoo and Tryton take all calls at one address: the names of their methods are in the connectors as texts."""
    for system, known in ASKED.items():
        texts = {
            node.value.rpartition(".")[2]
            for path in (FOLDER / system).rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not texts & set(WRITES), system
        assert texts & known, system


def test_the_size_of_a_page_is_the_sources(stub: ErpNext, erp: Connected) -> None:
    erp.sync()
    sizes = [
        request.params["limit_page_length"] for request in stub.requests
        if request.path.endswith("Sales%20Invoice") and "modified asc" in request.params.get("order_by", "")
    ]  # fmt: skip
    assert set(sizes) == {"10"} and len(sizes) > 3
    assert {request.method for request in stub.requests} == {"GET"}
