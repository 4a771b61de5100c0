"""Whatever happens to a file on its way, the answer is rows, rejects or one plain message."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from delivered import HEADER, read
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cartera.errors import CarteraError

ROWS = [["1", "2", "2026-01-31", "100.00", "PEN"], ["2", 'a "b", c', "2026-01-31", "7", "USD"]]


def as_parquet() -> bytes:
    stream = io.BytesIO()
    names = HEADER.strip().split(",")
    columns = zip(*ROWS, strict=True)
    pq.write_table(pa.table({name: list(cells) for name, cells in zip(names, columns, strict=True)}), stream)
    return stream.getvalue()


def as_xlsx() -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate([HEADER.strip().split(","), *ROWS]):
            sheet.write_row(place, 0, row)
    return stream.getvalue()


TEXT = HEADER + '1,2,2026-01-31,100.00,PEN\n2,"a ""b"", c",2026-01-31,7,USD\n'
FILES = {
    "utf8.csv": TEXT.encode(),
    "utf16.csv": TEXT.encode("utf-16"),
    "rows.xlsx": as_xlsx(),
    "rows.parquet": as_parquet(),
}
damage = st.tuples(
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 40),
    st.sampled_from([b"", b'"', b"\n", b"\0", b"\r", b"\xff", b'"\n"', b",,,,,", b"PK\3\4"]),
)


@pytest.mark.parametrize("name", FILES)
@given(damages=st.lists(damage, min_size=1, max_size=6), keeps=st.floats(0.2, 1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_never_ends_in_a_traceback(name, damages, keeps, invoices, tmp_path: Path):  # type: ignore[no-untyped-def]
    data = FILES[name]
    for place, removed, inserted in damages:
        position = int(place * len(data))
        data = data[:position] + inserted + data[position + removed :]
    try:
        landed = read(invoices(data[: int(keeps * len(data))] if keeps < 0.9 else data, name=name))
    except CarteraError as error:
        assert name in error.problem and error.mend
        return
    assert all(name in reject.message and reject.raw_bytes for reject in landed.rejects)
