"""Segments saved on the dashboard: what a policy's audience asks when it names one, and what a plan keeps of it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from reminder_world import World, contacts, query

from cartera.errors import ConfigError, NotAllowed
from cartera.reminders import plan_reminders
from cartera.reminders.audience import Audience, Debt
from cartera.reminders.policies import Policies, load_policy
from cartera.reminders.saved_segments import delete_segment, save_segment, saved_segments, saved_versions
from cartera.settings import PACKAGE_DIR, get_settings

DEFAULT = PACKAGE_DIR.parent / "policies" / "default.yaml"
LARGE = {"value": "large"}


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped policy, for a saved segment first and for everybody else after."""
    folder = tmp_path / "policies"
    (folder / "shared").mkdir(parents=True)
    for file in (DEFAULT.parent / "shared").iterdir():
        (folder / "shared" / file.name).write_bytes(file.read_bytes())
    given = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    (folder / "rest.yaml").write_text(yaml.safe_dump(given | {"name": "rest", "priority": 50}))
    own = {"name": "slow", "priority": 1, "audience": {"saved_segments": ["slow_in_lima"]}}
    (folder / "slow.yaml").write_text(yaml.safe_dump(given | own))
    monkeypatch.setattr(get_settings(), "policies_dir", folder)
    return folder


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("debt", "holds"),
    [
        (Debt("main", net={"PEN": Decimal(1000)}, segments=LARGE), True),
        (Debt("main", net={"PEN": Decimal("999.99")}, segments=LARGE), False),
        (Debt("main", net={"USD": Decimal(1000)}, segments=LARGE), False),
        (Debt("other", net={"PEN": Decimal(1000)}, segments=LARGE), False),
        (Debt("main", net={"PEN": Decimal(1000)}, segments={"value": "small"}), False),
        (Debt("main", net={"PEN": Decimal(1000)}), False),
    ],
)
def test_a_saved_segment_asks_all_that_was_chosen(debt: Debt, holds: bool) -> None:
    save_segment("ana", "a", "value", "large", company_id="main", currency_code="PEN", at_least=Decimal(1000))
    save_segment("ana", "never", "value", "nobody")
    found = Audience(saved_segments=("never", "a"), saved=saved_segments())
    assert found.holds(debt) is holds
    ((rule, saw, passed),) = found.asked(debt)
    assert "segment of value is large" in rule and "PEN at least 1000" in rule and passed is holds
    assert saw == ("a" if holds else "none of them")


def test_a_plan_is_for_the_saved_segment_and_keeps_what_it_asked(world: World, policies: Path) -> None:
    for customer in ("ana", "bea"):
        world.customer(customer)
        world.owes(customer, due=-10)
    world.segments = [("main", "ana", "value", "large"), ("main", "bea", "value", "small")]
    world.publish()
    save_segment("ana", "slow_in_lima", "value", "large", company_id="main", currency_code="PEN")
    assert plan_reminders().planned == 2
    assert {row["customer_id"]: row["policy_name"] for row in contacts()} == {"ana": "slow", "bea": "rest"}
    save_segment("ana", "slow_in_lima", "value", "small", replaces=True)
    kept = query("select policy -> 'audience' -> 'saved' as saved from ops.contact_plans where policy_name = 'slow'")
    assert kept[0]["saved"]["slow_in_lima"]["segments"] == {"value": ["large"]}


def test_a_name_that_is_not_there_is_refused_and_nobody_is_written_to(world: World, policies: Path) -> None:
    world.customer("ana")
    world.owes("ana", due=-10)
    world.publish()
    with pytest.raises(ConfigError, match="no saved segment 'slow_in_lima'"):
        plan_reminders()
    save_segment("ana", "slow_in_lima", "value", "large")
    delete_segment("slow_in_lima")
    with pytest.raises(ConfigError, match="no saved segment"):
        plan_reminders()
    assert contacts() == []


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "given",
    [
        {"name": "Slow"},
        {"name": "slow; drop"},
        {"name": ""},
        {"at_least": Decimal(5)},
        {"at_least": Decimal(-1), "currency_code": "PEN"},
        {"at_least": Decimal("NaN"), "currency_code": "PEN"},
    ],
)
def test_what_no_policy_could_name_is_refused(given: dict[str, object]) -> None:
    words = {"name": "slow", "scheme": "value", "segment": "large"} | given
    with pytest.raises(ConfigError):
        save_segment("ana", **words)  # type: ignore[arg-type]
    assert saved_segments() == {}


def test_a_name_that_is_taken_keeps_what_it_asks_unless_it_is_replaced(database: str) -> None:
    save_segment("ana", "slow_in_lima", "payer_behaviour", "slow")
    with pytest.raises(ConfigError, match="'slow_in_lima' is there already: ana saved it"):
        save_segment("bea", "slow_in_lima", "value", "large")
    assert saved_segments()["slow_in_lima"].segments == {"payer_behaviour": ("slow",)}
    save_segment("bea", "slow_in_lima", "value", "large", replaces=True)
    assert saved_segments()["slow_in_lima"].segments == {"value": ("large",)}


def test_policies_without_saved_segments_ask_no_database(tmp_path: Path) -> None:
    assert Policies([load_policy(DEFAULT)]).saved_segments == frozenset()


@pytest.mark.usefixtures("database")
def test_who_sees_some_companies_touches_no_segment_of_others() -> None:
    norte = frozenset({"norte"})
    save_segment("boss", "all", "value", "large")
    save_segment("boss", "sur", "value", "large", company_id="sur")
    save_segment("ana", "own", "value", "large", company_id="norte", companies=norte)
    before = saved_segments()
    for name, company in (("all", "norte"), ("sur", "norte"), ("new", "sur"), ("all", None)):
        with pytest.raises(NotAllowed):
            save_segment("ana", name, "value", "small", company_id=company, companies=norte)
    with pytest.raises(NotAllowed):
        save_segment("ana", "new", "value", "small", companies=frozenset())
    for name in ("all", "sur"):
        delete_segment(name, norte)
    assert saved_segments() == before
    save_segment("ana", "own", "value", "small", company_id="norte", companies=norte, replaces=True)
    delete_segment("own", norte)
    # who has no company to choose from, as there is one, means all of their own, and never everybody's
    save_segment("ana", "mine", "value", "small", companies=frozenset({"norte", "este"}))
    assert saved_segments()["mine"].companies == ("este", "norte")
    delete_segment("mine", frozenset({"norte", "este"}))
    assert set(saved_segments()) == {"all", "sur"}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("is_anew", [False, True])
def test_who_deletes_one_deletes_what_was_seen(is_anew: bool) -> None:
    """One that was deleted and saved again begins at the same version."""
    save_segment("ana", "slow", "value", "large")
    seen = saved_versions()["slow"]
    if is_anew:
        delete_segment("slow")
    save_segment("bea", "slow", "value", "small", replaces=True)
    with pytest.raises(ConfigError, match="'slow' is another by now: bea replaced it"):
        delete_segment("slow", seen=seen)
    assert saved_segments()["slow"].segments == {"value": ("small",)}
    delete_segment("slow", seen=saved_versions()["slow"])
    assert saved_segments() == {}
    # it is gone, as was wanted
    delete_segment("slow", seen=seen)
