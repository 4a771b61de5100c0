"""Which Data Docs are linked."""

from __future__ import annotations

from pathlib import Path

import pytest

from cartera.settings import get_settings
from dashboards.queries import docs


def test_the_newest_page_of_each_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTERA_HOME", str(tmp_path))
    get_settings.cache_clear()
    assert docs.newest_pages() == []
    for run in ("20260630T100000Z", "20260701T090000Z"):
        for suite, folder in (("marts:fct_aging", "marts:fct_aging"), ("landed:ops.loads", "landed:ops/loads")):
            page = tmp_path / "data_docs" / "validations" / folder / "__none__" / run / f"{suite}-table x.html"
            page.parent.mkdir(parents=True)
            page.touch()
    found = docs.newest_pages()
    assert [page.suite for page in found] == ["landed:ops.loads", "marts:fct_aging"]
    assert found[1].url == (
        "/data-docs/validations/marts%3Afct_aging/__none__/20260701T090000Z/marts%3Afct_aging-table%20x.html"
    )
    get_settings.cache_clear()
