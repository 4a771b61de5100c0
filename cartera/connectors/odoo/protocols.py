"""One method of one model, asked in each of the three protocols; the answers are the same."""

from __future__ import annotations

import re
import xmlrpc.client
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.parsers.expat import ExpatError

from cartera.connectors.api import Access
from cartera.connectors.api.http import Answer, Http
from cartera.errors import SourceError

Call = Callable[..., Any]
"""(model, method, **arguments). Raises SourceError."""

JSON2_SINCE = 19
DENIED, FORBIDDEN = ("AccessDenied", 3), ("AccessError", 4)
"""As JSON-RPC names an error, and XML-RPC numbers it."""


def call_of(http: Http, access: Access) -> Call:
    """Logged in, by the protocol of the settings."""
    protocol, ask = access["protocol"], json_rpc(http)
    if protocol == "xmlrpc":
        ask = xml_rpc(http)
    elif protocol == "json2" or (protocol == "auto" and _major(ask("common", "version")) >= JSON2_SINCE):
        return json_2(http, access)
    user = ask("common", "authenticate", access["database"], access["user"], access["api_key"], {})
    if not user:  # no error: false, with status 200
        raise _refused(access, http.access.source, "Access Denied")
    login = (access["database"], user, access["api_key"])
    return lambda model, method, **arguments: ask("object", "execute_kw", *login, model, method, [], arguments)


def _major(version: Any) -> int:
    """18 of `18.0` and of `saas~18.2`."""
    found = re.search(r"\d+", str((version or {}).get("server_version", "")))
    return int(found[0]) if found else 0


def json_2(http: Http, access: Access) -> Call:
    headers = {"Authorization": f"bearer {access['api_key']}", "X-Odoo-Database": access["database"]}

    def call(model: str, method: str, **arguments: Any) -> Any:
        return http.post(f"json/2/{model}/{method}", arguments, headers=headers).json

    return call


def json_rpc(http: Http) -> Call:
    def ask(service: str, method: str, *arguments: Any) -> Any:
        params = {"service": service, "method": method, "args": arguments}
        answer = http.post("jsonrpc", {"jsonrpc": "2.0", "method": "call", "id": 1, "params": params})
        document = answer.json if isinstance(answer.json, dict) else {}
        if "error" in document:
            data = document["error"].get("data") or {}
            kind = str(data.get("name", "")).rpartition(".")[2]
            raise problem(http, answer, kind, data.get("message") or document["error"].get("message"))
        return document.get("result")

    return ask


def xml_rpc(http: Http) -> Call:
    def ask(service: str, method: str, *arguments: Any) -> Any:
        body = xmlrpc.client.dumps(arguments, method, allow_none=True).encode()
        answer = http.post(f"xmlrpc/2/{service}", form=body, headers={"Content-Type": "text/xml"})
        unmarshaller = _Exact()
        # the parser's type is not exported
        parser: Any = xmlrpc.client.ExpatParser(unmarshaller)
        parser._parser.StartDoctypeDeclHandler = _no_entities
        try:
            parser.feed(answer.body)
            parser.close()
            (result,) = unmarshaller.close()
        except xmlrpc.client.Fault as fault:
            raise problem(http, answer, fault.faultCode, fault.faultString) from None
        except (ExpatError, xmlrpc.client.ResponseError, ValueError, InvalidOperation) as error:
            raise SourceError(
                f"{answer.where}: answered what is no XML-RPC: {http.clean(str(error))[:200]}",
                "see whether the address is that of Odoo, and whether a proxy or a login stands before it",
            ) from None
        return result

    return ask


def _decimal(unmarshaller: xmlrpc.client.Unmarshaller, data: str) -> None:
    unmarshaller.append(Decimal(data))
    unmarshaller._value = False


class _Exact(xmlrpc.client.Unmarshaller):
    """Numbers never pass through float."""

    def __init__(self) -> None:
        super().__init__()
        self.dispatch = {**self.dispatch, "double": _decimal}


def _no_entities(*_declared: Any) -> None:
    raise ValueError("it declares entities")


def problem(http: Http, answer: Answer, kind: str | int, message: Any) -> SourceError:
    """The error that Odoo answered with status 200; of a traceback only its last line."""
    lines = [line for line in str(message).splitlines() if line.strip()] or [""]
    said = http.clean(lines[-1] if lines[0].startswith("Traceback") else lines[0])[:200]
    if kind in DENIED:
        return _refused(http.access, answer.where, said)
    if kind in FORBIDDEN:
        return SourceError(
            f"{answer.where}: the account may not read this: {said}",
            "give the user the right to read invoicing (Billing), or leave the table out with `without:` in the source",
        )
    return SourceError(f"{answer.where}: {kind}: {said}", "see whether the version of Odoo is one of 16 to 19")


def _refused(access: Access, where: str, said: str) -> SourceError:
    return SourceError(
        f"{where}: does not accept the login: {said}",
        f"see database and user, whether the API key has expired, and give a valid one with {access.anew}",
    )
