"""localstripe, the real process, and before it what gives its answers the form that Stripe's have today.

localstripe speaks the API as it was in 2019: it filters by `created` only events, an invoice names its payment intent
instead of listing its payments, and what it can't expand it refuses.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from support.own_environment import own_environment
from support.stub_server import Reply, Request, Stub

KEY = "sk_test_of_localstripe"
REQUIREMENTS = Path(__file__).resolve().parents[1] / "connectors" / "stripe" / "localstripe_requirements.txt"
SLOWEST_START = 30.0
Record = dict[str, Any]


class LocalStripe(Stub):
    """`ask`: what people do there, at localstripe itself."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._client = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {KEY}"}, timeout=20)

    def ask(self, method: str, path: str, **form: str) -> Record:
        """Raises httpx.HTTPStatusError."""
        found: Record = self._client.request(method, f"/v1/{path}", data=form).raise_for_status().json()
        return found

    def answer(self, request: Request) -> Reply:
        params = {name: value for name, value in request.params.items() if not name.startswith("expand")}
        since = None if request.path == "/v1/events" else params.pop("created[gte]", None)
        headers = {"Authorization": request.headers.get("authorization", "")}
        found = self._client.get(request.path, params={**params, "limit": "1000"} if since else params, headers=headers)
        body = found.json()
        if found.status_code == 200 and body.get("object") == "list":
            listed = [record for record in body["data"] if record["created"] >= int(since or 0)]
            body = {**body, "data": [self._today(record) for record in listed]}
        elif found.status_code == 200:
            body = self._today(body)
        # the date is its own clock's
        return Reply(found.status_code, json.dumps(body).encode(), {"Date": found.headers["date"]})

    def _today(self, record: Record) -> Record:
        if record["object"] == "refund":
            return {**record, "charge": self.ask("GET", f"charges/{record['charge']}")}
        if record["object"] == "payment_intent":
            return {**record, "latest_charge": record["latest_charge"]["id"]}
        if record["object"] != "invoice":
            return record
        is_paid = record["status"] == "paid"
        payment = {
            "id": f"inpay_{record['id']}",
            "status": "paid",
            "currency": record["currency"],
            "amount_paid": record["amount_paid"],
            "payment": {"type": "payment_intent", "payment_intent": record["payment_intent"]},
            "status_transitions": {"paid_at": record["status_transitions"]["paid_at"]},
        }
        payments = {"data": [payment] if is_paid else [], "has_more": False}
        return {**record, "payments": payments, "amount_remaining": record["amount_due"] - record["amount_paid"]}


@contextmanager
def localstripe(folder: Path) -> Iterator[LocalStripe]:
    """A fresh one while the block lasts."""
    program = own_environment("localstripe", REQUIREMENTS) / "localstripe"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with open(folder / "localstripe.log", "wb") as log:
        process = subprocess.Popen(
            [str(program), "--port", str(port), "--from-scratch"], stdout=log, stderr=log, cwd=folder
        )
    try:
        _wait_for(process, port, folder / "localstripe.log")
        with LocalStripe(f"http://127.0.0.1:{port}") as made:
            yield made
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + SLOWEST_START
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"localstripe did not start: {log.read_text()[-2000:]}")
