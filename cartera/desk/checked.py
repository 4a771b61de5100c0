"""What a form sends, made sure of: amounts, days, words, and the items that are meant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cartera.desk.journal import Desk
from cartera.errors import ConfigError
from cartera.money import currencies, minor_units, plain
from cartera.reminders.ghosts import is_ghost
from cartera.warehouse import read
from cartera.warehouse.read import Row

MOST_WORDS = 2000
MOST_DAYS, MOST_PLAN_DAYS = 366, 5 * 366
"""A day that lies further ahead is a slip of the hand, which would silence reminders for years."""
MOST_AMOUNT = Decimal(10) ** 15


@dataclass(frozen=True)
class Share:
    """One invoice of an agreement, or one item of it alone: where no more of the invoice is meant, and where the item
    is a chargeback that names no invoice. With what is open of it."""

    invoice_id: str | None
    item_id: str | None
    open_amount: Decimal


@dataclass(frozen=True)
class Covered:
    """What an agreement is about, oldest due first."""

    item_ids: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()

    @property
    def invoice_ids(self) -> list[str | None]:
        return [share.invoice_id for share in self.shares]

    @property
    def invoice_item_ids(self) -> list[str | None]:
        return [share.item_id for share in self.shares]

    def split(self, amount: Decimal) -> list[Decimal]:
        """An amount over the shares: the oldest whole first, what exceeds them all on the last."""
        parts: list[Decimal] = []
        for share in self.shares:
            parts.append(min(amount, share.open_amount))
            amount -= parts[-1]
        if parts:
            parts[-1] += amount
        return parts

    def less(self, amount: Decimal) -> Covered:
        """What is left of it when so much of it is promised already."""
        each = zip(self.shares, self.split(amount), strict=True)
        left = (replace(share, open_amount=max(share.open_amount - part, Decimal(0))) for share, part in each)
        return Covered(self.item_ids, tuple(left))


def words(text: str, what: str, *, is_needed: bool = False) -> str:
    """Text of a person. Raises ConfigError when it is too long, or missing."""
    text = text.replace("\x00", "").strip()
    if is_needed and not text:
        raise ConfigError(f"the {what} is empty", "write a few words")
    if len(text) > MOST_WORDS:
        raise ConfigError(f"the {what} is longer than {MOST_WORDS} characters", "shorten it")
    return text


def amount(value: Decimal, currency_code: str) -> Decimal:
    """More than nothing, and no smaller unit than the currency has. Raises ConfigError."""
    if not isinstance(value, Decimal):
        raise TypeError(f"money is Decimal, not {type(value).__name__}")
    if currency_code not in currencies():
        raise ConfigError(f"{currency_code!r} is no currency", "write its ISO 4217 code, e.g. PEN")
    if not value.is_finite() or not 0 < value < MOST_AMOUNT:
        raise ConfigError(f"{value} is no amount to be paid", "write it as 1234.50")
    smallest = Decimal(1).scaleb(-minor_units(currency_code))
    if value % smallest:
        raise ConfigError(
            f"{currency_code} {plain(value, currency_code)} has parts of less than {smallest}", "round it"
        )
    return value


def future_day(day: dt.date, desk: Desk, most_days: int = MOST_DAYS) -> dt.date:
    """Raises ConfigError when it is past, or too far ahead."""
    if day < desk.day:
        raise ConfigError(f"{day} is past: today is {desk.day}", "write the day by which it will be paid")
    if (day - desk.day).days > most_days:
        raise ConfigError(f"{day} is more than {most_days} days ahead", "write a nearer day")
    return day


def covered(
    desk: Desk,
    company_id: str,
    currency_code: str,
    item_ids: Sequence[str],
    amount: Decimal | None,
    *,
    all_items: bool = False,
) -> Covered:
    """The items named, which must be open between the customer and the company in the currency; with `all_items`
    all that is open where none is named. `amount`: how much of what is open is meant, no more than it.

    Raises ConfigError.
    """
    named = tuple(dict.fromkeys(item_ids))
    if is_ghost(desk.customer.customer_id):
        return Covered(named)
    published = read.publication(desk.connection)
    found = {
        item["item_id"]: item
        for item in read.open_items(
            desk.connection,
            published.as_of_date,
            published.known_at,
            customer_id=desk.customer.customer_id,
            company_id=company_id,
            currency_code=currency_code,
            item_type="instalment",
        )
    }
    unknown = next((item_id for item_id in named if item_id not in found), None)
    if unknown is not None:
        raise ConfigError(
            f"{unknown!r} is no open item of {desk.customer.customer_id!r} with {company_id!r} in {currency_code}",
            "see `cartera items --customer`; it may have been paid",
        )
    meant = [item for item_id, item in found.items() if item_id in named or not named]
    whole = sum((item["open_amount"] for item in meant), Decimal(0))
    if amount is not None and amount > whole:
        raise ConfigError(
            f"{currency_code} {plain(amount, currency_code)} is more than the {currency_code}"
            f" {plain(whole, currency_code)} that is open of it",
            "write an amount of what is owed; what is not published yet can't be agreed on",
        )
    if not (named or all_items):
        return Covered()
    return Covered(named, _shares(list(found.values()), meant))


def _shares(found: Sequence[Row], meant: Sequence[Row]) -> tuple[Share, ...]:
    """An invoice of which all that is open is meant is meant whole, however its source cuts it up from now on."""
    left = {item["item_id"] for item in found} - {item["item_id"] for item in meant}
    in_part = {item["invoice_id"] for item in found if item["item_id"] in left}
    shares: dict[tuple[str | None, str | None], Decimal] = {}
    for item in meant:
        invoice_id = item["invoice_id"]
        is_whole = invoice_id is not None and invoice_id not in in_part
        key = (invoice_id, None if is_whole else item["item_id"])
        shares[key] = shares.get(key, Decimal(0)) + item["open_amount"]
    return tuple(Share(*key, open_amount) for key, open_amount in shares.items())
