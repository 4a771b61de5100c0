"""What a contact costs is written down when it goes out, by the price list of that moment."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from reminder_world import World, contacts

from cartera.reminders import EmailChannel, approve_reminders, plan_reminders, send_reminders
from cartera.settings import get_settings


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A policies folder of the test's own."""
    folder = tmp_path / "policies"
    shutil.copytree(get_settings().policies_dir, folder)
    monkeypatch.setenv("CARTERA_POLICIES_DIR", str(folder))
    get_settings.cache_clear()
    yield folder
    get_settings.cache_clear()


def price(policies: Path, of: str) -> None:
    path = policies / "shared" / "prices.yaml"
    lines = [of if line.startswith("email:") else line for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("\n".join(lines), encoding="utf-8")


def test_the_price_of_the_moment_is_kept(world: World, channel: EmailChannel, policies: Path) -> None:
    price(policies, "email: {PE: 0.01, MX: 0.035, other: 0}")
    world.owes("ana", due=-10)
    world.owes("bea", due=-10, is_disputed=True)
    world.publish()
    plan_reminders()
    (planned,) = contacts()
    assert planned["cost_amount"] is None
    approve_reminders()
    assert send_reminders({"email": channel}).sent == 1
    price(policies, "email: {other: 9}")
    (sent,) = contacts(status="sent")
    assert (sent["cost_amount"], sent["cost_currency_code"]) == (Decimal("0.035"), "USD")


def test_without_a_price_list_messages_go_out_and_cost_nothing_known(
    world: World, channel: EmailChannel, policies: Path
) -> None:
    (policies / "shared" / "prices.yaml").unlink()
    world.owes("ana", due=-10)
    world.publish()
    plan_reminders()
    approve_reminders()
    assert send_reminders({"email": channel}).sent == 1
    assert contacts()[0]["cost_amount"] is None
