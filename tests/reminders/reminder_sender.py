"""A sender in processes of its own, that can be killed: run by the crash tests, one command per line of input.

{"database": "test_1", "folder": "/folder", "kind": "keys", "kill_at": [["before_call", 3], null], "batch": 5,
"group": 2, "limit": null} forks one sender for each of `kill_at`, waits and answers with their exit codes (-9: killed).
The kill is at the n-th passing of a point; null: it lives. `kind`: of provider; "mailbox": the mailbox at `port`, which
does the kill at "during_call" itself, while it has the message and the sender has no answer. With "shift" their clock
is so many seconds ahead of the real one, and "is_real" takes the channel for one to real people. "till": where the
week's gateway is.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from fast_clock import FastClock, shift_modules
from reminder_provider import Provider
from week_gateways import TillGateways

from cartera.reminders import EmailChannel, send_reminders
from cartera.reminders.channels.base import Channel
from cartera.reminders.plan import templates_of
from cartera.sandbox.mailbox import MessageStore
from cartera.settings import get_settings

VICTIM = "victim.pid"


def main() -> None:
    # the rules of all countries, which each child would else read anew
    templates_of(get_settings())
    for line in sys.stdin:
        command = json.loads(line)
        children = [_fork(command, kill_at) for kill_at in command["kill_at"]]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        sys.stdout.write(json.dumps(codes) + "\n")
        sys.stdout.flush()


def _fork(command: dict[str, Any], kill_at: tuple[str, int] | None) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        os.environ["CARTERA_DATABASE_NAME"] = command["database"]
        get_settings.cache_clear()
        try:
            _send(command, kill_at)
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    return child


def _send(command: dict[str, Any], kill_at: tuple[str, int] | None) -> None:
    passed: Counter[str] = Counter()
    point, count = kill_at or ("", 0)
    folder = Path(command["folder"])

    if command.get("shift"):
        clock = FastClock()
        clock.shift = dt.timedelta(seconds=command["shift"])
        shift_modules(clock)

    def at(name: str) -> None:
        passed[name] += 1
        if point == "during_call" and command["kind"] == "mailbox":
            if name == "before_call" and passed[name] == count:
                (folder / VICTIM).write_text(str(os.getpid()))
        elif name == point and passed[name] == count:
            os.kill(os.getpid(), signal.SIGKILL)

    send_reminders(
        {"email": _channel(command, folder)},
        lease=dt.timedelta(0),
        limit=command["limit"],
        batch=command["batch"],
        group=command["group"],
        at=at,
        gateways=TillGateways(command["till"]) if command.get("till") else None,
    ).raise_if_stopped()


def _channel(command: dict[str, Any], folder: Path) -> Channel:
    if command["kind"] != "mailbox":
        return Provider(folder, command["kind"])
    store = MessageStore(folder / "mailbox")
    return EmailChannel(
        host="127.0.0.1",
        port=command["port"],
        is_real=command.get("is_real", False),
        finder=lambda id: any(message.message_id == id for message in store.messages()),
    )


if __name__ == "__main__":
    main()
