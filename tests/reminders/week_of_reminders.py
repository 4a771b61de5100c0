"""The week that benchmarks/a_week_of_reminders.py lives through: its hours, its faults, and what is counted."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from fast_clock import fast_clock
from reminder_sender import VICTIM
from reminder_world import query
from week_books import BOOKS, Books, truth
from week_gateways import NOBODY_THERE, SOURCES, TillGateways
from week_laws import Laws
from week_till import TROUBLE, WeekTill

from cartera import db
from cartera.errors import DatabaseError, GateFailed
from cartera.reminders import EmailChannel, SendReport, approve_reminders, plan_reminders, send_reminders
from cartera.reminders.channels.base import AtPoint, nowhere
from cartera.sandbox.mailbox import Mailbox
from cartera.settings import get_settings

__all__ = ["BOOKS", "Week"]

POINTS = (
    "after_reserve", "after_commit", "after_render", "before_call", "during_call", "after_call",
    "before_record", "after_record", "acknowledge",
)  # fmt: skip
FAULTS = {
    "refused": "the mail server answers 5xx to some; the connection is cut after DATA",
    "killed": "the sender is killed at every named point, with a second one beside it",
    "down": "the mail server is down, then answers 4xx; the gateway is down, answers 429, is slow, talks nonsense",
    "restarted": "the database restarts in the middle; tasks are retried and cleared",
    "idle": "nothing runs all day",
    "stale": "the source is stale until the afternoon",
    "clock": "the clock is nine days ahead at noon, and three days behind an hour later",
}
"""One a day."""
READS, NEWS, PLANS, DAWN, BACK = 2, 11, (2, 6, 15), 10, 15
"""Hours, UTC: the books are read; news of the day lands; plans are made; before it no hour of the Americas is lawful;
the stale source is there again."""
PAID_THERE, GATEWAY = (12, 17), dict(zip((15, 16, 18, 19), TROUBLE, strict=True))
"""Hours in which invoices are paid at the gateway; and on one day those in which it gives no answer."""


# of approved contacts, and of messages that went out, those about invoices that the gateway knows
_PAYABLE = f"""
select distinct o.invoice_id
from ops.contacts as c join ops.contact_items as i using (contact_id) join serve.fct_open_items as o using (item_id)
where c.status = 'approved' and split_part(o.invoice_id, ':', 1) in {SOURCES} order by 1
"""
_PAID_THERE = f"""
select count(distinct contact_id)::int as contacts from ops.contacts join ops.contact_items using (contact_id)
where status = 'sent' and split_part(item_id, ':', 1) in {SOURCES}
"""
_WAITING = "select 1 from ops.contacts where status in ('approved', 'reserved', 'unknown') limit 1"


class Week:
    """`days`: of each its day, what went wrong, and what was counted."""

    def __init__(self, books: Books, folder: Path, database: str, seed: int) -> None:
        self.books, self.folder, self.database = books, folder, database
        self.dice = random.Random(seed)
        self.till = WeekTill()
        self.laws = Laws(self.till)
        self.days: list[tuple[dt.date, str, dict[str, Counter[str]]]] = []
        self.limit = books.an_hour
        self._events = 0

    def __enter__(self) -> Self:
        self._stack = contextlib.ExitStack()
        os.environ |= {
            "CARTERA_SMTP_URL": "smtp://127.0.0.1:1",
            "CARTERA_DELIVER_TO_REAL_ADDRESSES": "true",
            "CARTERA_MAIL_FROM": "cobranzas@acreedor.pe",
        }
        get_settings.cache_clear()
        self.policy = self._policy()
        self.clock = self._stack.enter_context(fast_clock(self.database))
        self.mailbox = self._stack.enter_context(Mailbox(self.folder))
        self._stack.enter_context(self.till)
        self._deadly()
        self.senders = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("reminder_sender.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stack.callback(self.senders.communicate, timeout=30)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._stack.close()
        for name in ("SMTP_URL", "DELIVER_TO_REAL_ADDRESSES", "MAIL_FROM"):
            del os.environ[f"CARTERA_{name}"]
        get_settings.cache_clear()

    def _policy(self) -> Path:
        """The policy that comes with Cartera; its figures may be a day old."""
        default = yaml.safe_load((get_settings().policies_dir / "default.yaml").read_text(encoding="utf-8"))
        path = self.folder / "default.yaml"
        path.write_text(yaml.safe_dump(default | {"max_source_age_days": 1}), encoding="utf-8")
        return path

    def _deadly(self) -> None:
        """The mailbox kills the sender that asks for it, when the message is stored and not yet answered."""
        save, victim = self.mailbox.store.save, self.folder / VICTIM

        def save_and_kill(mail_from: str, recipients: list[str], content: bytes) -> object:
            stored = save(mail_from, recipients, content)
            if victim.exists():
                os.kill(int(victim.read_text()), signal.SIGKILL)
                victim.unlink()
            return stored

        self.mailbox.store.save = save_and_kill  # type: ignore[assignment, method-assign]

    # the week

    def live(self) -> None:
        for number, (fault, said) in enumerate(FAULTS.items()):
            day = self.books.first + dt.timedelta(days=number)
            counted: dict[str, Counter[str]] = {"sent": Counter(), "not sent": Counter(), "left in peace": Counter()}
            for hour in range(24):
                self.moment = dt.datetime.combine(day, dt.time(hour, 7), tzinfo=dt.UTC)
                self.clock.set(self.moment)
                if fault != "idle":
                    self._hour(fault, day, hour)
                counted["sent"].update(self.laws.look(self.mailbox.store.messages(), self.moment))
            self._count(counted)
            self.days.append((day, said, counted))
        self._finish()

    def _hour(self, fault: str, day: dt.date, hour: int) -> None:
        is_stale = fault == "stale" and hour < BACK
        if hour in (READS, NEWS) or fault == "stale" and hour == BACK:
            self.books.read(day, hour, is_read=not is_stale, paid=self.till.paid)
            self.till.open_now = truth()
        if hour in PLANS:
            self._plan()
        if hour < DAWN or not query(_WAITING):
            return
        if hour in PAID_THERE:
            self._pay_there()
        getattr(self, f"_send_when_{fault}", self._send)(hour)

    def _pay_there(self) -> None:
        """Some of those who are about to be written to pay at the gateway, whole or in part."""
        waiting = [row["invoice_id"] for row in query(_PAYABLE) if self.till.left(row["invoice_id"])[0]]
        for invoice in self.dice.sample(waiting, min(2, len(waiting))):
            self.till.pay(invoice, self.dice.choice((Decimal(1), Decimal("0.3"))))

    def _plan(self) -> None:
        plan_reminders(policy_path=self.policy)
        approve_reminders(approved_by="a person")

    def _send(
        self,
        hour: int = 0,
        *,
        mailbox: Mailbox | None = None,
        port: int | None = None,
        at: AtPoint = nowhere,
        limit: int | None = -1,
        till: str | None = None,
    ) -> SendReport:
        most = self.limit if limit == -1 else limit
        host, open_port = (mailbox or self.mailbox).address
        channel = EmailChannel(host=host, port=port or open_port, is_real=True, timeout=10, finder=self._has)
        gateways = TillGateways(till or self.till.url)
        return send_reminders({"email": channel}, limit=most, group=2, lease=dt.timedelta(0), at=at, gateways=gateways)

    def _has(self, message_id: str) -> bool:
        return any(message.message_id == message_id for message in self.mailbox.store.messages())

    def _send_when_down(self, hour: int) -> None:
        if hour in (12, 13):
            assert self._send(port=1).sent == 0
        elif hour == 14:
            with self._server(refuse={".*": 451}) as refusing:
                assert self._send(mailbox=refusing).sent == 0
        elif hour in GATEWAY:
            self.till.trouble = GATEWAY[hour]
            before = query(_PAID_THERE)
            self._send(till=NOBODY_THERE if GATEWAY[hour] == "down" else None, limit=2 * self.limit)
            assert query(_PAID_THERE) == before, f"sent on a guess while the gateway was {GATEWAY[hour]}"
            self.till.trouble = None
        else:
            self._send()

    def _send_when_refused(self, hour: int) -> None:
        if hour == 12:
            with self._server(refuse={r".*[05]@.*": 550}) as refusing:
                self._send(mailbox=refusing, limit=4 * self.limit)
        elif hour == 13:
            with self._server(hang_up_after=".*") as rude:
                report = self._send(mailbox=rude)
                assert report.sent == 0
        else:
            self._send()

    @contextlib.contextmanager
    def _server(self, **behaviour: Any) -> Any:
        """Another server that stores where the first does."""
        with Mailbox(self.folder, **behaviour) as server:
            yield server

    def _send_when_killed(self, hour: int) -> None:
        point = POINTS[hour - 12] if 0 <= hour - 12 < len(POINTS) else None
        if point is None:
            self._send()
            return
        kills = [(point, self.dice.choice((1, 1, 2))), self.dice.choice((None, (self.dice.choice(POINTS), 1)))]
        assert self.senders.stdin and self.senders.stdout
        command = {
            "database": self.database, "port": self.mailbox.address[1], "folder": str(self.folder), "kind": "mailbox",
            "kill_at": kills, "batch": 3, "group": 2, "limit": self.limit, "is_real": True,
            "shift": self.clock.shift.total_seconds(), "till": self.till.url,
        }  # fmt: skip
        self.senders.stdin.write(json.dumps(command) + "\n")
        self.senders.stdin.flush()
        codes = json.loads(self.senders.stdout.readline())
        assert set(codes) <= {0, -9}, codes

    def _send_when_restarted(self, hour: int) -> None:
        point = {12: "after_reserve", 14: "before_call", 16: "after_call", 18: "before_record"}.get(hour)
        if point:
            self._restarted_at(point)
        elif hour in (13, 15):
            for _ in range(3):  # retried, and cleared with what the run was for
                self._plan()
                plan_reminders(self.moment.date() - dt.timedelta(days=2), self.policy)
                self._send()
        else:
            self._send()

    def _restarted_at(self, point: str) -> None:
        done: list[str] = []

        def restart(name: str) -> None:
            if name == point and not done:
                done.append(name)
                db.stop()
                db.ensure_ready(again=True)

        # where nothing waits there is nothing to interrupt
        with contextlib.suppress(DatabaseError):
            self._send(at=restart)

    def _send_when_clock(self, hour: int) -> None:
        wrong = {12: dt.timedelta(days=9), 13: dt.timedelta(days=-3)}.get(hour)
        if wrong is None:
            self._send()
            return
        before = len(self.mailbox.store.messages())
        self.clock.set(self.moment + wrong)
        with contextlib.suppress(GateFailed):
            self._plan()
        report = self._send()
        assert report.sent == 0, "sent by a clock that is wrong"
        assert len(self.mailbox.store.messages()) == before
        self.clock.set(self.moment)
        self._plan()

    def _count(self, counted: dict[str, Counter[str]]) -> None:
        found = query(
            "select e.event_id, e.to_status, coalesce(e.reason_code, e.to_status) as why from ops.contact_events as e"
            f" where event_id > {self._events} order by event_id"
        )
        self._events = found[-1]["event_id"] if found else self._events
        ends = ("skipped", "failed", "unknown")
        counted["not sent"].update(
            row["why"] for row in found if row["to_status"] in ends or row["why"] == "gateway_silent"
        )
        day = self.moment.date()
        skips = query(
            f"select reason_code, count(*)::int as n from ops.contact_skips where as_of_date = '{day}' group by 1"
        )
        counted["left in peace"].update({row["reason_code"]: row["n"] for row in skips})

    def _finish(self) -> None:
        self._send()
        self.laws.look(self.mailbox.store.messages(), self.moment)
        self.laws.end(self.mailbox.store.messages())
