"""Experiments: drawn once by a hash, kept for ever, held out where the draw says so, reported with intervals."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reminder_world import AS_OF, World, contacts, query

from cartera.errors import ConfigError
from cartera.reminders import EmailChannel, approve_reminders, plan_reminders, send_reminders
from cartera.reminders.experiment import Arm, Experiment
from cartera.reminders.explain import explain
from cartera.reminders.model import Reason
from cartera.reminders.policies import load_policies_of

CHAMPION = """
name: champion
experiment: {{name: tone, challenger: soft, challenger_pct: {challenger}, holdout_pct: {holdout}}}
steps:
  - {{name: first, offset_days: 1, template: overdue}}
  - {{name: second, offset_days: 10, template: overdue_firm, tone: firm}}
creditor: {{name: Acme, contact_name: Ana, email: ana@example.com}}
"""
SOFT = """
name: soft
steps:
  - {name: hello, offset_days: 5, template: overdue}
creditor: {name: Acme, contact_name: Ana, email: ana@example.com}
"""


def write(folder: Path, challenger: str = "40", holdout: str = "20", soft: str = SOFT) -> Path:
    (folder / "challengers").mkdir(exist_ok=True)
    (folder / "challengers" / "soft.yaml").write_text(soft)
    path = folder / "champion.yaml"
    path.write_text(CHAMPION.format(challenger=challenger, holdout=holdout))
    return path


def arms() -> dict[str, str]:
    return {row["customer_id"]: row["arm"] for row in query("select customer_id, arm from ops.experiment_draws")}


@settings(max_examples=40, deadline=None)
@given(
    name=st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
    challenger=st.integers(1, 60),
    holdout=st.integers(0, 40),
)
def test_percentages_are_met_within_sampling_error(name: str, challenger: int, holdout: int) -> None:
    experiment = Experiment(name=name, challenger="x", challenger_pct=Decimal(challenger), holdout_pct=Decimal(holdout))
    size = 4000
    drawn = [experiment.arm_of(f"files:c{number}") for number in range(size)]
    assert drawn == [experiment.arm_of(f"files:c{number}") for number in range(size)]
    for arm, percent in ((Arm.challenger, challenger), (Arm.hold_out, holdout)):
        share = percent / 100
        # five standard errors: by chance once in two million
        assert abs(drawn.count(arm) - size * share) <= 5 * (size * share * (1 - share)) ** 0.5


def test_each_arm_goes_its_way_and_the_hold_out_is_left_in_peace(
    world: World, channel: EmailChannel, tmp_path: Path
) -> None:
    policy = write(tmp_path)
    for number in range(60):
        world.owes(f"c{number}", due=-10)
    world.publish()
    report = plan_reminders(policy_path=policy)
    drawn = arms()
    assert set(drawn.values()) == {"champion", "challenger", "hold_out"} and len(drawn) == 60
    wanted = {"champion": ("champion", "second"), "challenger": ("soft", "hello")}
    assert {c["customer_id"]: (c["policy_name"], c["step_name"]) for c in contacts()} == {
        customer: wanted[arm] for customer, arm in drawn.items() if arm != "hold_out"
    }
    assert report.skips == {Reason.held_out: list(drawn.values()).count("hold_out")}
    approve_reminders(approved_by="test")
    sent = send_reminders({"email": channel})
    assert (sent.sent, sent.skipped.total()) == (report.planned, 0)
    again = plan_reminders(policy_path=policy)
    assert again.planned == 0 and arms() == drawn


def test_who_is_held_out_reads_so_in_explain(world: World, tmp_path: Path) -> None:
    policy = write(tmp_path, "1", "99")
    world.owes("ana", due=-10)
    world.publish()
    for is_planned in (False, True):
        if is_planned:
            plan_reminders(policy_path=policy)
        (now,) = explain("ana", policy_path=policy)["now"]
        assert now["verdict"] == "is left in peace: held_out"
        assert now["answers"][-1]["rule"] == "the arm of experiment tone" and not now["answers"][-1]["passed"]
    assert arms() == {"ana": "hold_out"}
    assert [row["reason_code"] for row in explain("ana", policy_path=policy)["skips"]] == ["held_out"]


def test_a_changed_percentage_concerns_new_customers_only(world: World, tmp_path: Path) -> None:
    policy = write(tmp_path, "50", "50")
    for number in range(20):
        world.owes(f"old{number}", due=-2)
    world.publish()
    plan_reminders(policy_path=policy)
    before = arms()
    write(tmp_path, "1", "0")
    for number in range(20):
        world.owes(f"new{number}", due=-2)
    world.publish(AS_OF + dt.timedelta(days=4))
    plan_reminders(policy_path=policy)
    after = arms()
    assert {customer: after[customer] for customer in before} == before and "champion" not in before.values()
    new = {arm for customer, arm in after.items() if customer.startswith("new")}
    assert len(after) == 40 and "hold_out" not in new


def test_nobody_is_drawn_before_a_step_is_reached_or_in_a_dry_run(world: World, tmp_path: Path) -> None:
    policy = write(tmp_path)
    world.owes("ana", due=3)
    world.owes("bea", due=-3)
    world.publish()
    plan_reminders(policy_path=policy, dry_run=True)
    assert arms() == {}
    plan_reminders(policy_path=policy)
    # bea too where the challenger's first step is still to come: all arms begin on one day
    assert set(arms()) == {"bea"}


def test_a_contact_planned_before_the_experiment_is_withdrawn_from_the_held_out(world: World, tmp_path: Path) -> None:
    policy = write(tmp_path, "1", "99")
    text = policy.read_text()
    policy.write_text("\n".join(line for line in text.splitlines() if not line.startswith("experiment")))
    world.owes("ana", due=-10)
    world.publish()
    assert plan_reminders(policy_path=policy).planned == 1
    policy.write_text(text)
    plan_reminders(policy_path=policy)
    (contact,) = contacts()
    assert (contact["status"], contact["reason_code"]) == ("skipped", "held_out")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"challenger": "60", "holdout": "41"}, "more than 100 together"),
        ({"challenger": "0", "holdout": "5"}, "challenger and challenger_pct go together"),
        ({"soft": SOFT.replace("name: soft", "name: champion")}, "name 'champion' is that of champion.yaml too"),
        ({"soft": SOFT + "audience: {countries: [CO]}\n"}, "a challenger is for the audience of champion"),
        ({"soft": SOFT + "experiment: {name: nested, holdout_pct: 5}\n"}, "no experiment of its own"),
    ],
)
def test_an_experiment_that_makes_no_sense_is_refused(tmp_path: Path, changed: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_policies_of([write(tmp_path, **changed)])


def test_two_policies_have_two_experiments(tmp_path: Path) -> None:
    first = write(tmp_path)
    second = tmp_path / "other.yaml"
    second.write_text(first.read_text().replace("name: champion", "name: other\npriority: 7").replace("soft", "mild"))
    (tmp_path / "challengers" / "mild.yaml").write_text(SOFT.replace("soft", "mild"))
    with pytest.raises(ConfigError, match="experiment 'tone' is that of champion.yaml too"):
        load_policies_of([first, second])
