"""Counts refused rows of one file; when most fail in one way the mapping is wrong, and the file stops."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

MAX_REJECTED_SHARE = 0.5
MIN_ROWS = 20
"""Fewer rows are no ground to judge a mapping: they go to quarantine one by one."""
EARLY_ROWS = 20_000
"""From so many failures on, judge before the end of the file: a wrong mapping on ten million rows."""
SAMPLES = 200

Failure = tuple[str, str | None]
"""Reason code and column."""


@dataclass(frozen=True)
class Verdict:
    """The failure that most rows share. `example`: one such cell in words; `values`: what such cells hold."""

    failure: Failure
    count: int
    rows: int
    example: str
    values: list[str]


class Judge:
    def __init__(self) -> None:
        self.rows = 0
        self.counts: Counter[Failure] = Counter()
        self.examples: dict[Failure, str] = {}
        self._values: dict[Failure, list[str]] = {}

    def saw(self, rows: int) -> None:
        self.rows += rows

    def failed(self, failure: Failure, count: int, example: str, values: list[str]) -> None:
        if not count:
            return
        self.counts[failure] += count
        self.examples.setdefault(failure, example)
        known = self._values.setdefault(failure, [])
        known.extend(values[: SAMPLES - len(known)])

    def verdict(self, *, is_end: bool) -> Verdict | None:
        for failure, count in self.counts.most_common(1):
            is_time = is_end or count >= EARLY_ROWS
            if is_time and self.rows >= MIN_ROWS and count > MAX_REJECTED_SHARE * self.rows:
                return Verdict(failure, count, self.rows, self.examples[failure], self._values[failure])
        return None
