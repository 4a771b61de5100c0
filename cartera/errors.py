"""Every error a user can meet.

CarteraError                what is wrong, where, how to mend it; exit status in `exit_status`
├── ConfigError             a setting, a sources/*.yaml, a policy
│   └── RecordedAlready     under this action id something else was recorded; `at` says when
├── SourceError             a delivery that can't be read or must not be landed; stops that source alone
│   ├── UnreadableFile      not what its name says, truncated, too large, empty
│   ├── MissingColumn       the mapping names a column that the file has not
│   └── ShrunkDelivery      a full delivery lost more records than the limit allows
├── GateFailed              a critical expectation, a dbt test or the tie-out failed: nothing is published
├── BuildFailed             dbt could not build a model
├── NotPublished            there is no publication to read yet
├── DatabaseError           unreachable, wrong password, no rights, disk full
├── SendError               a message could not be handed to the channel
├── NotAllowed              this user's role or companies do not let them record that
├── Busy                what is asked for waits for something that goes on, a landing say; nothing was done
├── PlanChanged             what waits for approval is not what was looked at: it was approved or planned anew
└── Conflict                somebody else changed it since the form was drawn; `theirs` says who and what
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any


class CarteraError(Exception):
    """One clear message: what is wrong and where, then how to mend it.

    `problem` and `mend` are plain sentences without secrets; `str()` joins them.
    """

    exit_status = 1

    def __init__(self, problem: str, mend: str = "") -> None:
        self.problem = problem
        self.mend = mend
        super().__init__(f"{problem}\n  mend: {mend}" if mend else problem)


class ConfigError(CarteraError):
    exit_status = 2


class RecordedAlready(ConfigError):
    """`at`: when it was recorded."""

    def __init__(self, at: dt.datetime) -> None:
        when = f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
        super().__init__(f"this form was recorded already at {when}, with something else in it", "open the form again")
        self.at = at


class SourceError(CarteraError):
    pass


class UnreadableFile(SourceError):
    pass


class MissingColumn(SourceError):
    pass


class ShrunkDelivery(SourceError):
    pass


class GateFailed(CarteraError):
    exit_status = 3


class BuildFailed(CarteraError):
    exit_status = 3


class NotPublished(CarteraError):
    exit_status = 4


class DatabaseError(CarteraError):
    exit_status = 5


class PlanChanged(CarteraError):
    pass


class SendError(CarteraError):
    pass


class NotAllowed(CarteraError):
    exit_status = 6


class Busy(CarteraError):
    pass


class Conflict(CarteraError):
    """`theirs`: what others recorded since, oldest first; `version`: what it is with them."""

    exit_status = 7

    def __init__(self, problem: str, mend: str = "", theirs: Sequence[Any] = (), version: int = 0) -> None:
        super().__init__(problem, mend)
        self.theirs = tuple(theirs)
        self.version = version
