"""What checks, contact rules and planning wrote into the record, in the reader's language.

All that the product can write is found in its own files, so that what is new and has no words fails here.
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from cartera.contact_rules import Channel, Event, Outcome, Question, load_packs, product_rulebook
from cartera.contact_rules.asking import ASKERS
from cartera.errors import GateFailed
from cartera.reminders.addresses import NEEDS
from cartera.runs import Check, StepReport, judge
from cartera.warehouse import control_totals, gate, transform
from cartera.warehouse.control_totals import ControlTotal
from cartera.warehouse.tie_out import CertificateLine
from cartera.warehouse.tie_out import checks as certificate_checks
from dashboards.i18n import LOCALES, Words, checks, log, rules, texts

ROOT = Path(__file__).resolve().parents[2]
ASKED_OF = [(language, Words(language)) for language in LOCALES if language != "EN"]


def _row(check: Check) -> dict[str, Any]:
    return {"gate": check.gate, "subject": check.subject, "check_name": check.name, "message": check.message}


def _failed_test(name: str, description: str, message: str, subject: str) -> Check:
    return transform._check(
        {"name": name, "status": "fail", "failures": 1234, "severity": "error", "attached": subject,
         "description": description, "message": message}
    )  # fmt: skip


def _data_tests() -> Iterator[Check]:
    """One for each test of the dbt project, those of a kind once."""
    described = yaml.safe_load((ROOT / "dbt_project/tests/_tests.yml").read_text(encoding="utf-8"))["data_tests"]
    described = {test["name"]: test["description"] for test in described}
    for path in sorted((ROOT / "dbt_project/tests").glob("*.sql")):
        yield _failed_test(path.stem, described[path.stem], "Got 1234 results, configured to fail if != 0", "warehouse")
    kinds = {kind for path in (ROOT / "dbt_project/models").rglob("*.yml") for kind in _kinds(path)}
    assert "lives_do_not_overlap" in kinds and "unique" in kinds
    for kind in sorted(kinds):
        yield _failed_test(f"{kind}_dim_items_item_id", "", "Got 1234 results, configured to fail if != 0", "dim_items")


def _kinds(path: Path) -> Iterator[str]:
    for model in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models", []):
        for tested in (model, *model.get("columns", [])):
            for test in tested.get("data_tests", []):
                yield test if isinstance(test, str) else next(iter(test))


def _expectations() -> Iterator[Check]:
    for of_gate in ("landed", "marts"):
        for suite in gate.load_suites(of_gate):  # type: ignore[arg-type]
            for each in suite.expectations:
                name, column = each["meta"].get("name", each["type"]), each["kwargs"].get("column")
                found = "; source erp, rows_in 20; source shop, rows_in 3; and 1,200 more"
                yield Check(
                    of_gate, suite.subject, f"{name}({column})" if column else name, each["severity"], passed=False,
                    message=each["meta"]["message"] + found,
                )  # type: ignore[arg-type]  # fmt: skip


def _tie_outs() -> list[Check]:
    one, two, three = (Decimal(f"{count}000.50") for count in (1, 2, 3))
    line = CertificateLine("main", "PEN", one, two, three, one, two, three)
    untied = ControlTotal("odoo", "main", "PEN", one, Decimal(0), two, 0)
    waiting = ControlTotal("odoo", "main", "USD", one, Decimal(0), two, 12)
    named = {"company_id": "main", "currency_code": "PEN", "document_number": "F001-1", "document_id": "x"}
    moved = ControlTotal("odoo", "main", "EUR", None, Decimal(0), two, 0)
    return certificate_checks([line], [named]) + control_totals.checks([untied, waiting, moved])


ALL_CHECKS = [*_data_tests(), *_expectations(), *_tie_outs()]


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda check: f"{check.name}-{check.subject}")
def test_every_check_has_words_in_every_language(check: Check) -> None:
    assert checks.message(Words("EN"), _row(check)), check.message
    for language, words in ASKED_OF:
        told = checks.message(words, _row(check))
        assert told and told != check.message, (language, check.message)


def test_a_checks_figures_and_rows_are_kept() -> None:
    spanish, portuguese = Words("ES"), Words("PT")
    by_name = {check.name: _row(check) for check in ALL_CHECKS}
    told = checks.message(portuguese, by_name["assert_open_never_below_zero"])
    assert told == "Uma dívida de zero ou menos consta como aberta (lei 2) (1.234 linhas)"
    told = checks.message(spanish, by_name["nothing_quarantined"])
    found = "list`; fuente erp, filas recibidas 20; fuente shop, filas recibidas 3; y 1,200 más"
    assert told is not None and told.endswith(found)
    assert str(checks.message(portuguese, by_name["nothing_quarantined"])).endswith("; e mais 1.200")
    told = checks.message(portuguese, by_name["buckets = open items = ledger = source"])
    assert told is not None and told.startswith("as faixas somam 1.000,50 e os itens abertos 2.000,50; itens abertos")
    assert told.endswith("verifique F001-1")
    told = checks.message(spanish, _row(_tie_outs()[2]))
    assert told is not None and "+1,000.00; 12 de sus registros esperan en cuarentena" in told


def test_what_somebody_reworded_is_told_as_the_log_has_it() -> None:
    check = {"gate": "landed", "subject": "x", "check_name": "nothing_quarantined", "message": "our own words"}
    assert checks.message(Words("ES"), check) is None
    own = _row(_failed_test("assert_ours", "Ours", "", "warehouse"))
    assert checks.message(Words("ES"), own) is None
    known = _row(_failed_test("assert_open_never_below_zero", "Ours", "", "warehouse"))
    assert checks.message(Words("ES"), known) is None
    assert checks.message(Words("ES"), check | {"message": ""}) == ""


def test_what_a_step_says_of_its_checks_and_what_ended_a_run() -> None:
    spanish, failed = Words("ES"), ALL_CHECKS[:3]
    with pytest.raises(GateFailed) as ended:
        judge(StepReport("tie-out"), failed)
    # the record has them in another order
    rows = [_row(check) for check in reversed(failed)]
    told = log.message(spanish, str(ended.value), rows)
    assert told is not None and told.startswith("cuadre: warehouse: ") and "sigue vigente" in told
    assert log.message(spanish, str(ended.value), rows[:2]) is None, "half of it would stay English"
    report = StepReport("gate 2: marts")
    judge(report, [Check(each.gate, each.subject, each.name, "warning", False, "", each.message) for each in failed])
    assert log.message(spanish, report.message, rows) == told.removeprefix("cuadre: ").partition(". la última")[0]
    (step,) = control_totals.steps(
        [ControlTotal("odoo", c, "PEN", Decimal(1), Decimal(0), Decimal(3), 0) for c in "ab"]
    )
    told = log.message(spanish, step.message)
    assert told is not None and told.startswith("a PEN: los libros de odoo") and "; b PEN: los libros" in told
    assert log.message(spanish, "the disk is full") is None


PACK_RULES = [rule for pack in load_packs() for rule in pack.rules if rule.kind in ASKERS]


def test_every_rule_of_a_pack_has_words_in_every_language() -> None:
    english = texts("EN")
    assert len(PACK_RULES) > 70
    assert {rule.id: english.get(f"rule.{rule.id}") for rule in PACK_RULES} == {
        rule.id: rule.text for rule in PACK_RULES
    }
    for _, words in ASKED_OF:
        for rule in PACK_RULES:
            told = rules.rule(words, f"{rule.text} [{rule.id}, law]")
            assert told == f"{words(f'rule.{rule.id}')} [{rule.id}, {words('rule.standing.law')}]"
    assert rules.rule(Words("ES"), "Ours [ours]") == "Ours [ours]"
    assert rules.rule(Words("ES"), "Another text [pe_hours, law]") == "Another text [pe_hours, ley]"


def test_no_words_are_left_of_what_is_gone() -> None:
    known = {f"rule.{rule.id}" for rule in PACK_RULES} | {"rule.or", "rule.time_zone_known"} | set(rules.RULES.values())
    left = {key for key in texts("EN") if key.startswith("rule.") and not key.startswith("rule.standing.")} - known
    assert left == set()
    names = {f"check.{check.name.partition('(')[0]}" for check in ALL_CHECKS if check.gate != "tie-out"}
    patterns = {*checks.PHRASES.values(), *checks.CONTROLS.values(), "check.rows.one", "check.rows.other", "check.more"}
    left = {key for key in texts("EN") if key.startswith("check.")} - names - patterns
    assert {key for key in left if not key.startswith(("check.kind.", "check.column."))} == set()
    seen = {key.removesuffix(".one").removesuffix(".other") for key in texts("EN") if key.startswith("saw.")}
    assert seen == set(rules.SEEN.values())


SUNDAY_NIGHT = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize("country", [*sorted({code for pack in load_packs() for code in pack.countries}), None, "JP"])
def test_whatever_the_rules_saw_has_words(country: str | None) -> None:
    """Every refusal of a debtor who was talked to by every channel, wants no more, and is asked for at a bad hour."""
    book = product_rulebook()
    history = tuple(
        Event(SUNDAY_NIGHT - dt.timedelta(days=days, hours=1), channel, Outcome.answered)
        for channel in Channel for days in range(9)
    )  # fmt: skip
    seen = set()
    for channel in Channel:
        for opted_out, authorised in ((frozenset(), frozenset()), (frozenset(Channel), None)):
            question = Question(
                SUNDAY_NIGHT, channel, country=country, history=history, is_strict=True, opted_out=opted_out,
                authorised=authorised,
            )  # fmt: skip
            verdict = book.check(question)
            seen |= {answer.saw for answer in verdict.refusals} | set(verdict.notes)
    assert seen
    for language, words in ASKED_OF:
        assert [text for text in seen if rules.saw(words, text) == text] == [], language


def test_what_planning_asks_has_words() -> None:
    for _, words in ASKED_OF:
        silent = [text for text in (*_asked_by_planning(), *NEEDS.values()) if rules.rule(words, text) == text]
        assert silent == []


ALWAYS_YES = (
    "the law allows this moment", "a policy is for this debt", "a vulnerable customer goes to a person",
    "the channel of 1", "channels in the order of what worked", "the hour that suits the customer",
)  # fmt: skip
"""Questions that nobody is left in peace for."""


def _asked_by_planning() -> Iterator[str]:
    """The first argument of every Answer and _kept of the reminders, and every `rule` that is handed to one."""
    found = set()
    for path in (ROOT / "cartera/reminders").glob("*.py"):
        if path.name in ("preview.py", "lawful.py"):
            continue  # what the command line shows; and the packs' own
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Answer", "_kept"):
                found.add(_sample(node.args[0]))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).lower() == "rule":
                found.add(_sample(node.value))
    assert len(found) > 20
    return (text for text in sorted(filter(None, found)) if text not in ALWAYS_YES)


def _sample(node: ast.expr) -> str | None:
    """The text with something for each of its values; None where it is not written out there."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if not isinstance(node, ast.JoinedStr):
        return None
    return "".join(
        str(part.value)
        if isinstance(part, ast.Constant)
        else "2026-03-01" if "date" in ast.unparse(part) else "1"
        for part in node.values
    )  # fmt: skip


def test_what_planning_saw_is_told_with_its_values() -> None:
    spanish = Words("ES")
    assert rules.saw(spanish, "sms: a fixed line; email: none") == "SMS: un teléfono fijo; correo: ninguno"
    assert rules.saw(spanish, "item files:7 is disputed (price)") == "la partida files:7 está en disputa (price)"
    held = "attorney, held by ana on 2026-03-01: asked; by phone; other, held by luis on 2026-03-02"
    assert rules.saw(spanish, held) == (
        "tiene abogado, por ana el 1 mar 2026: asked; by phone; otro, por luis el 2 mar 2026"
    )
    assert rules.saw(spanish, "disputed") == spanish("campaigns.skip.disputed")
    assert rules.saw(spanish, "the customer asked; by phone") == "the customer asked; by phone"
    assert rules.saw(Words("PT"), "last message on 2026-03-01") == "última mensagem em 1 mar. 2026"
    told = rules.rule(spanish, "there is a good e-mail address, or a person may call")
    assert told == "hay una dirección de correo válida, o una persona puede llamar"
