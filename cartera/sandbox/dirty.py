"""The rows that must end in quarantine: what real exports bring, on purpose and listed.

They belong to no invoice of the books, so that the books tie out without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from cartera.sandbox.exports import Columns
from cartera.sandbox.tables import ALLOCATION_SCHEMA


@dataclass(frozen=True)
class DirtyRow:
    """`row_number` counts the file's rows from 1, a header being one; `record_key` None where it can't be read.

    `reason` is the reason code that quarantine should give.
    """

    entity: str
    file_name: str
    row_number: int
    record_key: str | None
    reason: str


@dataclass(frozen=True)
class DirtyLine:
    """A line for one of the text files. An empty line stands for a repeat of the file's first row."""

    record_key: str | None
    reason: str
    line: str


REPEAT = ""

DIRTY_LINES: dict[str, tuple[DirtyLine, ...]] = {
    "invoices": (
        DirtyLine("9000000001", "unknown_currency",
                  "9000000001;andes-pe;C000001;F001-90000001;FAC;Emitida;05/03/2025;04/04/2025;XXZ;1.250,00;PEN;1"),
        DirtyLine("9000000002", "negative_amount",
                  "9000000002;andes-pe;C000002;F001-90000002;FAC;Emitida;05/03/2025;04/04/2025;PEN;-1.250,00;PEN;1"),
        DirtyLine("9000000003", "unreadable_date",
                  "9000000003;andes-co;C000003;FECO-90000003;FAC;Emitida;31/02/2025;30/03/2025;COP;840.000,00;COP;1"),
        DirtyLine("9000000004", "missing_value",
                  "9000000004;andes-pe;;F001-90000004;FAC;Emitida;06/03/2025;05/04/2025;PEN;312,40;PEN;1"),
        DirtyLine("9000000005", "duplicate_key",
                  "9000000005;andes-pe;C000005;F001-90000005;FAC;Emitida;07/03/2025;06/04/2025;PEN;2.000,00;PEN;1"),
        DirtyLine("9000000005", "duplicate_key",
                  "9000000005;andes-pe;C000005;F001-90000005;FAC;Emitida;07/03/2025;06/04/2025;PEN;2.900,00;PEN;1"),
        DirtyLine("9000000006", "unreadable_amount",
                  "9000000006;andes-co;C000006;FECO-90000006;FAC;Emitida;10/03/2025;09/04/2025;COP;N/A;COP;1"),
        DirtyLine(None, "wrong_field_count", "9000000007;andes-pe;C000007;F001-90000007"),
        DirtyLine("9000000008", "unknown_value",
                  "9000000008;andes-pe;C000008;F001-90000008;FAC;Por revisar;11/03/2025;10/04/2025;PEN;77,10;PEN;1"),
        DirtyLine(REPEAT, "duplicate_key", REPEAT),
    ),
    "instalments": (
        DirtyLine("9000000010-1", "missing_value", "9000000010-1,9000000010,,120.00"),
    ),
    "credit_notes": (
        DirtyLine("NC9000000001", "unreadable_date",
                  "NC9000000001\tandes-pe\tC000001\t\tFC01-90000001\tIssued\t13/45/2025\tPEN\t1,100.00"),
    ),
    "payments": (
        DirtyLine("R900000000001", "unreadable_amount",
                  "R900000000001;andes-pe;C000001;03-04-2025;PEN;S/ mil doscientos;;transferencia;Pago;Recibido"),
        DirtyLine("R900000000002", "missing_value",
                  "R900000000002;andes-pe;C000002;;PEN;500,00;;depósito;Depósito sin fecha;Recibido"),
        DirtyLine("R900000000003", "unknown_currency",
                  "R900000000003;andes-co;C000003;03-04-2025;PESOS;90000,00;;transferencia;Pago;Recibido"),
        DirtyLine(None, "missing_value", ";andes-co;C000004;03-04-2025;COP;90000,00;;transferencia;Pago;Recibido"),
    ),
    "disputes": (
        DirtyLine("D9000000001", "unreadable_date", "D9000000001|0000000001|ayer||precio"),
    ),
    "promises": (
        DirtyLine("PP900000000001", "unreadable_amount",
                  "PP900000000001;C000001;0000000001;03.04.2025;10.04.2025;PEN;todo"),
    ),
}  # fmt: skip

DIRTY_CUSTOMERS: tuple[tuple[str | None, str, tuple[object, ...]], ...] = (
    (
        None,
        "missing_value",
        ("", "andes-pe", "Sin Código S.A.C.", "", "PE", "es", "America/Lima", "", "", 30, 1000, "PEN", "", "Sí",
         "Empresa"),
    ),
    (
        "C990001",
        "unreadable_amount",
        ("C990001", "andes-co", "Límite Raro S.A.S.", "", "CO", "es", "", "", "", 30, "N/A", "COP", "", "Sí",
         "Empresa"),
    ),
)  # fmt: skip

DIRTY_ALLOCATION = ("A900000000001", "negative_amount")


def dirty_allocation() -> Columns:
    """One row of allocations.parquet: a reversal that the source writes as a negative amount."""
    values = (DIRTY_ALLOCATION[0], "R900000000009", None, "9000000009", None, Decimal("-10.00"), None)
    return {field.name: pa.array([value], field.type) for field, value in zip(ALLOCATION_SCHEMA, values, strict=True)}
