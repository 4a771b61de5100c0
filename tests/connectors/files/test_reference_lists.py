"""Lists of what figures refer to: exchange rates, companies, closed days, more of customers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from delivered import Landed, read

from cartera.connectors.files import FileSource, load_source
from cartera.connectors.files.connect import plan, write
from cartera.connectors.files.suggest import Wishes
from cartera.connectors.sources import all_sources
from cartera.errors import ConfigError
from cartera.settings import get_settings

RATES = {
    "en": "Rate Date,Currency,Base Currency,Exchange Rate\n",
    "es": "Fecha,Moneda,Moneda Base,Tasa de Cambio\n",
    "pt": "Data da Cotação,Moeda,Moeda Base,Taxa de Câmbio\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARTERA_SOURCES_DIR", str(tmp_path / "sources"))
    get_settings.cache_clear()
    return tmp_path


def connected(folder: Path, name: str, text: str, currency: str | None = None) -> FileSource:
    """The mapping guessed from one file, as it was written."""
    path = folder / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    found = plan(get_settings(), [str(path)], company_id="acme", wishes=Wishes(currency=currency))
    write(found)
    return load_source(found.path)


@pytest.mark.parametrize("language", RATES)
def test_rates_need_no_ids_and_hold_for_all_companies(folder: Path, language: str) -> None:
    landed = _rates(folder, RATES[language] + "2026-01-31,USD,COP,4012.5\n2026-01-31,EUR,COP,4700\n")
    assert landed.rejects == []
    assert [(row["fx_rate_id"], row["company_id"], row["rate"]) for row in landed.rows] == [
        ("USD|COP|2026-01-31", None, Decimal("4012.5")),
        ("EUR|COP|2026-01-31", None, Decimal("4700")),
    ]
    assert {row["rate_date"] for row in landed.rows} == {dt.date(2026, 1, 31)}


def _rates(folder: Path, text: str) -> Landed:
    source = connected(folder, "fx_rates", text)
    assert list(source.entities) == ["fx_rates"]
    return read(source)


def test_a_rate_of_zero_or_less_goes_to_quarantine(folder: Path) -> None:
    rows = "2026-01-30,USD,COP,0\n2026-01-31,USD,COP,-1\n2026-02-01,USD,COP,0.000000000001\n2026-02-02,USD,COP,\n"
    landed = _rates(folder, RATES["en"] + rows)
    assert [row["rate"] for row in landed.rows] == [Decimal("0.000000000001")]
    assert [reject.reason_code for reject in landed.rejects] == ["zero_amount", "negative_amount", "missing_value"]
    assert "row 2: column 'Exchange Rate' (rate): '0' can't be zero" in landed.rejects[0].message


def test_companies_name_themselves(folder: Path) -> None:
    text = "Id Empresa,Nombre,Moneda,Calendario,Regla Vencimiento\nacme,Acme SAS,COP,CO,siguiente\nbeta,,,,\n"
    landed = read(connected(folder, "empresas", text))
    assert [tuple(row.values())[1:] for row in landed.rows] == [
        ("acme", "Acme SAS", "COP", "CO", "next_business_day"),
        ("beta", None, None, None, None),
    ]


def test_closed_days_are_told_apart_by_calendar_and_day(folder: Path) -> None:
    header = "Calendar,Holiday Date,Name,Next Business Day,Previous Business Day\n"
    landed = read(connected(folder, "holidays", header + "CO,2026-01-01,Año Nuevo,2026-01-02,2025-12-31\n"))
    (row,) = landed.rows
    assert (row["closed_day_id"], row["next_business_date"]) == ("CO|2026-01-01", dt.date(2026, 1, 2))


def test_customers_say_who_they_belong_to(folder: Path) -> None:
    header = "Código Cliente,Razón Social,Casa Matriz,Sector,Tipo de Cliente,Nivel de Riesgo\n"
    landed = read(connected(folder, "clientes", header + "C1,Ana SA,C0,retail,mayorista,B\n"))
    (row,) = landed.rows
    assert (row["parent_id"], row["sector"], row["customer_type"], row["risk_class"], row["company_id"]) == (
        "C0",
        "retail",
        "mayorista",
        "B",
        "acme",
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("settings", "settings is the name of companies.yaml as a source"),
        ("desk", "desk is the name of what people record"),
        ("contacts", "contacts is the name of Cartera's own record of messages"),
    ],
)
def test_no_source_may_take_the_name_of_what_lands_of_our_own(folder: Path, name: str, said: str) -> None:
    source = connected(folder, "rates", RATES["en"] + "2026-01-31,USD,COP,4012.5\n")
    with pytest.raises(ConfigError, match=said):
        connected(folder, name, RATES["en"])
    source.path.rename(source.path.with_name(f"{name}.yaml"))
    with pytest.raises(ConfigError, match=said):
        all_sources(get_settings())
