"""Steps on the terminal while they go: a moving bar where one takes over two seconds, then a line each."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cartera import runs
from cartera.cli.output import messages
from cartera.money import plain
from cartera.runs import StepReport

PATIENCE_SECONDS = 2.0
MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]!![/]", "stopped": "[red]no[/]", "failed": "[red]no[/]"}


class StepPrinter(runs.Watcher):
    """Prints each finished step with rows, amounts and seconds on standard error."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._timer: threading.Timer | None = None

    def started(self, step: str) -> None:
        if messages.is_terminal:
            self._timer = threading.Timer(PATIENCE_SECONDS, self._show_bar, [step])
            self._timer.daemon = True
            self._timer.start()

    def finished(self, report: StepReport) -> None:
        self._hide_bar()
        messages.print(_line(report))

    def _show_bar(self, step: str) -> None:
        columns = (TextColumn("   {task.description}"), BarColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=messages, transient=True)
        self._bar.add_task(escape(step), total=None)
        self._bar.start()

    def _hide_bar(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._timer = None


def _line(report: StepReport) -> str:
    counts = [
        f"{rows:,} {word}"
        for rows, word in (
            (report.rows_in, "in"),
            (report.rows_out, "out"),
            (report.rows_quarantined or None, "quarantined"),
        )
        if rows is not None
    ]
    amounts = [
        f"{currency} {plain(amount, currency)}" for currency, amount in report.amounts.items() if currency != "*"
    ]
    told = escape("  ".join(filter(None, [", ".join(counts), " ".join(amounts), report.message])))
    return f"{MARKS.get(report.status, '  ')} {escape(report.step):<26} {report.seconds:6.1f} s  {told}"


@contextmanager
def told(step: str) -> Iterator[StepReport]:
    """A step outside a run: timed and shown, not stored."""
    report, started = StepReport(step), time.perf_counter()
    runs.watcher.get().started(step)
    try:
        yield report
    except BaseException:
        report.status = "failed"
        raise
    finally:
        report.seconds = time.perf_counter() - started
        runs.watcher.get().finished(report)


@contextmanager
def shown_steps() -> Iterator[None]:
    """Every step inside is printed as it ends."""
    token = runs.watcher.set(StepPrinter())
    try:
        yield
    finally:
        runs.watcher.reset(token)
