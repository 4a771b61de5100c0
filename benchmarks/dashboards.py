"""The dashboard in a browser at size: from click to settled page, against the budgets.

    python benchmarks/dashboards.py [--invoices 1000000] [--people 10] [--rounds 3] [--home DIR] [--keep]

Makes a company (benchmarks/company_at_size.py), lands it and publishes it, unless `--home` is a folder where that was
done; then starts the dashboard and, in a headless Chromium,

- waits until the server has answered ahead what pages ask as they open (dashboards/queries/ahead.py);
- opens it as somebody who has never been there (nothing in the browser's cache), several times;
- opens every page and changes filters as one person who stays, each step by a click, and has read the first page for
some seconds, in which the browser fetches what draws the others; looks back to the last month's end and to a day of
the last month;
- lets several people arrive in the same moment, then do that at once, who read a page for some ten seconds, one of them
in the browser, the others without (benchmarks/people.py);
- looks back, as the one person who stays, to an older day that nobody asked for yet, of which each page is read for
some ten seconds.

Beyond what is asked of it, for information: several people who arrive while questions of that day may still go on,
another day that nobody asked for in haste, and several people at once, none of whom ever stops to read.

A page is settled when its script has ended, nothing on it is stale or waits, and it has not changed for a quarter of a
second; that quarter is not counted. The first visit of a page asks the database, a later one may be answered by the
dashboard's cache: both are steps, so the 95th percentile is that of the slow ones. A step that has not settled in
time, or whose page failed, counts as that long, and the rest goes on.
The browser runs on the same cores. The last columns say how many processor seconds a step took of the dashboard's
server, of the database and of the browser, which people have on machines of their own.
Statements that took long while it ran are shown with their plan, asked again with EXPLAIN ANALYZE as the reader.
Needs Chromium (apt-get install chromium) and playwright (requirements-dev.lock).
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import random
import shutil
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import warehouse
from people import FIRST_STEP, Recording, be_somebody
from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import TimeoutError as TooSlow
from processor import Processor, child_named
from slow_statements import Sampler

FIRST_LOAD, LATER, TOGETHER = 2.0, 1.0, 2.0
"""Seconds: the median of first loads, the 95th percentile of what follows, and the same with everybody at once."""

FIRST_LOADS, ARRIVALS = 5, 5
WAIT_SECONDS = 1800
SETTLE_SECONDS = 30.0
TOGETHER_SECONDS = 180.0
"""After these nobody of several people begins another step."""

READING_SECONDS = 10.0
"""How long people look at a page before they click again, in the mean: half to one and a half times this."""
FIRST_READING = 5.0
"""The same of the first page, before anything else is opened."""
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")

WATCH = """
window.changedAt = performance.now(); window.askedAt = window.answeredAt = -1;
window.WebSocket = class extends window.WebSocket {
    constructor(...how) {
        super(...how);
        this.addEventListener('message', () => { window.answeredAt = performance.now(); });
    }
    send(message) { window.askedAt = performance.now(); super.send(message); }
};
const state = () => document.querySelector('[data-testid="stApp"]')?.getAttribute('data-test-script-state');
new MutationObserver(() => { window.changedAt = performance.now(); })
    .observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
window.isSettled = (since) => state() === 'notRunning' && window.askedAt > since && window.answeredAt > window.askedAt
    && performance.now() - Math.max(window.changedAt, window.answeredAt) > 250 && document.querySelector('h1')
    && !document.querySelector('[data-stale="true"], [data-testid="stSpinner"], [data-testid="stSkeleton"]');
"""
"""A short script may run between two looks at its state: what tells is that the server was asked and has answered."""


@dataclass
class Times:
    """Seconds by step, in the order they were first taken; processor seconds too where one step follows another."""

    processor: Processor | None = None
    recording: Recording | None = None
    reading: float = 0.0
    of: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    worked: dict[str, list[dict[str, float]]] = field(default_factory=lambda: defaultdict(list))

    def all(self) -> list[float]:
        return [seconds for taken in self.of.values() for seconds in taken]

    def work(self, name: str | None = None) -> dict[str, float]:
        """Processor seconds of one step in the mean."""
        steps = self.worked.get(name, []) if name else [each for taken in self.worked.values() for each in taken]
        return {part: statistics.mean(each[part] for each in steps) for part in (steps[0] if steps else ())}


def p95(seconds: list[float]) -> float:
    return sorted(seconds)[max(0, -(-len(seconds) * 95 // 100) - 1)]


async def settle(page: Page, since: float) -> float:
    """Seconds from `since`, on the page's own clock, to its last change."""
    # asked by the clock: a page that is not drawn just now has no frames to ask at
    settled = "since => window.isSettled && window.isSettled(since)"
    try:
        await page.wait_for_function(settled, arg=since, timeout=SETTLE_SECONDS * 1000, polling=50)
    except TooSlow:
        return SETTLE_SECONDS
    failed = page.locator('[data-testid="stAlertContentError"], [data-testid="stException"]')
    if await failed.count():
        print(f"a page failed: {await failed.first.inner_text()}", flush=True)
        return SETTLE_SECONDS
    return (await page.evaluate("window.changedAt") - since) / 1000


async def step(page: Page, times: Times, name: str, act: Callable[[], Awaitable[object]]) -> None:
    if times.reading:
        await asyncio.sleep(times.reading * random.uniform(0.5, 1.5))
    if times.processor:
        times.processor.since_last()
    if times.recording:
        times.recording.begin(name)
    since = await page.evaluate("performance.now()")
    await act()
    times.of[name].append(await settle(page, since))
    if times.processor:
        times.worked[name].append(times.processor.since_last())


async def visit(browser: Browser, url: str, recording: Recording | None = None) -> tuple[Page, float]:
    context = await browser.new_context(viewport={"width": 1440, "height": 1800}, locale="en-US")
    await context.add_init_script(WATCH)
    page = await context.new_page()
    if recording:
        recording.listen(page)
    await page.goto(url)
    return page, await settle(page, 0)


async def stay(page: Page, times: Times, rounds: int, until: float = float("inf")) -> None:
    """Every page in turn, and filters that nobody has asked for before."""
    links = page.get_by_test_id("stSidebarNavLink")
    # after the name of its icon, which is a letter of a font
    names = [text.strip().splitlines()[-1].strip() for text in await links.all_inner_texts()]
    for number in range(rounds):
        for place, name in enumerate(names):
            if time.monotonic() > until:
                return
            if number or place:
                await step(page, times, f"page: {name}", links.nth(place).click)
            if name in OF_ONE_CURRENCY:
                other = page.get_by_role("radiogroup", name="Currency").locator('[aria-checked="false"]').first
                if await other.count():
                    await step(page, times, f"filter: currency of {name}", other.click)
            if name == "KPIs" and number < len(WINDOWS):
                window = page.get_by_role("radio", name=WINDOWS[number], exact=True)
                if await window.count():
                    await step(page, times, "filter: window of KPIs", window.click)


async def look_back(page: Page, times: Times, day: dt.date, called: str) -> None:
    """The pages of any date as of another day, which is chosen on the first of them."""
    for name in OF_ANY_DAY:
        link = page.get_by_test_id("stSidebarNavLink").filter(has_text=name)
        if name != OF_ANY_DAY[0]:
            await step(page, times, f"{called}: {name}", link.click)
            continue
        await step(page, Times(), name, link.click)
        await page.get_by_test_id("stDateInput").first.get_by_role("spinbutton").first.click()
        await page.keyboard.type(f"{day:%Y%m%d}")
        # the day is taken when the field is left
        await step(page, times, f"{called}: {name}", page.locator("h1").click)


OF_ANY_DAY = ("Aging", "KPIs", "Segments", "Recovery")
RECENT_DAY = 9
UNASKED_DAY, UNASKED_IN_HASTE = 47, 40
"""So many days before the published date no page has been opened and nothing was answered ahead. While a page of it is
read the next ones are answered (dashboards/queries/looking_back.py); who is in haste waits for each."""
WINDOWS = ("30", "60", "180")
OF_ONE_CURRENCY = ("Overview", "Aging", "Segments", "Worklist", "Promises & disputes")


def show(
    name: str, seconds: list[float], budget: float, *, by: Callable[[list[float]], float], work: Mapping[str, float]
) -> bool:
    """A line of the table; whether the budget is kept."""
    if not seconds:
        print(f"{name:<46}    0  none was taken", flush=True)
        return False
    kept = by(seconds) <= budget
    print(
        f"{name:<46} {len(seconds):>4} {statistics.median(seconds):>7.2f} {p95(seconds):>7.2f} {max(seconds):>7.2f}"
        f" {budget:>7.1f}  {'ok' if kept else 'OVER':<4}"
        + "".join(f" {work[part]:>8.2f}" for part in PARTS if part in work),
        flush=True,
    )
    return kept


async def measure(url: str, as_of: dt.date, server: int, database: int, people: int, rounds: int) -> bool:
    path = shutil.which("chromium")
    if path is None:
        raise SystemExit("chromium is not installed (apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        processor = Processor({"server": server, "database": database, "browser": child_named("node")})
        print(f"\n{'':<88}processor seconds per step")
        print(
            f"{'seconds from click to settled page':<46} {'n':>4} {'p50':>7} {'p95':>7} {'max':>7} {'budget':>7}      "
            + "".join(f" {part:>8}" for part in PARTS)
        )
        kept = []
        firsts, page, recording = Times(processor), None, Recording()
        for number in range(FIRST_LOADS):
            if page is not None:
                await page.context.close()
            processor.since_last()
            page, seconds = await visit(browser, url, recording if number + 1 == FIRST_LOADS else None)
            if number == 0:
                show("the very first load after the start", [seconds], FIRST_LOAD, by=max, work=processor.since_last())
            else:
                firsts.of["first"].append(seconds)
                firsts.worked["first"].append(processor.since_last())
        name = "first load, nothing in the browser's cache"
        kept.append(show(name, firsts.all(), FIRST_LOAD, by=statistics.median, work=firsts.work()))
        alone = Times(processor, recording)
        assert page is not None
        await asyncio.sleep(FIRST_READING)
        await stay(page, alone, rounds)
        await look_back(page, alone, as_of.replace(day=1) - dt.timedelta(days=1), "as of the last month's end")
        await look_back(page, alone, as_of - dt.timedelta(days=RECENT_DAY), f"as of {RECENT_DAY} days before")
        recording.end()
        kept.append(await measure_arrivals(browser, url, processor, recording, people))
        kept.append(await measure_together(browser, url, recording, people, rounds, READING_SECONDS))
        alone.recording, alone.reading = None, READING_SECONDS
        await look_back(page, alone, as_of - dt.timedelta(days=UNASKED_DAY), "a day nobody asked for yet")
        for name, taken in alone.of.items():
            show(f"  {name}", taken, LATER, by=p95, work=alone.work(name))
        name = "every later page and filter, one person"
        kept.append(show(name, alone.all(), LATER, by=p95, work=alone.work()))
        print("for information:", flush=True)
        # what took too long for a page goes on behind it
        await measure_arrivals(browser, url, processor, recording, people, ", after such a day")
        haste = Times(processor)
        await look_back(page, haste, as_of - dt.timedelta(days=UNASKED_IN_HASTE), "another, in haste")
        for name, taken in haste.of.items():
            show(f"  {name}", taken, LATER, by=p95, work=haste.work(name))
        await page.context.close()
        await measure_together(browser, url, recording, people, rounds, 0.0)
        await browser.close()
    return all(kept)


async def measure_arrivals(
    browser: Browser, url: str, processor: Processor, recording: Recording, people: int, when: str = ""
) -> bool:
    """All open the dashboard in the same moment, with nothing in the cache of the one browser among them."""
    taken, spent = [], []
    for _ in range(ARRIVALS):
        processor.since_last()
        others = [
            be_somebody(recording, reading=0.0, goes_on=lambda: False, times=defaultdict(list))
            for _ in range(people - 1)
        ]
        (page, seconds), *_ = await asyncio.gather(visit(browser, url), *others)
        taken.append(seconds)
        spent.append(processor.since_last())
        await page.context.close()
    work = {part: statistics.mean(each[part] for each in spent) / people for part in spent[0]}
    name = f"first load, {people} at the same moment{when}"
    return show(name, taken, TOGETHER, by=statistics.median, work=work)


async def measure_together(
    browser: Browser, url: str, recording: Recording, people: int, rounds: int, reading: float
) -> bool:
    """One person has the browser, the others are what it sent before; all read a page for so long, in the mean."""
    manner = f"{people} at once, " + (f"reading {reading:.0f} s" if reading else "never reading")
    mine, is_over = Times(reading=reading), False
    theirs: dict[str, list[float]] = defaultdict(list)
    others = [
        asyncio.create_task(be_somebody(recording, reading=reading, goes_on=lambda: not is_over, times=theirs))
        for _ in range(people - 1)
    ]
    page, _seconds = await visit(browser, url)
    await stay(page, mine, rounds, time.monotonic() + TOGETHER_SECONDS)
    is_over = True
    await asyncio.gather(*others)
    await page.context.close()
    kept = show(f"every page and filter, {manner}", mine.all(), TOGETHER, by=p95, work={})
    answered = [seconds for step, each in theirs.items() if step != FIRST_STEP for seconds in each]
    show("  the others: from message to end of script", answered, TOGETHER, by=p95, work={})
    return kept


PARTS = ("server", "database", "browser")


def wait_for_answers(log: Path, since: int) -> None:
    """Until what the log has gained says that the questions were answered ahead."""
    for _ in range(WAIT_SECONDS):
        said = [line for line in log.read_text(encoding="utf-8")[since:].splitlines() if "answered ahead in" in line]
        if any("of past days" in line for line in said):
            return print(*said, sep="\n")
        time.sleep(1)
    print(f"not all was answered ahead within {WAIT_SECONDS} s, measured all the same; see {log}")


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
        as_of = warehouse.publish(arguments.invoices)
        log = get_settings().log_dir / LOG_NAME
        since = len(log.read_text(encoding="utf-8")) if log.exists() else 0
        process, url = start_dashboard(get_settings())
        wait_for_answers(log, since)
        sampler = Sampler()
        sampler.start()
        started = time.perf_counter()
        try:
            database = int((get_settings().home / "pg" / "postmaster.pid").read_text().split()[0])
            kept = asyncio.run(measure(url, as_of, process.pid, database, arguments.people, arguments.rounds))
        finally:
            sampler.ended.set()
            sampler.join()
            end(process)
        print(f"measured in {time.perf_counter() - started:.0f} s on {os.cpu_count()} cores, the browser among them")
        sampler.show_plans()
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
