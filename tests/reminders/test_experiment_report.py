"""What the report of an experiment says, held against a second reckoning."""

from __future__ import annotations

import datetime as dt
import json
import random
from decimal import Decimal
from typing import Any

import pytest
import typer
from psycopg2.extras import execute_values
from reminder_world import AS_OF, EVER, FOREVER, World
from scipy import stats
from typer.testing import CliRunner

from cartera.cli import experiments as commands
from cartera.cli.reminders import register
from cartera.db import Role, transaction
from cartera.errors import ConfigError
from cartera.reminders.experiment import Arm
from cartera.reminders.experiment_report import ArmFigures, experiment_report, open_days, welch

DRAWN = AS_OF - dt.timedelta(days=40)
WINDOW = 30


def close(found: Decimal, wanted: float) -> None:
    assert float(found) == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_open_days_are_those_of_a_walk_through_each_day() -> None:
    dice = random.Random(5)
    for _ in range(300):
        owed = Decimal(dice.randint(1, 900))
        days = sorted(dice.sample(range(1, WINDOW + 1), dice.randint(0, 6)))
        movements = [(day, Decimal(dice.randint(-200, 400))) for day in days]
        walked, settled = Decimal(0), Decimal(0)
        for day in range(WINDOW):
            settled = min(max(settled + dict(movements).get(day, Decimal(0)), Decimal(0)), owed)
            walked += owed - settled
        assert open_days(owed, movements, WINDOW) == walked


def test_the_interval_is_that_of_scipy() -> None:
    dice = random.Random(1)
    first = [Decimal(dice.randint(0, 5000)) / 100 for _ in range(130)]
    second = [Decimal(dice.randint(0, 9000)) / 100 for _ in range(101)]
    found = welch(first, second)
    wanted = stats.ttest_ind([float(v) for v in first], [float(v) for v in second], equal_var=False)
    low, high = wanted.confidence_interval(0.95)
    close(found.low, low)
    close(found.high, high)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    dice, held = random.Random(11), 0
    for _ in range(300):
        first = [Decimal(str(round(dice.gauss(30, 20), 2))) for _ in range(120)]
        second = [Decimal(str(round(dice.gauss(25, 5), 2))) for _ in range(100)]
        found = welch(first, second)
        held += found.low <= 5 <= found.high
    assert 300 * 0.95 - 16 <= held <= 300 * 0.95 + 13


class Trial:
    """Customers drawn, told and paid, written straight into the ledger."""

    def __init__(self, world: World) -> None:
        world.owes("somebody", due=5)
        world.publish()
        self.draws: list[tuple[Any, ...]] = []
        self.entries: list[tuple[Any, ...]] = []
        self.told: list[str] = []

    def draw(self, customer: str, arm: Arm, owed: str = "100", on: dt.date = DRAWN, code: str = "PEN") -> None:
        self.draws.append(("tone", customer, arm, "champion", "soft", 10, 10, on, json.dumps({"main": {code: owed}})))

    def pays(self, customer: str, amount: str, day: int, kind: str = "received", **other: Any) -> None:
        row = {
            "type": kind, "company": "main", "customer": customer, "code": "PEN", "amount": -Decimal(amount),
            "on": DRAWN + dt.timedelta(days=day), "from": EVER, "to": FOREVER,
        }  # fmt: skip
        self.entries.append(tuple((row | other).values()))

    def write(self) -> None:
        with transaction(Role.admin) as connection, connection.cursor() as cursor:
            execute_values(
                cursor,
                "insert into ops.experiment_draws (experiment, customer_id, arm, policy_name, challenger_name,"
                " challenger_pct, holdout_pct, drawn_on, owed) values %s",
                self.draws,
            )
            execute_values(cursor, "insert into marts_a.entries values %s", self.entries)
            cursor.execute(
                "insert into ops.contact_plans (policy_name, policy, as_of_date, known_at, publication_id, planned_by)"
                " values ('champion', '{}', %s, now(), 1, 'test')",
                (DRAWN,),
            )
            for customer in self.told:
                cursor.execute(
                    "with c as (insert into ops.contacts (contact_id, plan_id, policy_name, step_name, offset_days,"
                    " template, cycle, company_id, customer_id, recipient, language_code, planned_date, contact_date,"
                    " status, message_id) values (gen_random_uuid(), 1, 'champion', 'first', 1, 'overdue', 'x', 'main',"
                    " %(customer)s, 'a@b.pe', 'es', %(on)s, %(on)s, 'sent', %(customer)s) returning contact_id)"
                    " insert into ops.contact_items (contact_id, item_id, due_date, offset_days, currency_code,"
                    " planned_amount) select contact_id, 'i', %(on)s, 1, 'PEN', 100 from c",
                    {"customer": customer, "on": DRAWN},
                )


@pytest.fixture
def trial(world: World) -> Trial:
    return Trial(world)


def figures() -> dict[Arm, ArmFigures]:
    """Each arm beside the hold-out."""
    found = (each for each in experiment_report("tone", window_days=WINDOW) if each.against is not Arm.champion)
    return {each.arm: each for each in found if each.currency_code == "PEN"}


def test_cash_per_contact_and_days_gained_against_the_hold_out(trial: Trial) -> None:
    dice = random.Random(3)
    cash: dict[Arm, list[float]] = {}
    days: dict[Arm, list[tuple[float, float]]] = {}
    for arm, share in ((Arm.champion, 0.7), (Arm.hold_out, 0.4)):
        for number in range(150):
            customer, owed = f"{arm}-{number}", dice.randint(50, 400)
            trial.draw(customer, arm, str(owed))
            is_paid, day = dice.random() < share, dice.randint(1, WINDOW)
            if is_paid:
                trial.pays(customer, str(owed), day)
            if arm is Arm.champion:
                trial.told.append(customer)
            cash.setdefault(arm, []).append(owed if is_paid else 0)
            days.setdefault(arm, []).append((owed, day if is_paid else WINDOW))
    trial.write()
    found = figures()
    champion, control = found[Arm.champion], found[Arm.hold_out]
    assert (champion.customers, champion.contacts, control.contacts) == (150, 150, 0)
    assert champion.cash == sum(cash[Arm.champion]) and not champion.note
    wanted = stats.ttest_ind(cash[Arm.champion], cash[Arm.hold_out], equal_var=False).confidence_interval(0.95)
    assert champion.incremental_per_contact is not None and champion.days_gained is not None
    close(champion.incremental_per_contact.low, wanted.low)
    close(champion.incremental_per_contact.high, wanted.high)
    ratio = {arm: sum(a * d for a, d in each) / sum(a for a, _ in each) for arm, each in days.items()}
    close(champion.days_gained.estimate, ratio[Arm.hold_out] - ratio[Arm.champion])
    # the width beside that of a bootstrap of the same ratio
    again = []
    for _ in range(2000):
        pick = {arm: dice.choices(each, k=len(each)) for arm, each in days.items()}
        ratios = {arm: sum(a * d for a, d in each) / sum(a for a, _ in each) for arm, each in pick.items()}
        again.append(ratios[Arm.hold_out] - ratios[Arm.champion])
    again.sort()
    width = float(champion.days_gained.high - champion.days_gained.low)
    assert width == pytest.approx(again[1950] - again[50], rel=0.1)


def test_challenger_and_champion_beside_each_other(trial: Trial) -> None:
    dice = random.Random(5)
    cash: dict[Arm, list[float]] = {}
    for arm, share, last in ((Arm.champion, 0.5, 25), (Arm.challenger, 0.8, 8)):
        for number in range(140):
            customer, owed = f"{arm}-{number}", dice.randint(50, 400)
            trial.draw(customer, arm, str(owed))
            is_paid = dice.random() < share
            if is_paid:
                trial.pays(customer, str(owed), dice.randint(1, last))
            cash.setdefault(arm, []).append(owed if is_paid else 0)
            trial.told.append(customer)
    trial.write()
    rows = experiment_report("tone", window_days=WINDOW)
    assert [(each.arm, each.against) for each in rows] == [
        (Arm.champion, Arm.hold_out), (Arm.challenger, Arm.hold_out), (Arm.challenger, Arm.champion),
    ]  # fmt: skip
    beside = rows[-1]
    wanted = stats.ttest_ind(cash[Arm.challenger], cash[Arm.champion], equal_var=False).confidence_interval(0.95)
    assert beside.incremental_per_customer is not None and beside.incremental_per_contact is None
    close(beside.incremental_per_customer.low, wanted.low)
    close(beside.incremental_per_customer.high, wanted.high)
    assert beside.days_gained is not None and beside.days_gained.low > 0
    # there is no hold-out: beside it nothing is said
    assert rows[1].note == "not enough data: 0 customers in the hold-out, 100 are needed"


def test_too_few_of_the_champion_are_said(trial: Trial) -> None:
    trial.draw("ana", Arm.champion)
    trial.draw("luz", Arm.challenger)
    trial.write()
    assert experiment_report("tone", window_days=WINDOW)[-1].note == (
        "not enough data: 1 customers in the champion, 100 are needed"
    )


def test_what_is_counted_and_what_is_not(trial: Trial) -> None:
    trial.draw("ana", Arm.champion)
    trial.pays("ana", "60", 1)
    trial.pays("ana", "10", 0)  # on the day of the draw: what was owed then is less it
    trial.pays("ana", "7", WINDOW + 1)
    trial.pays("ana", "5", 3, company="other")
    trial.pays("ana", "4", 3, code="USD")
    trial.pays("ana", "3", 3, to=EVER)  # withdrawn since
    trial.pays("ana", "50", 3, kind="written_off")
    trial.pays("ana", "-20", 4, kind="refunded")
    trial.draw("new", Arm.champion, on=AS_OF - dt.timedelta(days=WINDOW - 1))
    trial.draw("far", Arm.champion, code="USD")
    trial.write()
    found = figures()[Arm.champion]
    assert (found.customers, found.too_new, found.paid, found.cash) == (1, 1, 1, Decimal(40))
    assert found.days_to_pay == (Decimal(100) * 30 - 60 * 29 + 20 * 26) / 100


def test_not_enough_data_is_said(trial: Trial) -> None:
    for number in range(120):
        trial.draw(f"c{number}", Arm.champion)
        trial.pays(f"c{number}", "100", 2)
        trial.draw(f"h{number}", Arm.hold_out)
    trial.told.append("c1")
    trial.write()
    champion = figures()[Arm.champion]
    assert champion.note == "not enough data: 0 customers of the hold-out paid, 20 are needed"
    assert champion.incremental_per_contact is None and champion.days_gained is None
    assert figures()[Arm.hold_out].note == ""


def test_the_command(trial: Trial) -> None:
    trial.draw("ana", Arm.champion)
    trial.pays("ana", "60.5", 1)
    trial.write()
    app = typer.Typer()
    register(app)
    commands.register(app)
    app.callback()(lambda: None)
    result = CliRunner().invoke(app, ["reminders", "experiment", "tone", "--format", "json"])
    assert result.exit_code == 0, result.output
    read = json.loads(result.stdout)
    assert read["rows"][0]["cash"] == "60.50" and read["rows"][0]["note"].startswith("not enough data: 0 customers")
    assert "Welch" in read["method"]
    with pytest.raises(ConfigError, match="known are: tone"):
        experiment_report("nothing")
