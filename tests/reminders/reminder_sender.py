"""A sender in processes of its own, that can be killed: run by the crash tests, one command per line of input.

{"database": "test_1", "port": 2525, "mailbox": "/folder", "senders": 2, "kill_at": ["before_call", 3]} forks
that many senders, waits and answers with their exit codes (-9: killed). The kill is at the n-th passing of a point;
at "during_call" the mailbox does it, while it has the message and the sender has no answer.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

from cartera.reminders import EmailChannel, send_reminders
from cartera.sandbox.mailbox import MessageStore
from cartera.settings import get_settings

VICTIM = "victim.pid"


def main() -> None:
    for line in sys.stdin:
        command = json.loads(line)
        children = [_fork(command) for _ in range(command["senders"])]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        sys.stdout.write(json.dumps(codes) + "\n")
        sys.stdout.flush()


def _fork(command: dict) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        os.environ["CARTERA_DATABASE_NAME"] = command["database"]
        get_settings.cache_clear()
        try:
            _send(command)
            code = 0
        finally:
            os._exit(code)
    return child


def _send(command: dict) -> None:
    passed: Counter[str] = Counter()
    point, count = command["kill_at"] or ("", 0)
    folder = Path(command["mailbox"])

    def at(name: str) -> None:
        passed[name] += 1
        if point == "during_call" and name == "before_call" and passed[name] == count:
            (folder / VICTIM).write_text(str(os.getpid()))
        if name == point and passed[name] == count:
            os.kill(os.getpid(), signal.SIGKILL)

    store = MessageStore(folder / "mailbox")
    channel = EmailChannel(
        host="127.0.0.1",
        port=command["port"],
        is_real=False,
        look_up=lambda id: any(message.message_id == id for message in store.messages()),
    )
    send_reminders({"email": channel}, lease=dt.timedelta(0), at=at).raise_if_stopped()


if __name__ == "__main__":
    main()
