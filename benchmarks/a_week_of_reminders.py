"""A week of reminders lived through hour by hour on a fast clock, with everything going wrong that can.

    python benchmarks/a_week_of_reminders.py [--seed 7] [--customers 120] [--books sandbox|drawn] [--keep]

The company is the sandbox's, read and built twice a day (`--books sandbox`), or one that is drawn and published at once
(`drawn`: seconds instead of minutes). Its mail server is a real one on this machine; the sender takes it for the way to
real people, so that hours, windows and the age of figures count. Day by day

1. it answers 5xx to some, and hangs up after DATA; 2. the sender is killed at each named point, a second one beside it;
3. the server is down, then answers 4xx; then the gateway asked at the last moment is down, answers 429, is slow, and
talks nonsense; 4. the database restarts in the middle, tasks are retried and cleared; 5. the scheduler is down all day;
6. the source is stale until the afternoon; 7. the clock is nine days ahead, then three days behind. On every day some
debtors pay, dispute or promise after the plan was made and before it is sent; others pay at the gateway, whole or in
part, of which the books hear later or never.

After each hour every new message is looked at by readers that share no code with the sender: nobody has it twice, none
left in a forbidden hour (the naive reader of the packs) or while the gateway gave no answer, what it states is open, at
the gateway too, undisputed and not promised. At the end the record is whole, each message has its contact and each
contact its message, and nobody is forgotten.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests"), str(PROJECT / "tests" / "reminders")]
FIRST = dt.date(2026, 6, 25)
"""A Thursday. The week has a Sunday, and a holiday of Peru on Monday."""


@contextlib.contextmanager
def own_home(*, keep: bool) -> Iterator[Path]:
    """A state folder and server of this run's own, with a mail server that counts as real."""
    folder = Path(tempfile.mkdtemp(prefix="cartera-week-"))
    os.environ |= {"CARTERA_HOME": str(folder / "home"), "CARTERA_SOURCES_DIR": str(folder / "sources")}
    from cartera import db

    try:
        db.ensure_ready()
        yield folder
    finally:
        db.stop()
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def show(days: list[tuple[dt.date, str, dict[str, Counter[str]]]]) -> None:
    for day, fault, counted in days:
        print(f"\n{day:%A, %d %B}: {fault}")
        for what, found in counted.items():
            said = ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
            print(f"  {what:15} {found.total():5}   {said}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--customers", type=int, default=120)
    parser.add_argument("--books", choices=("sandbox", "drawn"), default="sandbox")
    parser.add_argument("--keep", action="store_true", help="keep the state folder")
    asked = parser.parse_args()
    with own_home(keep=asked.keep) as folder:
        from week_of_reminders import BOOKS, Week

        from cartera.settings import get_settings

        books = BOOKS[asked.books](asked.seed, asked.customers, FIRST, folder)
        with Week(books, folder, get_settings().database_name or "cartera", asked.seed) as week:
            week.live()
            show(week.days)
            print(f"\n{week.laws.looked_at} messages to {len(week.laws.customers)} customers: no law was broken")
    return 0


if __name__ == "__main__":
    sys.exit(main())
