"""E-mail what is due: once for each time that it is, whatever is killed or run again.

A row is written before anything is made (`claimed`), and again just before the body is handed to the mail server
(`handed`). What is found claimed was surely not sent, and is; what is found handed is looked up by its Message-ID, and
where nobody can tell it becomes `unknown` and is not sent again by itself. One sender works at a time.

What waits for a server or a database that is away does so until the schedule is due again, however long; a no of the
server counts, and the last of MOST_ATTEMPTS is `failed`: it was surely not sent, and a person may have it sent again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from psycopg2.errors import QueryCanceled
from psycopg2.extras import Json

from cartera import viewed
from cartera.clock import utc_now
from cartera.db import Role, connect, transaction
from cartera.desk import Actor
from cartera.errors import CarteraError, ConfigError, DatabaseError, NotPublished, SendError
from cartera.reminders.channels.base import AtPoint, Channel, Outcome, nowhere
from cartera.reminders.channels.email import EmailChannel
from cartera.reminders.message import POLICY
from cartera.reminders.text import header
from cartera.reports import schedule as schedules
from cartera.reports.build import amounts_by_currency
from cartera.reports.exports import File, export, frame
from cartera.reports.made import Made, TooLarge, make_whole
from cartera.reports.store import find
from cartera.reports.wording import Wording
from cartera.warehouse.read import Row, rows

LOCK = 6_227_837_220
MOST_ATTEMPTS = 5
Maker = Callable[[schedules.Schedule], Made]


@dataclass
class Report:
    """What a walk over the schedules did; `problems` are of those that wait for the next one."""

    sent: int = 0
    skipped: int = 0
    failed: int = 0
    unknown: int = 0
    problems: list[CarteraError] = field(default_factory=list)

    def raise_if_stopped(self) -> None:
        if self.problems:
            raise self.problems[0]


def send_due(channel: Channel, now: dt.datetime | None = None, at: AtPoint = nowhere) -> Report:
    """Send what is due at a moment. Raises DatabaseError; what stops a single report is in the answer."""
    if not isinstance(channel, EmailChannel):
        raise ConfigError("reports go out by SMTP alone", "set CARTERA_SMTP_URL, or leave e-mail to the mailbox")
    now, report = now or utc_now(), Report()
    with _alone() as is_alone:
        if not is_alone:
            return report
        for each in schedules.schedules():
            due = schedules.latest_due(each.when, each.active_from, now)
            if due:
                _claim(each, *due, sender=channel.mail_from)
        at("claimed")
        try:
            for delivery in _waiting():
                _deliver(channel, delivery, report, at)
        finally:
            channel.close()
    return report


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether no other process sends. The lock ends with the session at the latest, also of one that was killed."""
    session = connect(Role.campaign, autocommit=True)
    try:
        got = bool(rows(session, "select pg_try_advisory_lock(%(lock)s) as got", {"lock": LOCK})[0]["got"])
        yield got
        if got:
            # the server takes a moment to end a session, in which the next walk would find it still locked
            rows(session, "select pg_advisory_unlock(%(lock)s)", {"lock": LOCK})
    finally:
        session.close()


def _claim(each: schedules.Schedule, day: dt.date, moment: dt.datetime, *, sender: str) -> None:
    """Begin the latest day unless it was begun; older ones that never left are passed over."""
    domain = sender.rpartition("@")[2]
    given = {
        "id": each.schedule_id,
        "day": day,
        "moment": moment,
        "message_id": f"<report-{each.schedule_id}-{day:%Y%m%d}@{domain}>",
    }
    with transaction(Role.campaign) as connection:
        rows(
            connection,
            "insert into ops.report_deliveries (schedule_id, due_on, due_at, message_id, status)"
            " values (%(id)s, %(day)s, %(moment)s, %(message_id)s, 'claimed')"
            " on conflict (schedule_id, due_on) do nothing returning status",
            given,
        )
        rows(
            connection,
            "update ops.report_deliveries set status = 'skipped', answer = 'a later one was due', changed_at = now()"
            " where schedule_id = %(id)s and due_on < %(day)s and status = 'claimed' returning status",
            given,
        )


def _waiting() -> list[Row]:
    with transaction(Role.campaign) as connection:
        return rows(
            connection,
            "select delivery.schedule_id::text as schedule_id, due_on, message_id, status, attempts,"
            " schedule.ended_at is not null as is_ended"
            " from ops.report_deliveries as delivery join ops.report_schedules as schedule using (schedule_id)"
            " where status in ('claimed', 'handed') order by due_at, schedule_id",
        )


def _deliver(channel: EmailChannel, delivery: Row, report: Report, at: AtPoint) -> None:
    if delivery["status"] == "handed":
        arrived = channel.look_up(delivery["message_id"])
        if arrived is not False:
            status = "sent" if arrived else "unknown"
            _set(delivery, status, "found by its Message-ID" if arrived else "the server may have it or not")
            report.sent += bool(arrived)
            report.unknown += not arrived
            return
    if delivery["is_ended"]:
        _set(delivery, "skipped", "the schedule has ended")
        report.skipped += 1
        return
    try:
        outcome = _make_and_send(channel, delivery, report, at)
    except (ConfigError, TooLarge) as error:
        _set(delivery, "failed", error.problem)
        report.failed += 1
    except CarteraError as error:
        # none of them comes after the body was handed over: the next walk tries again
        if _is_away(error):
            _set(delivery, "claimed", error.problem)
        else:
            _try_later(delivery, error.problem, report)
        report.problems.append(error)
    else:
        # not within: what can't be recorded after the server took it stays handed, and is looked up
        if outcome is not None:
            _record(delivery, outcome, report)


def _is_away(error: CarteraError) -> bool:
    """Whether it is over some day, and no attempt. A query that takes too long does so the next time as well."""
    is_too_slow = isinstance(error.__cause__, QueryCanceled)
    return isinstance(error, SendError | NotPublished | DatabaseError) and not is_too_slow


def _make_and_send(channel: EmailChannel, delivery: Row, report: Report, at: AtPoint) -> Outcome | None:
    """None: there was nothing to send."""
    # else a report would be made at every walk, for a server that is not there to take it
    channel.reach()
    each = _schedule(delivery["schedule_id"])
    made = made_for(each)
    if each.skips_empty and made.row_count == 0:
        _set(delivery, "skipped", "no row meets the filters", made)
        report.skipped += 1
        return None
    recipient = channel.redirect_to or each.recipient
    try:
        message = compose(channel, each, made, delivery["message_id"])
    except (ValueError, KeyError, TypeError) as error:
        # one that no file can hold must not stand in the way of the others
        raise ConfigError(f"the report can't be made: {error}", "choose another format or fewer columns") from error
    at("made")

    def passed(point: str) -> None:
        if point == "before_call":
            _write_down(each, made, message, recipient)
            _set(delivery, "handed", None, made)
        at(point)

    return channel.deliver(message, channel.return_path or channel.mail_from, recipient, passed)


def made_for(each: schedules.Schedule) -> Made:
    """The report of a schedule with its own filters, of the companies that its owner may see today.

    Raises ConfigError, NotPublished, DatabaseError.
    """
    if each.broken:
        # without its filters it would go out whole
        raise ConfigError(each.broken, "end this schedule and make another one")
    # it may have been scheduled before that was settled
    schedules.check_recipient(each.recipient)
    saved = find(each.owner, each.report)
    return make_whole(
        saved.name, saved.document.with_filters(each.filters), companies=schedules.owner_of(each.owner).companies
    )


def _write_down(each: schedules.Schedule, made: Made, message: EmailMessage, recipient: str) -> None:
    """That a file leaves, in the log of what was taken out; of each attempt, since a file may leave with any."""
    owner, (file,) = schedules.owner_of(each.owner), message.iter_attachments()
    given = {
        "report": made.name,
        "recipient": recipient,
        "schedule": each.schedule_id,
        "as_of": made.clocks.as_of.isoformat(),
        "known_at": made.clocks.known_at.isoformat(),
        **frame.in_the_log(made),
    }
    viewed.record(owner.user, owner.role, "export", str(file.get_filename()), given, made.row_count)


def _record(delivery: Row, outcome: Outcome, report: Report) -> None:
    match outcome.result:
        case "sent":
            _set(delivery, "sent", outcome.answer)
            report.sent += 1
        case "unknown":
            _set(delivery, "unknown", outcome.answer)
            report.unknown += 1
        case "later":
            _try_later(delivery, outcome.answer, report)
        case _:
            _set(delivery, "failed", outcome.answer)
            report.failed += 1


def _try_later(delivery: Row, answer: str, report: Report) -> None:
    if delivery["attempts"] + 1 >= MOST_ATTEMPTS:
        _set(delivery, "failed", f"after {MOST_ATTEMPTS} attempts: {answer}")
        report.failed += 1
        return
    with transaction(Role.campaign) as connection:
        rows(
            connection,
            "update ops.report_deliveries set status = 'claimed', attempts = attempts + 1, answer = %(answer)s,"
            " changed_at = now() where schedule_id = %(id)s and due_on = %(day)s returning status",
            {"id": delivery["schedule_id"], "day": delivery["due_on"], "answer": answer},
        )


def _set(delivery: Row, status: str, answer: str | None, made: Made | None = None) -> None:
    totals = [amounts_by_currency(table.totals) for table in made.tables] if made else None
    with transaction(Role.campaign) as connection:
        rows(
            connection,
            "update ops.report_deliveries set status = %(status)s, answer = coalesce(%(answer)s, answer),"
            " row_count = coalesce(%(rows)s, row_count), totals = coalesce(%(totals)s, totals),"
            " as_of_date = coalesce(%(as_of)s, as_of_date), known_at = coalesce(%(known_at)s, known_at),"
            " changed_at = now() where schedule_id = %(id)s and due_on = %(day)s returning status",
            {
                "id": delivery["schedule_id"],
                "day": delivery["due_on"],
                "status": status,
                "answer": answer,
                "rows": made.row_count if made else None,
                "totals": Json(totals) if totals else None,
                "as_of": made.clocks.as_of if made else None,
                "known_at": made.clocks.known_at if made else None,
            },
        )


def _schedule(schedule_id: str) -> schedules.Schedule:
    with transaction(Role.campaign) as connection:
        found = rows(
            connection, "select * from ops.report_schedules where schedule_id = %(id)s::uuid", {"id": schedule_id}
        )
    return schedules.of_row(found[0])


def compose(channel: EmailChannel, each: schedules.Schedule, made: Made, message_id: str) -> EmailMessage:
    """The e-mail: what the report states about itself, and the file."""
    wording = Wording(each.language)
    file = export(made, each.format, wording)
    title = frame.report_title(made, wording)
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(display_name="Cartera", addr_spec=channel.mail_from)
    message["To"] = Address(addr_spec=channel.redirect_to or each.recipient)
    message["Subject"] = header(wording("mail.subject", report=title, date=wording.date(made.clocks.as_of)), 200)
    message["Date"] = format_datetime(utc_now())
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    if channel.redirect_to:
        message["X-Cartera-Redirected-From"] = each.recipient
    message.set_content(_text(each, made, file, wording))
    maintype, _, subtype = file.media_type.partition("/")
    message.add_attachment(file.content, maintype, subtype, filename=file.name)
    return message


def _text(each: schedules.Schedule, made: Made, file: File, wording: Wording) -> str:
    lines = [frame.report_title(made, wording), ""]
    lines += [f"{label}: {text}" for label, text in frame.about_report(made, wording)]
    for table in made.tables:
        lines += ["", frame.part_title(table, wording)]
        lines += [f"  {label}: {text}" for label, text in frame.about_part(made, table, wording)]
    # "ask local" tells a recipient nothing: where nobody signs in, schedules are no person's
    is_nobodys = each.owner == Actor.local().user
    why = wording("mail.why_nobody") if is_nobodys else wording("mail.why", owner=each.owner)
    lines += ["", wording("mail.attached", file=file.name), why, ""]
    return "\n".join(lines)


def settle(schedule_id: str, due_on: dt.date, *, was_sent: bool) -> None:
    """Say what became of an unknown one: sent, or to be sent again; the latter of a failed one too, which never left.

    Raises ConfigError when it is neither.
    """
    open_ones = ("unknown",) if was_sent else ("unknown", "failed")
    with transaction(Role.campaign) as connection:
        settled = rows(
            connection,
            "update ops.report_deliveries set status = %(status)s, answer = 'settled by a person', changed_at = now(),"
            " attempts = 0 where schedule_id = %(id)s::uuid and due_on = %(day)s and status = any(%(open)s)"
            " returning status",
            {
                "id": schedule_id,
                "day": due_on,
                "status": "sent" if was_sent else "claimed",
                "open": list(open_ones),
            },
        )
    if not settled:
        raise ConfigError(f"nothing of that schedule and day is {' or '.join(open_ones)}", "see `cartera reports list`")


def deliveries(owner: str | None = None, report: str | None = None, *, limit: int = 50) -> list[Row]:
    """What became of the last ones, of one owner or all and of one report or all, the newest first: schedule_id,
    report, recipient, due_on, status, row_count, answer."""
    with transaction(Role.campaign) as connection:
        return rows(
            connection,
            "select schedule_id::text as schedule_id, report, recipient, due_on, status, row_count, answer,"
            " delivery.changed_at from ops.report_deliveries as delivery"
            " join ops.report_schedules as schedule using (schedule_id)"
            " where (%(owner)s::text is null or owner = %(owner)s)"
            " and (%(report)s::text is null or report = %(report)s)"
            " order by due_at desc, schedule_id limit %(limit)s",
            {"owner": owner, "report": report, "limit": limit},
        )
