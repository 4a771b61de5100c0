"""A provider of messages that counts what it took, by key: one that keeps keys or not, that can be asked or not.

with ProviderStub(keeps_keys=False, can_look_up=True) as provider:
    channel = provider.channel()            # a WebhookChannel that speaks to it
    provider.on_taken = kill_the_sender     # called when a message is taken and not yet answered
    provider.delivered[key]                 # how often the debtor has it
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from support.stub_server import Reply, Request, Stub, json_reply

from cartera.reminders.channels.webhook import SIGNATURE, TIMESTAMP, WebhookChannel, signature

SECRET = "a secret of the stub"


class ProviderStub(Stub):
    """`delivered`: messages by key. `hang_up`, `hang_seconds`: the next messages are taken, and then the connection is
    cut or the answer is late."""

    def __init__(self, *, keeps_keys: bool, can_look_up: bool) -> None:
        super().__init__()
        self.keeps_keys, self.can_look_up = keeps_keys, can_look_up
        self.delivered: Counter[str] = Counter()
        self.messages: list[dict[str, Any]] = []
        self.on_taken: Callable[[str], None] = lambda key: None
        self.hang_up = 0
        self.hang_seconds = 0.0

    def channel(self, name: str = "push", **given: Any) -> WebhookChannel:
        return channel_to(self.url, keeps_keys=self.keeps_keys, can_look_up=self.can_look_up, name=name, **given)

    def answer(self, request: Request) -> Reply:
        if request.method == "GET":
            key = unquote(request.path.rpartition("/")[2])
            return json_reply({}, 200 if self.delivered[key] else 404) if self.can_look_up else json_reply({}, 405)
        if request.headers[SIGNATURE.lower()] != signature(SECRET, request.headers[TIMESTAMP.lower()], request.body):
            return json_reply({"error": "signature"}, 401)
        key = request.headers["idempotency-key"]
        if not (self.keeps_keys and self.delivered[key]):
            self.delivered[key] += 1
            self.messages.append(json.loads(request.body))
        self.on_taken(key)
        if self.hang_seconds:
            time.sleep(self.hang_seconds)
        if self.hang_up:
            self.hang_up -= 1
            return Reply(200, b"cut short", cut=0)
        return json_reply({"id": f"m{sum(self.delivered.values())}"}, 202)


def channel_to(
    url: str, *, keeps_keys: bool, can_look_up: bool, name: str = "push", is_real: bool = False, timeout: float = 10
) -> WebhookChannel:
    """A channel to a stub, also from another process. Not real unless it says so: figures may be of any day."""
    return WebhookChannel(
        f"{url}/messages",
        SECRET,
        name,
        dt.timedelta(hours=24) if keeps_keys else None,
        look_up_url=f"{url}/messages" if can_look_up else None,
        redirect_to=None if is_real else "a device of ours",
        timeout=timeout,
    )
