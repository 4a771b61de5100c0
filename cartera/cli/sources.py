"""`cartera connect files`: from export files to a mapping that a person can correct."""

from __future__ import annotations

import sys
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.errors import ConfigError
from cartera.money import currencies, plain
from cartera.settings import get_settings
from cartera.words import counted

if TYPE_CHECKING:
    from cartera.connectors.files.connect import Plan
    from cartera.connectors.files.preview import Preview


class Shown(StrEnum):
    table = "table"
    json = "json"


class DeliveryKind(StrEnum):
    full = "full"
    incremental = "incremental"


connect_app = typer.Typer()


def register(app: typer.Typer) -> None:
    app.add_typer(connect_app, name="connect", help="Connect a source of receivables, or list what can be connected.")


@connect_app.command()
def files(
    paths: Annotated[
        list[str], typer.Argument(help="CSV, XLSX or Parquet files; a pattern in quotes for many of a kind.")
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the source. Default: from the first file.")
    ] = None,
    entity: Annotated[
        list[str] | None, typer.Option("--entity", help="What a file holds; once per file, in order. Default: guessed.")
    ] = None,
    company: Annotated[
        str | None, typer.Option("--company", help="The company that is owed, where no column says it.")
    ] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="ISO code, where no column says it.")] = None,
    dates: Annotated[
        list[str] | None, typer.Option("--dates", help="Date format, e.g. %d/%m/%Y; may be repeated.")
    ] = None,
    delivery: Annotated[
        DeliveryKind, typer.Option("--delivery", help="Are the files the complete state?")
    ] = DeliveryKind.full,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="Take this mapping (YAML) instead of guessing.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Write without asking, also over an entity that is there.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show only, write nothing.")] = False,
    format: Annotated[Shown, typer.Option("--format", help="table or json.")] = Shown.table,
) -> None:
    """Read headers and values, show the mapping and what would be refused, write sources/<name>.yaml."""
    from cartera.connectors.files import connect
    from cartera.connectors.files.suggest import Wishes

    wishes = Wishes(None, currency, tuple(dates or ()), delivery.value)
    plan = connect.plan(
        get_settings(), paths, name=name, company_id=company, entities=entity or (), wishes=wishes, mapping=mapping
    )
    if format is Shown.table:
        _show(plan)
    is_written = not dry_run and _may_write(plan, yes)
    if is_written:
        connect.write(plan)
        messages.print(f"written: {plan.path}; correct it by hand where needed, then: cartera run", markup=False)
    if format is Shown.json:
        print_json(_document(plan, is_written))
    if any(found.stopped for found in plan.previews.values()):
        raise typer.Exit(1)


def _may_write(plan: Plan, yes: bool) -> bool:
    if yes:
        return True
    replaced = ", ".join(plan.replaced)
    if sys.stdin.isatty():
        question = f"Replace {replaced} in {plan.path}?" if replaced else f"Write {plan.path}?"
        return typer.confirm(question, default=not replaced, err=True)
    if replaced:
        raise ConfigError(f"{plan.path} has {replaced} already", "replace with --yes, or give another --name")
    return True


def _show(plan: Plan) -> None:
    for entity, seen in plan.previews.items():
        columns = ["column", "header", *dict.fromkeys(f"row {row['row_number']}" for row in seen.sample)]
        print_rows(
            _mapped_rows(plan, entity), columns, Format.table, f"{entity}, with the first rows as they would land"
        )
        if seen.refused:
            print_rows(
                _refused(seen), ["rows_refused", "reason", "column", "example"], Format.table, "would be refused"
            )
        for line in _summary(plan, entity):
            messages.print(line, markup=False)


def _mapped_rows(plan: Plan, entity: str) -> list[dict[str, Any]]:
    """One line per column of ours: where it comes from, and its value in each of the first rows."""
    files, sample = plan.suggestions[entity].files, plan.previews[entity].sample
    origins = {ours: " or ".join(theirs) for ours, theirs in files.columns.items()}
    origins |= {ours: f"= {value}" for ours, value in files.constants.items()}
    return [
        {"column": ours, "header": _printable(header)}
        | {f"row {row['row_number']}": _value(row[ours], row) for row in sample}
        for ours, header in origins.items()
    ]


def _value(value: object, row: dict[str, Any]) -> object:
    if isinstance(value, Decimal):
        return _amount(value, row.get("currency_code") or "")
    return _printable(value) if isinstance(value, str) else value


def _printable(text: str) -> str:
    """Text from outside must not steer the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _summary(plan: Plan, entity: str) -> list[str]:
    found, seen = plan.suggestions[entity], plan.previews[entity]
    amounts = ", ".join(f"{_amount(amount, currency)} {currency}" for currency, amount in sorted(seen.amounts.items()))
    lines = [
        f"{entity}: {counted(seen.rows, 'row')}, {seen.rows_refused:,} would be refused"
        + (f"; {amounts}" if amounts else "")
    ]
    if found.unmapped:
        lines.append(f"  not mapped: {', '.join(found.unmapped)}")
    lines += [f"  note: {note}" for note in found.notes]
    if seen.stopped:
        lines.append(f"  would stop: {seen.stopped}")
    return lines


def _amount(amount: Decimal, currency: str) -> str:
    return plain(amount, currency) if currency in currencies() else f"{amount.normalize():f}"


def _refused(seen: Preview) -> list[dict[str, Any]]:
    return [
        {"rows_refused": count, "reason": reason, "column": column, "example": seen.examples[reason, column]}
        for (reason, column), count in seen.refused.most_common()
    ]


def _document(plan: Plan, is_written: bool) -> dict[str, Any]:
    return {
        "source": plan.source.name,
        "path": str(plan.path),
        "written": is_written,
        "entities": {entity: _entity_document(plan, entity) for entity in plan.suggestions},
    }


def _entity_document(plan: Plan, entity: str) -> dict[str, Any]:
    found, seen = plan.suggestions[entity], plan.previews[entity]
    return {
        "mapping": found.files.model_dump(mode="json", exclude_none=True),
        "not_mapped": found.unmapped,
        "notes": found.notes,
        "files": [str(path) for path in seen.files],
        "rows": seen.rows,
        "rows_refused": seen.rows_refused,
        "refused": _refused(seen),
        "amounts": {currency: _amount(amount, currency) for currency, amount in seen.amounts.items()},
        "sample": seen.sample,
        "stopped": seen.stopped or None,
    }
