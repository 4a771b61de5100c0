"""Why a source was not landed or not read, in the reader's language; the forms are those of the source code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.i18n import LOCALES, Words, log

ROOT = Path(__file__).resolve().parents[2]
OF_SOURCES = (
    "landing/guards.py", "landing/versions.py", "landing/repeats.py", "connectors/api/http.py",
)  # fmt: skip
VALUES = {
    "count": "1,234", "cut": "9", "changed": "90", "repeats": "9", "rows": "90", "current": "1,234",
    "amount": "1,234.50", "amount + change": "99.00", "delivery.max_shrink_pct": "20", "delivery.max_fall_pct": "50",
    "changes.deleted": "600", "example": "'INV-7'", "factor": "100", "where": "odoo: POST https://x.example/json",
}  # fmt: skip


def _problems(name: str) -> Iterator[str]:
    """What a source can be refused with, written with sample values."""
    for node in ast.walk(ast.parse((ROOT / "cartera" / name).read_text(encoding="utf-8"))):
        call = node.exc if isinstance(node, ast.Raise) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("SourceError", "ShrunkDelivery"):
            text = call.args[0]
            assert isinstance(text, ast.JoinedStr)
            parts = (part.value if isinstance(part, ast.Constant) else _sample(part) for part in text.values)
            yield "".join(map(str, parts)) + "\n  mend: see\nthe source"


def _sample(part: ast.expr) -> str:
    assert isinstance(part, ast.FormattedValue)
    name = ast.unparse(part.value)
    return VALUES.get(name, "" if name in ("said", "self.said(answer)") else "invoices")


@pytest.mark.parametrize("name", OF_SOURCES[:3])
def test_every_guard_of_landing_is_told_in_every_language(name: str) -> None:
    problems = list(_problems(name))
    assert problems
    for problem in problems:
        told = {language: log.message(Words(language), problem) for language in LOCALES}
        assert None not in told.values() and len(set(told.values())) == len(LOCALES), problem
        assert all("mend" not in text and "invoices" in text for text in told.values() if text)
        assert "1.234" in str(told["PT"]) or "1,234" not in problem, "numbers as the reader writes them"


def test_what_a_system_refused_is_told_with_what_it_said() -> None:
    problems = list(_problems(OF_SOURCES[3]))
    told = [log.message(Words("ES"), problem) for problem in problems]
    for beginning in ("no acepta el acceso", "la cuenta no puede leer esto", "sin respuesta tras varios intentos"):
        assert any(beginning in text for text in told if text), beginning
    login = "odoo: POST https://x.example/json: does not accept the login (401): bad key\n  mend: give valid ones"
    said = "odoo: el sistema no acepta el acceso (POST https://x.example/json): bad key. Dé uno válido"
    assert log.message(Words("ES"), login) == f"{said} con `cartera connect`."
    assert log.message(Words("ES"), "odoo: disk full") is None
