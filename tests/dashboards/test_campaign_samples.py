"""The samples of what waits for approval: as they would go out, or why not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.campaign_fixture import contacts, hold, reachable
from support.pages import OpenPage
from support.serve_fixture import publish_items, sample_items

from cartera.reminders import plan_reminders
from cartera.reminders.preview import Preview
from cartera.settings import PACKAGE_DIR, get_settings
from dashboards.components import page
from dashboards.components.message import boxed
from dashboards.i18n import Words
from dashboards.queries import campaigns
from dashboards.queries.session import reading

DEFAULT = PACKAGE_DIR.parent / "policies" / "default.yaml"


def test_every_sample_is_as_it_would_go_out_now(planned: int) -> None:
    with reading() as opened:
        found = campaigns.samples(opened, None)
    assert len({row["step_name"] for row in found}) == len(found) > 1
    for row in found:
        shown = campaigns.sample(row["contact_id"])
        assert isinstance(shown, Preview) and shown.contact.step.name == row["step_name"]
        assert shown.contact.channel == row["channel"]
    hold(found[0]["customer_id"])
    assert "on_hold" in str(campaigns.sample(found[0]["contact_id"]))


def test_where_one_would_not_go_out_another_shows_the_text(open_page: OpenPage, planned: int) -> None:
    with reading() as opened:
        first = campaigns.samples(opened, None)[0]
    assert first["others"] and first["contact_id"] not in first["others"]
    hold(first["customer_id"])
    app = open_page("campaigns")
    assert not app.error and not app.exception and not app.warning and app.get("iframe")


@pytest.mark.parametrize("language", ["EN", "ES", "PT"])
def test_why_there_is_no_sample_is_said_in_the_readers_language(
    open_page: OpenPage, planned: int, language: str
) -> None:
    for customer_id in {row["customer_id"] for row in contacts("planned")}:
        hold(customer_id)
    (told,) = [each.value for each in open_page("campaigns", lang=language).warning]
    reason = Words(language)("campaigns.skip.on_hold")
    assert told.endswith(f": {reason}.") and "on_hold" not in told


def test_a_phone_has_the_approval_above_the_sample(
    open_page: OpenPage, planned: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def order() -> list[str]:
        found = [each.value for each in open_page("campaigns").subheader]
        return [each for each in found if each in ("Approve", "As it will look")]

    assert order() == ["As it will look", "Approve"]
    monkeypatch.setattr(page, "is_phone", lambda: True)
    assert order() == ["Approve", "As it will look"]


def test_a_message_can_do_nothing_where_it_is_shown() -> None:
    import base64

    hostile = '<script>parent.document.title="x"</script>"><iframe src="http://example.com"></iframe>'
    kind, _, content = boxed(hostile, '"><b>').partition(",")
    page = base64.b64decode(content).decode()
    assert kind == "data:text/html;charset=utf-8;base64"
    assert page.count("<iframe") == 1 and 'sandbox=""' in page and "<script" not in page and "<b>" not in page
    assert "default-src &#x27;none&#x27;" in page


def test_texts_of_two_policies_with_the_same_steps_can_both_be_read(
    open_page: OpenPage, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list opens the last of those that are called alike."""
    for file in (DEFAULT.parent / "shared").iterdir():
        (tmp_path / "shared").mkdir(exist_ok=True)
        (tmp_path / "shared" / file.name).write_bytes(file.read_bytes())
    given = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    (tmp_path / "rest.yaml").write_text(yaml.safe_dump(given))
    of_norte = {"name": "of_norte", "priority": 1, "audience": {"companies": ["norte"]}}
    (tmp_path / "of_norte.yaml").write_text(yaml.safe_dump(given | of_norte))
    monkeypatch.setattr(get_settings(), "policies_dir", tmp_path)
    publish_items(sample_items())
    reachable()
    plan_reminders()
    app = open_page("campaigns")
    (listed,) = [each for each in app.selectbox if str(each.key).startswith("sample_")]
    with reading() as opened:
        count = len(campaigns.samples(opened, None))
    assert len(listed.options) == len(set(listed.options)) == count
    assert {option.rpartition(" · ")[2] for option in listed.options} == {"default", "of_norte"}
