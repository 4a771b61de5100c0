"""The names of landing's tables and columns, quoted for SQL."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2.sql import SQL, Composable, Composed, Identifier, Literal

from cartera.landing.delivery import NO_CURRENCY
from cartera.landing.entities import SQL_TYPES, Column, Entity


@dataclass(frozen=True)
class Tables:
    """The tables and columns of one entity in the raw schema of one system.

    Temporary tables of the landing transaction: `landing_stage` and `landing_rejects` hold what a delivery
    brings; `landing_differences` the records in which it differs from what is current (`record_key`,
    `change`, and `closes`, the beginning of the version that ends). Of deliveries that say what is no more,
    `landing_gone` holds the records deleted and `landing_keys` all keys that the system still has.
    """

    system: str
    entity: Entity

    def sql(self, template: str, **more: Composable) -> Composed:
        """A statement with {raw}, {key}, {values}, {amount}, {currency} and the like filled in."""
        names = [column.name for column in self.entity.columns]
        return SQL(template).format(
            raw=Identifier(f"raw_{self.system}", self.entity.name),
            key=Identifier(self.entity.key),
            values=SQL(", ").join(map(Identifier, names)),
            stage_values=SQL(", ").join(Identifier("stage", name) for name in names),
            version_values=SQL(", ").join(Identifier("version", name) for name in names),
            stage_amount=Identifier("stage", self.entity.amount) if self.entity.amount else SQL("null::numeric"),
            amount=Identifier(self.entity.amount) if self.entity.amount else SQL("null::numeric"),
            currency=self._currency(),
            stage_columns=self.columns,
            **more,
        )

    @property
    def columns(self) -> Composed:
        """Names and types of the entity's own columns, as `create table` wants them."""
        return SQL(", ").join(map(definition, self.entity.columns))

    def _currency(self) -> Composable:
        if not self.entity.has_currency:
            return Literal(NO_CURRENCY)
        return SQL("coalesce({}, {})").format(Identifier(self.entity.currency), Literal(NO_CURRENCY))


def definition(column: Column) -> Composed:
    not_null = SQL(" not null") if column.required else SQL("")
    return SQL("{} {}{}").format(Identifier(column.name), SQL(SQL_TYPES[column.type]), not_null)
