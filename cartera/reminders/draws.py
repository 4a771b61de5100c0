"""Who was drawn for which arm of an experiment: stored once, never drawn again (`ops.experiment_draws`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json, execute_values

from cartera.reminders.choose import Draw
from cartera.reminders.experiment import Arm
from cartera.reminders.policies import Policies
from cartera.warehouse import read


def arms(
    connection: Connection,
    policies: Policies,
    customer_ids: Sequence[str] | None = None,
    before: dt.date | None = None,
) -> dict[str, dict[str, Arm]]:
    """Of the experiments in force: customer_id -> experiment -> arm; of all customers or those named.

    `before`: only who was drawn on an earlier day, for a look at the past.
    """
    names = [policy.experiment.name for policy in policies if policy.experiment]
    if not names:
        return {}
    found: dict[str, dict[str, Arm]] = {}
    ids = list(customer_ids) if customer_ids is not None else None
    bound = {"names": names, "ids": ids, "before": before}
    for row in read.rows(connection, _ARMS, bound):
        found.setdefault(row["customer_id"], {})[row["experiment"]] = Arm(row["arm"])
    return found


_ARMS = """
select experiment, customer_id, arm from ops.experiment_draws
where experiment = any(%(names)s) and (%(ids)s::text[] is null or customer_id = any(%(ids)s))
    and (%(before)s::date is null or drawn_on < %(before)s)
"""


def with_drawn(known: Mapping[str, Arm], draws: Iterable[Draw]) -> dict[str, Arm]:
    return {**known, **{draw.experiment: draw.arm for draw in draws}}


def store(connection: Connection, draws: Sequence[Draw], as_of: dt.date) -> None:
    """Write down new draws; one that is there stays as it was."""
    values = [
        (
            draw.experiment, draw.customer_id, draw.arm, draw.policy.name, draw.challenger_name,
            experiment.challenger_pct, experiment.holdout_pct, as_of,
            Json({id: {code: f"{amount:f}" for code, amount in owed.items()} for id, owed in draw.owed.items()}),
        )
        for draw in draws
        if (experiment := draw.policy.experiment)
    ]  # fmt: skip
    if not values:
        return
    with connection.cursor() as cursor:
        execute_values(
            cursor,
            "insert into ops.experiment_draws (experiment, customer_id, arm, policy_name, challenger_name,"
            " challenger_pct, holdout_pct, drawn_on, owed) values %s on conflict do nothing",
            values,
            page_size=1000,
        )
