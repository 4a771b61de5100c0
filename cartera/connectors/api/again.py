"""When a request is made again: with backoff and jitter, not before the system says so, and for a bounded time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

import tenacity

from cartera.clock import utc_now

TRIES = 6
LONGEST_SECONDS = 300.0
"""For all tries of one request together, waiting included."""
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""The statuses that pass by themselves."""

Given = TypeVar("Given")


class Again(Exception):
    """Worth another try, after `seconds` where the system said so."""

    def __init__(self, problem: str, seconds: float | None = None) -> None:
        super().__init__(problem)
        self.seconds = seconds


def tried(once: Callable[[], Given], tries: int, sleep: Callable[[float], None]) -> Given:
    """What `once` gives as soon as it does. Raises its last Again when it never did."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Again),
        wait=_wait,
        stop=tenacity.stop_after_attempt(tries) | tenacity.stop_before_delay(LONGEST_SECONDS),
        sleep=sleep,
        reraise=True,
    )(once)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.seconds if isinstance(error, Again) else None
    jittered = tenacity.wait_random_exponential(multiplier=0.5, max=30)(state)
    return jittered if asked is None else asked + min(jittered, 1.0)


def seconds_said(retry_after: str) -> float | None:
    """Of the header Retry-After: seconds, or a date."""
    said = retry_after.strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - utc_now()).total_seconds())
