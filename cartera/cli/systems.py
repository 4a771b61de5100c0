"""`cartera connect` and `cartera connect SYSTEM`: the systems that are read through their API."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cartera.cli.output import Format, messages, print_json, print_rows, printable
from cartera.cli.sources import Shown, connect_app
from cartera.errors import ConfigError

if TYPE_CHECKING:
    from cartera.connectors.api import Setting
    from cartera.connectors.api.connect import Plan


def register(app: typer.Typer) -> None:
    from cartera.connectors.api import systems

    for name in systems.names():
        connect_app.command(name, help=f"Connect {name} and show what it has.")(_command(name))


@connect_app.callback(invoke_without_command=True)
def list_systems(
    context: typer.Context,
    format: Annotated[Shown, typer.Option("--format", help="table or json.")] = Shown.table,
) -> None:
    """Connect a source of receivables. Without a system: list them, with what each needs."""
    if context.invoked_subcommand is not None:
        return
    from cartera.connectors.api import systems

    rows = [{"system": "files", "kind": "documents", "title": "CSV, XLSX and Parquet exports", "needs": "the files"}]
    rows += [
        {
            "system": system.name,
            "kind": system.kind,
            "title": system.title,
            "needs": ", ".join(f"{one.key} (secret)" if one.is_secret else one.key for one in system.settings),
        }
        for system in systems.everything()
    ]
    if format is Shown.json:
        print_json({"systems": rows})
    else:
        print_rows(rows, ("system", "kind", "title", "needs"), Format.table, "cartera connect SYSTEM")


def _command(system_name: str) -> Any:
    def connect(
        name: Annotated[
            str | None, typer.Option("--name", help="Name of the source. Default: that of the system.")
        ] = None,
        set: Annotated[
            list[str] | None, typer.Option("--set", help="key=value of a setting that is no secret; may be repeated.")
        ] = None,
        company: Annotated[
            str | None, typer.Option("--company", help="Our company_id, where the system has one company.")
        ] = None,
        without: Annotated[
            list[str] | None, typer.Option("--without", help="A table that is not read; may be repeated.")
        ] = None,
        yes: Annotated[
            bool, typer.Option("--yes", help="Write without asking, also over a file that is there.")
        ] = False,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Show only, write nothing.")] = False,
        format: Annotated[Shown, typer.Option("--format", help="table or json.")] = Shown.table,
    ) -> None:
        from cartera.connectors.api import connect as connecting
        from cartera.connectors.api import systems
        from cartera.settings import get_settings
        from cartera.warehouse import transform

        settings, system = get_settings(), systems.get(system_name)
        plan = connecting.plan(
            settings,
            system,
            name=name,
            given=_pairs(set or []),
            company_id=company,
            without=without or (),
            ask=_ask,
            compiled=lambda model: transform.compiled(model, system_name),
        )
        if format is Shown.table:
            _show(plan)
        is_written = not dry_run and _may_write(plan, yes)
        if is_written:
            connecting.write(settings, plan)
            messages.print(f"written: {plan.path}; now: cartera run --source {plan.source.name}", markup=False)
        if format is Shown.json:
            print_json(_document(plan, is_written))

    return connect


def _pairs(written: list[str]) -> dict[str, str]:
    pairs = {}
    for text in written:
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--set {text}: there is no =", "write it as --set key=value")
        pairs[key.strip()] = value.strip()
    return pairs


def _ask(setting: Setting) -> str | None:
    """A secret is not shown while it is typed."""
    if not sys.stdin.isatty():
        return None
    choices = f" ({', '.join(setting.choices)})" if setting.choices else ""
    answer: str = typer.prompt(
        setting.prompt + choices,
        default=setting.default,
        show_default=not setting.is_secret,
        hide_input=setting.is_secret,
        err=True,
    )
    return answer


def _may_write(plan: Plan, yes: bool) -> bool:
    is_there = plan.path.exists()
    if yes or (is_there and plan.path.read_text(encoding="utf-8") == plan.text):
        return True
    if sys.stdin.isatty():
        return typer.confirm(f"{'Replace' if is_there else 'Write'} {plan.path}?", default=not is_there, err=True)
    if is_there:
        raise ConfigError(f"{plan.path} is there already", "replace it with --yes, or give another --name")
    return True


def _show(plan: Plan) -> None:
    messages.print(f"{plan.source.declared.title}: {printable(plan.account)}", markup=False)
    print_rows(_counted(plan), ("table", "rows_there", "rows_sampled", "rows_refused"), Format.table, "what it has")
    if plan.rows:
        columns = [column for column in plan.rows[0] if any(row[column] is not None for row in plan.rows)]
        columns = [
            column for column in columns if column not in ("recorded_from", "recorded_to", "is_deleted", "source")
        ]
        rows = [
            {"column": column} | {f"row {n}": row[column] for n, row in enumerate(plan.rows, 1)} for column in columns
        ]
        print_rows(rows, list(rows[0]), Format.table, f"{plan.model} in our words")
    for sample in plan.samples:
        for reject in sample.rejects[:1]:
            messages.print(f"would be refused: {printable(reject.message)}", markup=False)


def _counted(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "table": one.resource.name,
            "rows_there": one.count,
            "rows_sampled": len(one.lines),
            "rows_refused": len(one.rejects),
        }
        for one in plan.samples
    ]


def _document(plan: Plan, is_written: bool) -> dict[str, Any]:
    return {
        "source": plan.source.name,
        "system": plan.source.system,
        "path": str(plan.path),
        "written": is_written,
        "account": plan.account,
        "companies": plan.source.companies,
        "tables": _counted(plan),
        "model": plan.model,
        "rows": plan.rows,
    }
