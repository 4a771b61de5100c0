"""The dashboard in a browser at size: from click to settled page, against the budgets.

    python benchmarks/dashboards.py [--invoices 1000000] [--people 10] [--rounds 3] [--home DIR] [--keep]

Makes a company (benchmarks/company_at_size.py), lands it and publishes it, unless `--home` is a folder where that was
done; then starts the dashboard and, in a headless Chromium,

- waits until the server has answered ahead what pages ask as they open (dashboards/queries/ahead.py);
- opens it as somebody who has never been there (nothing in the browser's cache), several times;
- opens every page and changes filters as one person who stays, each step by a click;
- lets several people do that at once, each in a browser context of their own.

A page is settled when its script has ended, nothing on it is stale or waits, and it has not changed for a quarter of a
second; that quarter is not counted. The browser runs on the same cores. The first visit of a page asks the database, a
later one may be answered by the dashboard's cache: both are steps, so the 95th percentile is that of the slow ones.
Statements that took long while it ran are shown with their plan, asked again with EXPLAIN ANALYZE as the reader.
Needs Chromium (apt-get install chromium) and playwright (requirements-dev.lock).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import company_at_size as company
import warehouse
from playwright.async_api import Browser, Page, async_playwright

FIRST_LOAD, LATER, TOGETHER = 2.0, 1.0, 2.0
"""Seconds: the median of first loads, the 95th percentile of what follows, and the same with everybody at once."""

FIRST_LOADS = 5
WAIT_SECONDS = 1_800
LONG_STATEMENT = 0.5
SAMPLED_EVERY = 0.05
PLAN_LINES = 45
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")

WATCH = """
window.changedAt = performance.now(); window.ranAt = -1;
const state = () => document.querySelector('[data-testid="stApp"]')?.getAttribute('data-test-script-state');
new MutationObserver(() => {
    window.changedAt = performance.now();
    if (state() === 'running') window.ranAt = window.changedAt;
}).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
window.isSettled = (since) => state() === 'notRunning' && window.ranAt > since
    && performance.now() - window.changedAt > 250 && document.querySelector('h1')
    && !document.querySelector('[data-stale="true"], [data-testid="stSpinner"], [data-testid="stSkeleton"]');
"""


@dataclass
class Times:
    """Seconds by step, in the order they were first taken."""

    of: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def all(self) -> list[float]:
        return [seconds for taken in self.of.values() for seconds in taken]


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[max(0, -(-len(seconds) * 95 // 100) - 1)]


async def settle(page: Page, since: float) -> float:
    """Seconds from `since`, on the page's own clock, to its last change."""
    # asked by the clock: a page that is not drawn just now has no frames to ask at
    settled = "since => window.isSettled && window.isSettled(since)"
    await page.wait_for_function(settled, arg=since, timeout=120_000, polling=50)
    if await page.locator('[data-testid="stAlertContentError"], [data-testid="stException"]').count():
        raise SystemExit(f"a page failed: {await page.locator('[data-testid=stAlert]').first.inner_text()}")
    return (await page.evaluate("window.changedAt") - since) / 1000


async def step(page: Page, times: Times, name: str, act: Callable[[], Awaitable[object]]) -> None:
    since = await page.evaluate("performance.now()")
    await act()
    times.of[name].append(await settle(page, since))


async def visit(browser: Browser, url: str) -> tuple[Page, float]:
    context = await browser.new_context(viewport={"width": 1440, "height": 1800}, locale="en-US")
    await context.add_init_script(WATCH)
    page = await context.new_page()
    await page.goto(url)
    return page, await settle(page, 0)


async def stay(page: Page, times: Times, rounds: int, person: int) -> None:
    """Every page in turn, and filters that nobody has asked for before."""
    links = page.get_by_test_id("stSidebarNavLink")
    # after the name of its icon, which is a letter of a font
    names = [text.strip().splitlines()[-1].strip() for text in await links.all_inner_texts()]
    for number in range(rounds):
        for place, name in enumerate(names):
            if number or place:
                await step(page, times, f"page: {name}", links.nth(place).click)
            if name == "KPIs" and number < len(WINDOWS):
                window = page.get_by_role("radio", name=WINDOWS[number], exact=True)
                if await window.count():
                    await step(page, times, "filter: window of KPIs", window.click)


WINDOWS = ("30", "60", "180")


class Sampler(threading.Thread):
    """Statements of readers that are seen to run long: text to the longest time seen."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, float] = {}
        self.ended = threading.Event()

    def run(self) -> None:
        from cartera.db import Role, connect

        connection = connect(Role.admin, autocommit=True)
        with connection.cursor() as cursor:
            while not self.ended.wait(SAMPLED_EVERY):
                cursor.execute(
                    "select query, extract(epoch from clock_timestamp() - query_start)::float from pg_stat_activity"
                    " where usename like %s and state = 'active'"
                    " and clock_timestamp() - query_start > interval '200 ms'",
                    ("%_reader",),
                )
                for query, seconds in cursor.fetchall():
                    self.seen[query] = max(self.seen.get(query, 0), seconds)
        connection.close()

    def show_plans(self) -> None:
        from cartera.db import Role, transaction

        slow = sorted(((took, query) for query, took in self.seen.items() if took >= LONG_STATEMENT), reverse=True)
        print(f"\n{len(slow)} statements were seen to run for {LONG_STATEMENT} s or longer")
        shown: set[str] = set()
        for took, query in slow:
            # the same statement for other days has the same plan
            kind = "".join(letter for letter in query if not letter.isdigit())
            if kind in shown or not query.lstrip().lower().startswith(("select", "with")):
                continue
            shown.add(kind)
            print(f"\n--- {took:.2f} s while others worked: {' '.join(query.split())[:160]}...")
            with transaction(Role.reader) as connection, connection.cursor() as cursor:
                cursor.execute(f"explain (analyze, buffers, costs off) {query}")
                lines = [line for (line,) in cursor.fetchall()]
            print("\n".join(lines[:PLAN_LINES]))
            print(f"... {len(lines) - PLAN_LINES} more lines, {lines[-1]}" if len(lines) > PLAN_LINES else "")


def show(name: str, seconds: list[float], budget: float, *, by: Callable[[list[float]], float]) -> bool:
    kept = by(seconds) <= budget
    print(
        f"{name:<46} {len(seconds):>4} {statistics.median(seconds):>7.2f} {p95(seconds):>7.2f} {max(seconds):>7.2f}"
        f" {budget:>7.1f}  {'ok' if kept else 'OVER'}",
        flush=True,
    )
    return kept


async def measure(url: str, people: int, rounds: int) -> bool:
    path = shutil.which("chromium")
    if path is None:
        raise SystemExit("chromium is not installed (apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        print(f"\n{'seconds from click to settled page':<46} {'n':>4} {'p50':>7} {'p95':>7} {'max':>7} {'budget':>7}")
        kept = []
        firsts, page = [], None
        for number in range(FIRST_LOADS):
            if page is not None:
                await page.context.close()
            page, seconds = await visit(browser, url)
            if number == 0:
                show("the very first load after the start", [seconds], FIRST_LOAD, by=max)
            else:
                firsts.append(seconds)
        kept.append(show("first load, nothing in the browser's cache", firsts, FIRST_LOAD, by=statistics.median))
        alone = Times()
        assert page is not None
        await stay(page, alone, rounds, 0)
        await page.context.close()
        for name, taken in alone.of.items():
            show(f"  {name}", taken, LATER, by=p95)
        kept.append(show("every later page and filter, one person", alone.all(), LATER, by=p95))
        together, arrivals = Times(), []

        async def one(person: int) -> None:
            page, seconds = await visit(browser, url)
            arrivals.append(seconds)
            await stay(page, together, max(1, rounds - 1), person)
            await page.context.close()

        await asyncio.gather(*(one(person) for person in range(1, people + 1)))
        show(f"{people} people arriving at once", arrivals, TOGETHER, by=p95)
        kept.append(show(f"every page and filter, {people} people at once", together.all(), TOGETHER, by=p95))
        await browser.close()
    return all(kept)


def wait_for_answers(log: Path, since: int) -> None:
    """Until what the log has gained says that the questions were answered ahead."""
    for _ in range(WAIT_SECONDS):
        said = [line for line in log.read_text(encoding="utf-8")[since:].splitlines() if "answered ahead" in line]
        if said:
            return print(said[-1])
        time.sleep(1)
    raise SystemExit(f"nothing was answered ahead within {WAIT_SECONDS} s; see {log}")


def publish(invoices: int) -> None:
    """Land and publish, unless there is a publication."""
    from cartera.db import Role, transaction
    from cartera.errors import NotPublished
    from cartera.warehouse import read

    try:
        with transaction(Role.reader) as connection:
            found = read.publication(connection)
        print(f"published as of {found.as_of_date}, used again")
        return
    except NotPublished:
        made = company.make(invoices)
        print(", ".join(f"{records.table.num_rows:,} {name}" for name, records in made.items()))
        warehouse.land(made)
        seconds, _steps = warehouse.build(warehouse.POINTS[0][0])
        print(f"built and published in {seconds:.0f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="leave the state folder and the server")
    parser.add_argument("--home", type=Path, help="the state folder; what is published there is used")
    arguments = parser.parse_args()
    with warehouse.state(arguments.home, arguments.keep):
        from cartera import db
        from cartera.dashboard import LOG_NAME, end, start_dashboard
        from cartera.settings import get_settings

        with db.transaction(db.Role.admin) as connection:
            connection.rollback()
            connection.autocommit = True
            with connection.cursor() as cursor:
                # statements are long, and cut off they have no plan; read when the server starts
                cursor.execute("alter system set track_activity_query_size = '100kB'")
        db.stop()
        publish(arguments.invoices)
        log = get_settings().log_dir / LOG_NAME
        since = len(log.read_text(encoding="utf-8")) if log.exists() else 0
        process, url = start_dashboard(get_settings())
        wait_for_answers(log, since)
        sampler = Sampler()
        sampler.start()
        started = time.perf_counter()
        try:
            kept = asyncio.run(measure(url, arguments.people, arguments.rounds))
        finally:
            sampler.ended.set()
            sampler.join()
            end(process)
        print(f"measured in {time.perf_counter() - started:.0f} s on {os.cpu_count()} cores, the browser among them")
        sampler.show_plans()
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
