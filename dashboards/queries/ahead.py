"""Answers ahead of the questions: what the pages ask as they open, and what their most used filters ask, is asked once
after each publication by a thread of the dashboard's server. At a million invoices some of it takes seconds.

For who sees all companies; then, of the pages that people open in the morning, for those who see some of them, once
for each choice of companies that somebody has. Then the days that people look back to, where such answers take long:
month-ends, and each day of the last month. One question after the other, each in a short transaction of its own: a
publication never waits for them, and what has begun for one that is over is left. Who clicks cuts off what is being
asked, and it is asked again once nobody does; past days are not even begun before.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

from psycopg2 import Error as PostgresError

from cartera import sign_in, users
from cartera.errors import CarteraError, NotPublished
from cartera.settings import get_settings
from cartera.warehouse import metrics, read, scope
from dashboards.queries import (
    aging,
    kpis,
    of_a_day,
    overview,
    promises,
    receivables,
    recovery,
    reports,
    session,
    worklist,
)
from dashboards.queries.cache import CutOff, forget
from dashboards.queries.of_a_day import Question
from dashboards.queries.session import Clocks, Reading

EVERY_SECONDS = 10.0
STATEMENT_TIMEOUT = "100s"
"""Longer than a page waits, for at ten million invoices some questions take over a minute; less than the 120 s that a
publication waits for readers."""
CLOSINGS, CLOSINGS_WITH_TREND = 12, 3
"""Month-ends before the publication's date."""
DAYS_BEFORE = 31
"""Days before the publication's date."""
QUIET_SECONDS, MOST_PATIENCE = 3.0, 10.0
"""How long nobody has opened a page before a past day, or what was cut off, is asked for; how long that is awaited."""
TRIES = 3
"""So often a question may be cut off; then it is asked to its end: a dashboard that is never quiet has them too."""
QUICK_SECONDS = 10.0
"""Where what pages ask of the publication's date is answered in these, other dates need not be asked ahead."""
MOST_SCOPES = 10
"""Choices of companies: what is kept of more of them would push out what is kept of all (see cache.py)."""

takes_long = threading.Event()
"""Whether it took more than QUICK_SECONDS."""

Companies = frozenset[str] | None
Key = tuple[str, ...]
"""Of a publication, as somebody reads it."""


log = logging.getLogger(__name__)


def start(is_serving: Callable[[], bool]) -> None:
    """Begin once the server runs: what was answered before would not be kept. The thread ends with the process."""
    threading.Thread(target=_watch, args=(is_serving,), name="answers ahead", daemon=True).start()


def _watch(is_serving: Callable[[], bool]) -> None:
    today: dict[Companies, Key | None] = {}
    past: Key | None = None
    while not is_serving():
        time.sleep(0.5)
    while True:
        try:
            for companies in scopes():
                today[companies] = answer(today.get(companies), companies)
            past = answer_past(past)
        except CarteraError as error:
            # a database that is away: the next look finds it again
            log.warning("%s", error)
        except Exception:
            log.exception("no answers ahead of the questions")
        time.sleep(EVERY_SECONDS)


def scopes() -> list[Companies]:
    """All companies, and what people who sign in see where it is less. Raises DatabaseError."""
    if not sign_in.is_required(get_settings()):
        return [None]
    chosen = {tuple(sorted(row["companies"])) for row in users.everybody() if row["companies"]}
    return [None, *map(frozenset, sorted(chosen)[:MOST_SCOPES])]


def answer(answered: Key | None = None, companies: Companies = None) -> Key | None:
    """Ask what pages ask of what is published, unless it is what was answered; gives what now is. Raises DatabaseError.

    For who sees all companies also what filters ask; and the answers of the publication before are forgotten.
    """
    with published_to(companies) as opened:
        if opened is None or opened.cache_key() == answered:
            return answered
        current = opened.cache_key()
        asked = list(morning(opened) if companies else questions(opened))
    if answered is not None and companies is None:
        forget()
    began = time.monotonic()
    if not all(_answered(current, companies, question) for question in asked):
        return answered
    seconds = time.monotonic() - began
    if seconds >= QUICK_SECONDS:
        takes_long.set()
    log.info("publication %s: %d questions answered ahead in %.1f s", current[1], len(asked), seconds)
    return current


def answer_past(answered: Key | None = None) -> Key | None:
    """The same of past days, where answering takes long; after the mornings of everybody."""
    with published_to(None) as opened:
        if opened is None or opened.cache_key() == answered:
            return answered
        current = opened.cache_key()
        asked = list(_past(opened)) if takes_long.is_set() else []
    began = time.monotonic()
    if not all(_answered(current, None, question, waits=True) for question in asked):
        return answered
    seconds = time.monotonic() - began
    log.info("publication %s: %d questions of past days answered ahead in %.1f s", current[1], len(asked), seconds)
    return current


def _answered(current: Key, companies: Companies, question: Question, *, waits: bool = False) -> bool:
    """Whether that is still published. Who clicks meanwhile cuts the question off, and it is asked again once nobody
    does; with `waits` not before that the first time either."""
    for number in range(TRIES + 1):
        if waits or number:
            give_way()
        with published_to(companies) as opened:
            if opened is None or opened.cache_key() != current:
                return False
            if number == TRIES:
                ask(question, opened)
                break
            with session.giving_way(opened) as cut_off:
                ask(question, opened, cut_off)
        if not cut_off.is_set():
            break
    return True


def give_way() -> None:
    """Whoever clicks goes first, for a while."""
    until = time.monotonic() + MOST_PATIENCE
    while session.seconds_since_read() < QUIET_SECONDS and time.monotonic() < until:
        time.sleep(0.2)


def ask(question: Question, opened: Reading, cut_off: threading.Event | None = None) -> bool:
    """Whether it was answered. What goes wrong is a line in the log: whoever waits for it asks again, and is told."""
    try:
        question(opened)
    except (CarteraError, PostgresError) as error:
        if cut_off is None or not cut_off.is_set():
            problem = error.__cause__ if isinstance(error, CutOff) else error
            log.warning("not answered: %s: %s", str(problem).partition("\n")[0], _asked(problem))
        return False
    return True


def _asked(error: BaseException | None) -> str:
    """How the statement begins that failed."""
    query = getattr(getattr(error, "cursor", None), "query", None) or b""
    return " ".join(query.decode(errors="replace").split())[:160]


@contextmanager
def published_to(companies: Companies, statement_timeout: str = STATEMENT_TIMEOUT) -> Iterator[Reading | None]:
    """What is published, as who sees these companies reads it, whoever is signed in; None before the first."""
    with scope.reading(companies, statement_timeout=statement_timeout) as connection:
        try:
            published = read.publication(connection)
        except NotPublished:
            yield None
        else:
            yield Reading(connection, published, companies)


def questions(reading: Reading) -> Iterator[Question]:
    """Of the publication's date: those of the pages as they open, in the order of their worth; then those of the
    filters."""
    yield from morning(reading)
    clocks = reading.clocks
    yield from of_a_day.PAGES["segments"](clocks)
    yield from of_a_day.PAGES["recovery"](clocks)
    yield lambda opened: reports.preview(opened, "", reports.opening(), clocks)
    for periods in recovery.PERIODS:
        yield lambda opened, periods=periods: recovery.rolled(opened, clocks, periods)
    yield from _cohorts_and_losses(clocks)
    yield from _kpis(reading)


def morning(reading: Reading) -> Iterator[Question]:
    """Those of the pages that a day begins with."""
    clocks, currencies = reading.clocks, _currencies(reading)
    # each day answers for every currency
    for dated in overview.trend_days(overview.asked(reading, "", None)):
        yield lambda opened, dated=dated: receivables.in_buckets(opened, dated)
    yield lambda opened: receivables.disputed_on(opened, clocks)
    for currency in currencies:
        yield from _overview(reading, currency)
        yield from _worklist(reading, currency)
    yield from of_a_day.PAGES["aging"](clocks)
    yield from _customers(clocks, currencies)
    for currency in currencies:
        yield from _promises(clocks, currency)
    for dated in overview.past_month_ends(reading, None):
        yield lambda opened, dated=dated: receivables.in_buckets(opened, dated)


def _currencies(reading: Reading) -> list[str]:
    return [line.currency_code for line in receivables.headlines(receivables.totals(reading, reading.clocks), None)]


def _overview(reading: Reading, currency: str) -> Iterator[Question]:
    asked = overview.asked(reading, currency, None)
    for ask in (
        overview.trend_in_time, overview.now, overview.collected, overview.collected_before, overview.expected,
    ):  # fmt: skip
        yield lambda opened, ask=ask: ask(opened, asked)
    for found in (overview.broken_promises, overview.new_disputes):
        yield lambda opened, found=found: overview.owed_on(opened, asked, found(opened, asked))
    yield lambda opened: overview.expected(opened, overview.expected_days_before(asked))
    clocks = reading.clocks
    yield lambda opened: receivables.by_bucket(opened, clocks, currency, None)
    yield lambda opened: receivables.by_customer(opened, clocks, currency, None, limit=overview.TOP_DEBTORS)


def _worklist(reading: Reading, currency: str) -> Iterator[Question]:
    clocks = reading.clocks
    yield lambda opened: worklist.collectors(opened, clocks, currency)
    yield lambda opened: worklist.late(opened, worklist.Asked(clocks, currency, None, None))
    yield lambda opened: worklist.totals(opened, clocks, currency, None, None)


def _promises(clocks: Clocks, currency: str) -> Iterator[Question]:
    asked = promises.Asked(clocks.as_of, clocks.known_at, promises.OPENING_WINDOW, currency)
    disputed = promises.Disputed(clocks.as_of, clocks.known_at, currency)

    def listed(opened: Reading) -> object:
        sums = promises.of_place(promises.totals(opened, replace(asked, currency_code=None)), asked)
        return promises.promises(opened, asked, promises.opening_state(sums), None, None)

    yield listed
    yield lambda opened: promises.by_week(opened, asked)
    yield lambda opened: promises.grouped(opened, asked, "collector")
    yield lambda opened: promises.by_reason(opened, disputed)
    yield lambda opened: promises.disputes(opened, disputed, None, None)


def _cohorts_and_losses(clocks: Clocks) -> Iterator[Question]:
    plain = recovery.Provision(Decimal(1), recovery.HISTORY_DAYS[0], recovery.LOSS_DAYS[0], None)
    yield lambda opened: recovery.placed(opened, clocks)
    yield lambda opened: recovery.losses(opened, clocks, plain)


def _kpis(reading: Reading) -> Iterator[Question]:
    """As the page opens with its trend, then every window and currency view, last their trends."""
    own = kpis.Asked(reading.clocks, kpis.VIEWS[0], None)
    windows = [replace(own, window_days=days) for days in kpis.WINDOWS if days != kpis.window()]
    views = [replace(own, view=view) for view in kpis.VIEWS[1:]]
    since: dt.date = kpis.quarter_before(own.clocks.as_of)
    for asked in (*kpis.over_months(own), *windows, *views):
        yield lambda opened, asked=asked: kpis.figures(opened, asked)
    yield lambda opened: kpis.bridge(opened, own, since)
    for each in windows:
        for asked in kpis.over_months(each)[1:]:
            yield lambda opened, asked=asked: kpis.figures(opened, asked)


def _past(reading: Reading) -> Iterator[Question]:
    """What pages show of the days that people look back to: month-ends first, then the last days, newest first."""
    currencies, own = _currencies(reading), reading.clocks
    for number, day in enumerate(metrics.month_ends(own.as_of, CLOSINGS + 1)[1:]):
        clocks = replace(own, as_of=day)
        yield from of_a_day.questions(clocks)
        yield from _customers(clocks, currencies)
        yield from _cohorts_and_losses(clocks)
        if number < CLOSINGS_WITH_TREND:
            asked = kpis.Asked(clocks, kpis.VIEWS[0], None)
            for dated in kpis.over_months(asked)[1:]:
                yield lambda opened, dated=dated: kpis.figures(opened, dated)
            yield lambda opened, asked=asked: kpis.bridge(opened, asked, kpis.quarter_before(asked.clocks.as_of))
    last_days = [replace(own, as_of=own.as_of - dt.timedelta(days=days)) for days in range(1, DAYS_BEFORE + 1)]
    for clocks in last_days:
        yield from of_a_day.questions(clocks)
        # in the currency that the page opens with
        yield from _customers(clocks, currencies[:1])
    for clocks in last_days:
        yield from _customers(clocks, currencies[1:])


def _customers(clocks: Clocks, currencies: list[str]) -> Iterator[Question]:
    for currency in currencies:
        yield lambda opened, asked=aging.Asked(clocks, currency): aging.customers(opened, asked)
