"""A source whose export has rows that could not be read: two dates, one of them good by another mapping."""

from __future__ import annotations

from pathlib import Path

from cartera.clock import utc_now
from cartera.connectors.files import deliveries, load_source
from cartera.db import Role, transaction
from cartera.landing import land_all

MAPPING = """\
system: files
entities:
  payments:
    files: {file}
    delivery: full
    dates: {dates}
    columns: {{payment_id: Recibo, customer_id: Cliente, received_date: Fecha, amount: Importe, reference: Glosa}}
    constants: {{currency_code: PEN}}
"""
EXPORT = (
    "Recibo;Cliente;Fecha;Importe;Glosa\n"
    "0001;C1;2026-05-01;10.50;bien\n"
    "0002;C1;01/05/2026;20.25;se\xf1or\n"
    "0003;C2;nunca;30;=nada\n"
    "0004;;2026-05-01;7.25;sin cliente\n"
)
ONE_WAY, BOTH_WAYS = "'%Y-%m-%d'", "['%Y-%m-%d', '%d/%m/%Y']"


def land_bad_rows(folder: Path) -> None:
    """As source `erp` of that folder: one row lands, three do not."""
    (folder / "export.csv").write_bytes(EXPORT.encode("latin-1"))
    write_mapping(folder, ONE_WAY)
    source = load_source(folder / "erp.yaml")
    with transaction(Role.loader) as connection:
        land_all(connection, source.name, deliveries(source, connection), utc_now())


def write_mapping(folder: Path, dates: str) -> None:
    (folder / "erp.yaml").write_text(MAPPING.format(file=folder / "export.csv", dates=dates))
