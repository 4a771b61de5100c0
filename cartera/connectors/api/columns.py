"""Words to declare a raw table with: its columns are named as in the system."""

from __future__ import annotations

from cartera.landing.entities import Column, Entity

COMPANY = "cartera_company_id"
"""Our company_id of the record: what the source's YAML makes of the company that the system names."""

OTHER = "other"
"""All fields of the record that are not declared, as they came."""


def raw_entity(
    name: str,
    key: str,
    *columns: Column,
    amount: str | None = None,
    currency: str = "currency",
    changed_at: str | None = None,
) -> Entity:
    """`raw_<system>.<name>`: the key as text, our company, the undeclared fields, then the declared columns.

    New columns are declared at the end, so that the records that don't have them keep their hashes.
    `amount`: the column that law 1 adds up, by `currency`. `changed_at`: when the system changed the record.
    """
    fixed = (Column(key, required=True), Column(COMPANY), Column(OTHER, "json"))
    names = [column.name for column in columns]
    for named in (amount, changed_at):
        if named is not None and named not in names:
            raise ValueError(f"{name} has no column {named}")
    return Entity(name, (*fixed, *columns), amount, currency, changed_at)


def text(name: str, *, required: bool = False, choices: tuple[str, ...] = ()) -> Column:
    return Column(name, "text", required=required, choices=choices)


def texts(*names: str, required: bool = False) -> tuple[Column, ...]:
    return tuple(text(name, required=required) for name in names)


def amounts(*names: str, required: bool = False) -> tuple[Column, ...]:
    return tuple(amount(name, required=required) for name in names)


def booleans(*names: str) -> tuple[Column, ...]:
    return tuple(boolean(name) for name in names)


def date(name: str, *, required: bool = False) -> Column:
    """A day; of a moment its day, as the system writes it."""
    return Column(name, "date", required=required)


def timestamp(name: str, *, required: bool = False) -> Column:
    """A moment: ISO (without a zone it is taken for UTC) or seconds since 1970."""
    return Column(name, "timestamp", required=required)


def amount(name: str, *, required: bool = False, is_signed: bool = True) -> Column:
    """Money, rounded to six decimals; not `is_signed`: a negative one goes to quarantine."""
    return Column(name, "amount", required=required, may_be_negative=is_signed)


def rate(name: str, *, required: bool = False) -> Column:
    """A factor with twelve decimals."""
    return Column(name, "rate", required=required, may_be_negative=True)


def integer(name: str, *, required: bool = False, choices: tuple[str, ...] = ()) -> Column:
    return Column(name, "integer", required=required, choices=choices, may_be_negative=True)


def boolean(name: str, *, required: bool = False) -> Column:
    """true and false, 1 and 0."""
    return Column(name, "boolean", required=required)


def json(name: str, *items: Column, required: bool = False) -> Column:
    """Whatever is nested. With `items` it is a list of objects whose named fields are typed like columns, so that
    staging can cast them without a thought."""
    return Column(name, "json", required=required, items=items)
