"""A CSV report is read whatever its separator, and not read when it is something else."""

from __future__ import annotations

import pytest

from cartera.connectors.api.reports import csv_records
from cartera.errors import SourceError

RECORD = {"source_id": "1", "net_amount_local": "7.50", "note": 'says "so"\nand more'}


@pytest.mark.parametrize("separator", [",", ";", "|", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separator_line_ends_and_byte_order_mark_do_not_matter(separator: str, end: str, mark: str) -> None:
    lines = (("SOURCE_ID", "Net Amount (local)", "Note"), ("1", "7.50", '"says ""so""\nand more"'))
    content = mark + "".join(separator.join(line) + end for line in lines)
    assert list(csv_records(content.encode(), "a.csv", "source_id")) == [RECORD]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has no column 'source_id'"),
        (b"<html></html>", "has no column 'source_id'"),
        (b"SOURCE_ID,A\n1,2\n1\n", "line 3 has 1 fields instead of 2"),
        (b'SOURCE_ID,A\n1,"2\n', "line 2: unexpected end of data"),
        (b"SOURCE_ID,A\n1,\xff\n", "is not in UTF-8"),
    ],
)
def test_what_is_no_such_report_is_told(content: bytes, problem: str) -> None:
    with pytest.raises(SourceError, match=problem) as caught:
        list(csv_records(content, "a.csv", "source_id"))
    assert str(caught.value).startswith("a.csv")


def test_a_report_without_lines_is_none() -> None:
    assert list(csv_records(b"SOURCE_ID,A\n", "a.csv", "source_id")) == []
