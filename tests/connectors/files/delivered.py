"""What landing would get from a source: read without a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cartera.connectors.files import deliveries
from cartera.connectors.files.spec import FileSource
from cartera.landing.delivery import Delivery, Reject

INVOICES = """\
system: files
entities:
  invoices:
    files: '{files}'
    columns:
      invoice_id: Factura
      customer_id: RUC
      issue_date: Fecha
      total_amount: Importe
      currency_code: Moneda
"""
"""The smallest mapping of invoices; tests append to it."""

HEADER = "Factura,RUC,Fecha,Importe,Moneda\n"


@dataclass(frozen=True)
class Landed:
    """What landing would have got."""

    deliveries: list[Delivery]
    rows: list[dict[str, Any]]
    table: pa.Table
    rejects: list[Reject]

    @property
    def reject(self) -> Reject:
        (only,) = self.rejects
        return only


def read(source: FileSource) -> Landed:
    """Everything that the source delivers. Raises SourceError as landing would meet it."""
    found = list(deliveries(source))
    batches = [batch for delivery in found for batch in delivery.batches]
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    table = (
        pa.concat_tables([batch.rows for batch in batches if batch.rows.num_rows], promote_options="default")
        if rows
        else pa.table({})
    )
    return Landed(found, rows, table, [reject for batch in batches for reject in batch.rejects])
