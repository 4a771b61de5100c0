"""The packs as files: nothing of the facts is lost, and a mistake is named with its line."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from cartera.contact_rules import (
    Channel,
    Question,
    Rulebook,
    Standing,
    load_company_rules,
    load_pack,
    product_rulebook,
    rulebook,
)
from cartera.contact_rules.kinds import DAYS, span_of
from cartera.contact_rules.model import Level
from cartera.contact_rules.moments import change_of, first_instant
from cartera.contact_rules.pack import PACKS_DIR
from cartera.errors import ConfigError

FACTS = Path(__file__).resolve().parents[3] / "shared" / "facts" / "contact_rules.yaml"
PE = (PACKS_DIR / "pe.yaml").read_text(encoding="utf-8")


def facts() -> list[dict[str, Any]]:
    return yaml.safe_load(FACTS.read_text(encoding="utf-8"))["jurisdictions"]


def test_every_entry_of_the_facts_has_its_pack_with_sources_and_doubts() -> None:
    packs = {pack.id: pack for pack in product_rulebook().packs}
    entries = facts()
    assert len(entries) == 25
    assert set(packs) == {entry["id"] for entry in entries} | {"GENERAL", "UNKNOWN"}
    for entry in entries:
        pack = packs[entry["id"]]
        assert pack.is_verified == entry["verified"]
        assert pack.confidence == entry["confidence"]
        assert list(pack.legal_basis) == entry["legal_basis"]
        assert list(pack.conflicts) == entry["conflicts"]
        assert list(pack.unverified) == entry["unverified"]
        assert [(each.title, each.url, each.level) for each in pack.sources] == [
            (each["title"], each["url"], each["level"]) for each in entry["sources"]
        ]


@pytest.mark.parametrize("entry", facts(), ids=lambda entry: entry["id"])
def test_hours_are_those_of_the_facts(entry: dict[str, Any]) -> None:
    """The law's where there are any, else the careful default, which is said to be no law."""
    pack = next(pack for pack in product_rulebook().packs if pack.id == entry["id"])
    rules = [rule for rule in pack.rules if rule.kind == "hours" and not rule.strict_only]
    stated = entry["hours"] or entry.get("conservative_hours")
    if stated is None:
        assert rules == []
        return
    spans = {day: tuple(span_of(text) for text in stated[day]) for day in (*DAYS, "holiday")}
    same = [rule for rule in rules if {day: rule.open.of(day) for day in spans} == spans]
    assert same
    if entry["hours"] is None:
        assert {each for rule in same for each in rule.debtors.values()} == {Standing.default}
        assert all(rule.level is Level.product_default for rule in same)
        assert any("not law" in (rule.note or "") or "careful default" in (rule.note or "") for rule in same)
    else:
        expected = Standing.law if entry["verified"] else Standing.caution
        assert any("consumer" in rule.debtors and rule.debtors["consumer"] is expected for rule in same)


def test_numbers_are_those_of_the_facts() -> None:
    """Each limit that the facts state is a rule of the same number."""
    for entry in facts():
        pack = next(pack for pack in product_rulebook().packs if pack.id == entry["id"])
        caps = [rule.max for rule in pack.rules if rule.kind == "cap"]
        wanted = [each["max"] for each in entry["frequency"] if each.get("max")]
        assert sorted(caps) == sorted(wanted), entry["id"]
        for each in entry["frequency"]:
            if each.get("max_distinct_channels"):
                assert any(r.kind == "distinct_channels" and r.max == each["max_distinct_channels"] for r in pack.rules)
            if each.get("min_gap_days"):
                assert any(r.kind == "spacing" and r.days == each["min_gap_days"] for r in pack.rules)
            if each.get("max") == 0:
                assert any(r.kind == "silence" and r.days == 7 for r in pack.rules)


def test_what_is_not_verified_is_never_called_law() -> None:
    for pack in product_rulebook().packs:
        for rule in pack.rules:
            if not pack.is_verified or rule.level in (Level.memory, Level.secondary_single):
                assert Standing.law not in rule.debtors.values(), rule.id
            if rule.level is Level.product_default:
                assert set(rule.debtors.values()) == {Standing.default}, rule.id


@pytest.mark.parametrize(
    ("old", "new", "line_has", "message"),
    [
        ("mon_fri: ['07:00-20:00']", "mon_fri: ['7:00-20:00']", "mon_fri", "no span of hours"),
        ("mon_fri: ['07:00-20:00']", "mon_fri: ['20:00-07:00']", "mon_fri", "ends before it begins"),
        ("      sat: []\n", "", "open:", "missing"),
        ("kind: hours", "kind: hour", "id: pe_hours", "hour"),
        ("time_zones: [America/Lima]", "time_zones: [America/Limón]", "time_zones", "no time zone"),
        ("level: primary_text", "level: primary", "level: primary", "primary_text"),
        ("channels: [call, voice, visit]", "channels: [call, fax]", "fax", "'fax'"),
        ("consumer: law, business: caution}", "consumer: law, busyness: caution}", "busyness", "busyness"),
        ("id: pe_message_hours", "id: pe_hours", "id: pe_hours", "used twice"),
        ("is_verified: true", "is_verified: false", "debtors", "no `law`"),
        ("countries: [PE]\n", "", "applies", "countries"),
    ],
)
def test_a_mistake_in_a_pack_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line_has: str, message: str
) -> None:
    assert old in PE
    path = tmp_path / "pe.yaml"
    text = PE.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_pack(path)
    found = re.search(r"pe\.yaml:(\d+):", error.value.problem)
    assert found, error.value.problem
    assert line_has in text.splitlines()[int(found[1]) - 1], error.value.problem
    assert message in error.value.problem


def test_a_source_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pe.yaml"
    path.write_text(re.sub(r"    sources: \[\w+\]", "    sources: [gazette]", PE, count=1), encoding="utf-8")
    with pytest.raises(ConfigError, match="'gazette' is none of the pack's sources"):
        load_pack(path)


def test_a_company_can_forbid_more_and_not_allow_more(tmp_path: Path) -> None:
    path = tmp_path / "house.yaml"
    path.write_text(
        "id: HOUSE\nname: Ours\napplies: company\nis_verified: true\nconfidence: ours\n"
        "scope: {consumer: true, business: true}\nrules:\n"
        "  - {id: house_hours, kind: hours, text: Mornings only, level: company, channels: all,\n"
        "     debtors: {consumer: policy, business: policy},\n"
        '     open: {mon_fri: ["06:00-12:00"], sat: ["06:00-12:00"], sun: [], holiday: []}}\n',
        encoding="utf-8",
    )
    book = product_rulebook().with_company(load_pack(path))

    def refused(hour: int, day: int = 20) -> list[tuple[str, str]]:
        at = dt.datetime(2026, 11, day, hour, tzinfo=ZoneInfo("America/Lima"))
        verdict = book.check(Question(at, Channel.call, "PE", is_business=False))
        return [(answer.rule.id, answer.rule.standing) for answer in verdict.refusals]

    assert refused(11) == []
    assert refused(12) == [("house_hours", "policy")]
    assert refused(6) == [("pe_hours", "law"), ("general_quiet_hours", "default")]
    assert refused(11, day=21) == [("pe_hours", "law")]


def test_requirements_are_exposed_for_templates() -> None:
    book = product_rulebook()
    required = {each.key: each for each in book.requirements("CL", Channel.email, is_business=False) if each.must}
    assert {"creditor_identity", "contract_and_amount", "payment_options", "not_a_seizure"} <= set(required)
    assert required["not_a_seizure"].phrases["es"]
    assert required["creditor_identity"].when == "first_contact"
    forbidden = {each.key for each in book.requirements("CL", Channel.email) if not each.must}
    assert {"court_look", "consequences", "threat"} <= forbidden
    assert "opt_out" in {each.key for each in book.requirements("US", Channel.sms, region="TX")}
    assert "opt_out" not in {each.key for each in book.requirements("US", Channel.call, region="TX")}
    assert "approved_template" in {each.key for each in book.requirements("PE", Channel.whatsapp)}


def test_a_moment_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no UTC offset"):
        Question(dt.datetime(2026, 11, 20, 10), Channel.call, "PE")  # noqa: DTZ001


def test_clocks_that_jump_and_clocks_that_are_set_back() -> None:
    new_york, santiago = ZoneInfo("America/New_York"), ZoneInfo("America/Santiago")
    # 02:30 is left out on 14 March 2027: it is reached when 03:00 follows 01:59
    assert first_instant(dt.date(2027, 3, 14), 150, new_york) == dt.datetime(2027, 3, 14, 7, tzinfo=dt.UTC)
    # 01:30 comes twice on 7 November 2027
    first = first_instant(dt.date(2027, 11, 7), 90, new_york)
    assert first == dt.datetime(2027, 11, 7, 5, 30, tzinfo=dt.UTC)
    assert first_instant(dt.date(2027, 11, 7), 90, new_york, after=first) == first + dt.timedelta(hours=1)
    # in Chile the day of the change begins at 01:00
    assert first_instant(dt.date(2027, 9, 5), 0, santiago) == dt.datetime(2027, 9, 5, 4, tzinfo=dt.UTC)
    assert change_of(dt.date(2027, 11, 7), new_york) == dt.datetime(2027, 11, 7, 6, tzinfo=dt.UTC)
    assert change_of(dt.date(2027, 11, 8), new_york) is None


def test_an_empty_rulebook_has_nothing_to_refuse_but_an_unknown_zone() -> None:
    book = Rulebook(())
    at = dt.datetime(2026, 11, 22, 3, tzinfo=dt.UTC)
    assert book.check(Question(at, Channel.call, "PE")).is_allowed
    assert not book.check(Question(at, Channel.call)).is_allowed


def test_the_companys_own_file_as_the_document_shows_it(tmp_path: Path) -> None:
    document = (Path(__file__).resolve().parents[2] / "docs" / "contact-rules.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", document, re.DOTALL)
    assert example
    path = tmp_path / "contact_rules.yaml"
    path.write_text(example[1], encoding="utf-8")
    company = load_company_rules(path)
    assert company.is_business("Persona Natural") is False
    assert company.is_business("cooperativa") is True
    assert company.is_business("Individual") is False
    assert company.unknown_country == "PE"
    assert company.region_of("erp:C017", "BR") == "SP" and company.region_of("erp:C018", "BR") is None
    assert company.region_of("erp:C018", "us") == "TX"
    at = dt.datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("America/Lima"))
    verdict = rulebook(company).check(Question(at, Channel.email, "PE", is_business=True))
    assert [(each.rule.id, each.rule.standing) for each in verdict.refusals] == [("mornings_only", "policy")]

    path.write_text(example[1].replace("level: company", "level: primary_text", 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"contact_rules\.yaml:\d+: rules\.0\."):
        load_company_rules(path)
    path.write_text(example[1].replace("is_strict", "is_strikt", 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"contact_rules\.yaml:6: is_strikt: .*did you mean is_strict"):
        load_company_rules(path)


def test_without_the_file_nothing_is_added_and_nothing_is_assumed(tmp_path: Path) -> None:
    company = load_company_rules(tmp_path / "none.yaml")
    assert company.is_business("sociedad anónima") is None
    assert rulebook(company) is product_rulebook()
