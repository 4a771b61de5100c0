"""`cartera exceptions`: the records behind each warning of the last build."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.pipeline import FormatOption
from cartera.money import plain


def register(app: typer.Typer) -> None:
    app.command()(exceptions)


def exceptions(
    test: Annotated[str | None, typer.Option("--test", help="Name of a test: print the rows it reports.")] = None,
    format: FormatOption = Format.table,
) -> None:
    """What the named tests of the last build found: how many rows each, or with --test the rows themselves."""
    from cartera.db import Role, transaction
    from cartera.settings import get_settings
    from cartera.warehouse import exceptions as found

    settings = get_settings()
    with transaction(Role.transformer) as connection:
        if test:
            rows = found.exceptions(connection, settings, test)
        else:
            names = found.test_names(settings)
            rows = [{"test": name, "rows": len(found.exceptions(connection, settings, name))} for name in names]
    rows = [_with_plain_amounts(row) for row in rows]
    if format is Format.json:
        print_json({"test": test, "rows": rows})
        return
    if test and not rows:
        messages.print(f"{test} reports nothing", markup=False)
        return
    columns = list(rows[0]) if rows else ["test", "rows"]
    print_rows(rows, columns, format, test or "Named tests of the last build")


def _with_plain_amounts(row: dict[str, Any]) -> dict[str, Any]:
    """As decimal strings; what names no currency, such as an allocation to what is unknown, has no idle zeros."""
    return {
        name: plain(cell, row.get("currency_code")) if isinstance(cell, Decimal) else cell for name, cell in row.items()
    }
