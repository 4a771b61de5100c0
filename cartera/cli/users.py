"""`cartera users`: who may sign in to the dashboard."""

from __future__ import annotations

from typing import Annotated

import typer

from cartera.cli.output import Format, messages, print_json, print_rows
from cartera.cli.reminders import FormatOption, current_user

users = typer.Typer(help="Who may sign in to the dashboard, as what, of which companies.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The address that the person signs in with.", metavar="EMAIL")]
COLUMNS = ("email", "role", "companies", "changed_at", "changed_by")


def register(app: typer.Typer) -> None:
    app.add_typer(users, name="users")


@users.command()
def add(
    email: Email,
    role: Annotated[
        str, typer.Option("--role", help="finance, collector, manager, analyst or administrator.", show_default=False)
    ],
    company: Annotated[
        list[str] | None,
        typer.Option("--company", help="One that the person sees; repeat it. Without: as before, or all."),
    ] = None,
    all_companies: Annotated[bool, typer.Option("--all-companies", help="The person sees all of them.")] = False,
) -> None:
    """Let a person in, or change the role or the companies of one who is."""
    from cartera.errors import ConfigError
    from cartera.users import add as let_in
    from cartera.users import find

    if company and all_companies:
        raise ConfigError("--company and --all-companies exclude each other", "leave one out")
    before = None if company or all_companies else find(email)
    kept = sorted(before.companies or ()) if before else []
    user = let_in(email, role, company or kept, current_user())
    where = "all companies" if user.companies is None else ", ".join(sorted(user.companies))
    messages.print(f"{user.email} may sign in: {user.role} of {where}", markup=False)


@users.command()
def remove(email: Email) -> None:
    """Let a person in no more; it holds from the next page that they open."""
    from cartera.users import remove as let_out

    let_out(email, current_user())
    messages.print(f"{email.strip().lower()} may not sign in any more", markup=False)


@users.command("list")
def list_users(format: FormatOption = Format.table) -> None:
    """Everybody who may sign in."""
    from cartera.users import everybody

    found = everybody()
    if format is Format.json:
        print_json({"users": found})
        return
    shown = [row | {"companies": "all" if row["companies"] is None else ", ".join(row["companies"])} for row in found]
    print_rows(shown, COLUMNS, format, "who may sign in")
