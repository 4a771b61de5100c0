"""Planning for many open items, and sending through the outbox, each beside the least that it could take.

    python benchmarks/reminders.py [--items 100000] [--customers 10000] [--messages 3000] [--senders 2] [--keep]

Makes a published world of that size in a state folder of its own, and a mail server in a process of its own that
takes everything and counts. It measures

- planning all customers, stored with contacts, items, reasons and skips; beside it a plain read of the same items;
- sending: reserve, ask again, render, hand over by SMTP, record, seal, with every guarantee on and the server's
  `fsync` on; beside it a bare loop of smtplib that sends the same texts to the same server and keeps no record.

Claims: 1,000,000 items of 100,000 customers are planned in 30 s (`--items 1000000 --customers 100000`); 300 messages
a second; memory that does not grow while sending.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import multiprocessing
import os
import shutil
import smtplib
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

PROJECT = Path(__file__).resolve().parents[1]
CLAIMED_MESSAGES, CLAIMED_PLAN = 300, 30.0
SETTLED = 1.05
"""So much more memory from the first third of the messages to the last is flat."""

AS_OF = dt.date(2026, 6, 30)
FILL = """
insert into marts_a.items
select 'files:' || n, 'instalment', 'main', 'files:c' || n %% %(customers)s, 'F001-' || n,
    %(as_of)s - 30 - (n / %(customers)s) %% 90, %(as_of)s - (n / %(customers)s) %% 90, 'PEN',
    50 + n %% 1000, 50 + n %% 1000, n %% 50 = 0, null
from generate_series(0, %(items)s - 1) as n;
insert into marts_a.customers
select 'files:c' || n, 'main', 'Cliente ' || n, 'PE', (array['es', 'en', 'pt'])[1 + n %% 3],
    'c' || n || '@cliente.pe', true, 'files', '2020-01-01', '9999-12-31'
from generate_series(0, %(customers)s - 1) as n;
create index on marts_a.items (customer_id);
create index on marts_a.customers (customer_id);
analyze marts_a.items, marts_a.customers;
"""


class Sink(asyncio.Protocol):
    """Just enough SMTP: says yes to everything and keeps nothing."""

    is_data = False

    def connection_made(self, transport: Any) -> None:
        self.transport, self.rest = transport, b""
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while True:
            if self.is_data:
                end = self.rest.find(b"\r\n.\r\n")
                if end < 0:
                    return
                self.rest, self.is_data = self.rest[end + 5 :], False
                self.transport.write(b"250 OK\r\n")
                continue
            line, found, rest = self.rest.partition(b"\r\n")
            if not found:
                return
            self.rest = rest
            verb = line[:4].upper()
            self.is_data = verb == b"DATA"
            self.transport.write({b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}.get(verb, b"250 OK\r\n"))


def run_sink(ready: Any) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def report(what: str, count: int, seconds: float) -> None:
    say(f"{what:<46} {seconds:7.2f} s {count / seconds:12,.0f} a second {memory():6,.0f} MB")


def memory() -> float:
    return psutil.Process().memory_info().rss / 1024**2


def make_world(items: int, customers: int) -> None:
    """The tables that the reminders' tests read, filled in the database."""
    sys.path.insert(0, str(PROJECT / "tests" / "reminders"))
    from reminder_world import World

    from cartera.db import Role, transaction

    world = World()
    world.owes("files:none", due=400)
    world.publish()
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute(FILL, {"items": items, "customers": customers, "as_of": AS_OF})


def plan(items: int) -> bool:
    from cartera.db import Role, transaction
    from cartera.reminders import plan_reminders

    started = time.perf_counter()
    with transaction(Role.campaign) as connection, connection.cursor("read") as cursor:
        cursor.itersize = 10_000
        cursor.execute("select * from serve.fct_open_items order by due_date, item_id")
        assert sum(1 for _ in cursor) == items + 1
    plain = time.perf_counter() - started
    report("plain read of the items", items, plain)
    started = time.perf_counter()
    planned = plan_reminders()
    seconds = time.perf_counter() - started
    report(f"planned {planned.planned:,}, left in peace {planned.skipped:,}", items, seconds)
    say(f"planning / plain read {seconds / plain:.1f}")
    limit = CLAIMED_PLAN * max(items / 1_000_000, 0.01)
    say(f"claim: {items:,} items in {limit:.1f} s: {'held' if seconds <= limit else 'MISSED'}")
    return seconds <= limit


def send(port: int, messages: int, senders: int) -> bool:
    from cartera.reminders import approve_reminders

    started = time.perf_counter()
    approved = approve_reminders(limit=messages, approved_by="benchmark").approved
    report("approved", approved, time.perf_counter() - started)
    ours, theirs = multiprocessing.Pipe()
    running = [multiprocessing.Process(target=run_sender, args=(port, theirs)) for _ in range(senders)]
    started = time.perf_counter()
    for each in running:
        each.start()
    found = [ours.recv() for _ in running]
    seconds = time.perf_counter() - started
    for each in running:
        each.join()
    sent = sum(count for count, _, _ in found)
    assert sent == approved, found
    report(f"sent through the outbox by {senders} at once", sent, seconds)
    started = time.perf_counter()
    bare(port, sent)
    plain = time.perf_counter() - started
    report("bare smtplib, no record", sent, plain)
    say(f"outbox / bare {seconds / plain:.1f}")
    rate = sent / seconds
    verdict = "held" if rate >= CLAIMED_MESSAGES else "MISSED"
    say(f"claim: {CLAIMED_MESSAGES} messages a second: {verdict} ({rate:,.0f})")
    flat = all(last <= first * SETTLED for _, first, last in found)
    for _, first, last in found:
        say(f"a sender's memory: {first:,.0f} MB after a third, {last:,.0f} MB at the end")
    say(f"claim: flat memory: {'held' if flat else 'MISSED'}")
    return rate >= CLAIMED_MESSAGES and flat


def run_sender(port: int, answer: Any) -> None:
    """One `cartera reminders send`, in a process of its own."""
    from cartera.reminders import EmailChannel, send_reminders

    sizes: list[float] = []

    def at(name: str) -> None:
        if name == "after_call":
            sizes.append(memory())

    sent = send_reminders({"email": EmailChannel("127.0.0.1", port, is_real=False)}, at=at)
    sent.raise_if_stopped()
    answer.send((sent.sent, sizes[len(sizes) // 3], sizes[-1]))


def bare(port: int, messages: int) -> None:
    """Texts of the size of ours, one after the other on one connection."""
    content = b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 60
    with smtplib.SMTP("127.0.0.1", port, "localhost") as client:
        for number in range(messages):
            client.sendmail("a@example.com", [f"c{number}@cliente.pe"], content)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--messages", type=int, default=3_000)
    parser.add_argument("--senders", type=int, default=2, help="processes that send at once")
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cartera-reminders-"))
    os.environ["CARTERA_HOME"] = str(folder / "home")
    from cartera import db

    ours, theirs = multiprocessing.Pipe()
    sink = multiprocessing.Process(target=run_sink, args=(theirs,), daemon=True)
    sink.start()
    port = ours.recv()
    try:
        make_world(asked.items, asked.customers)
        held = [plan(asked.items), send(port, asked.messages, asked.senders)]
        return 0 if all(held) else 1
    finally:
        sink.terminate()
        with contextlib.suppress(Exception):
            db.stop()
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
