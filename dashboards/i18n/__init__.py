"""Words, amounts, numbers and dates in the reader's language. No Streamlit here."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

import yaml
from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta, get_timezone_location
from babel.numbers import (
    NumberFormatError,
    format_compact_decimal,
    get_decimal_symbol,
    get_group_symbol,
    parse_decimal,
)

from cartera.clock import utc_now
from cartera.contact_rules.moments import zone_named
from cartera.money import minor_units
from cartera.reports import wording
from cartera.yaml_config import PARSER

LOCALES = {"EN": "en_US", "ES": "es_419", "PT": "pt_BR"}
"""Language to the locale of its numbers and dates: the Spanish of Latin America, the Portuguese of Brazil."""

TYPED_DATES = {"EN": "YYYY-MM-DD", "ES": "DD/MM/YYYY", "PT": "DD/MM/YYYY"}
"""Language to how a date is typed; 5/6 is two days in English."""

AMOUNT = re.compile(r"[-+]?[\d.,]{1,60}")
CARD_CHARACTERS = 14
"""What a card of a quarter of the page shows without cutting it off."""

DAY = r"(?P<date>\d{4}-\d\d-\d\d)"
REASONS = {
    re.compile(rf"no rate (?P<code>\w+) to (?P<to>\w+) on {DAY}"): "reason.no_rate",
    re.compile(r"the currency of company (?P<company>.+) is not known"): "reason.no_company_currency",
    re.compile(rf"no credit sales above zero in the (?P<days>\d+) days to {DAY}"): "reason.no_sales_to",
}
"""Reasons that name a date or a rate; the others are texts of their own."""


OF_REPORTS: Mapping[str, wording.Language] = {"EN": "en", "ES": "es", "PT": "pt"}

SEGMENTED = ("scheme.", "segment.")
"""Names that the files of reports have too: they stand among their texts."""


@cache
def texts(language: str) -> dict[str, str]:
    """Every text of a language by its key."""
    path = Path(__file__).with_name(f"{language.lower()}.yaml")
    found: dict[str, str] = yaml.load(path.read_text(encoding="utf-8"), Loader=PARSER)
    of_reports = wording.texts(OF_REPORTS[language])
    return found | {key: text for key, text in of_reports.items() if key.startswith(SEGMENTED)}


@cache
def locale_named(name: str) -> Locale:
    return Locale.parse(name)


@cache
def separators(locale: str) -> dict[int, str]:
    """From Python's group and decimal marks to those of a locale."""
    return str.maketrans({",": get_group_symbol(locale), ".": get_decimal_symbol(locale)})


@lru_cache(maxsize=20_000)
def written_date(day: dt.date, locale: str) -> str:
    """Kept: a table of invoices has hundreds of dates, of few days."""
    return format_date(day, wording.DATE, locale=locale)


@dataclass(frozen=True)
class Words:
    """`words("overview.title")` is the text; the methods write values as the language does."""

    language: str = "EN"

    @property
    def locale(self) -> str:
        return LOCALES[self.language]

    @property
    def typed_date(self) -> str:
        """How a date is typed, in Streamlit's letters."""
        return TYPED_DATES[self.language]

    def __call__(self, key: str, **values: object) -> str:
        return texts(self.language)[key].format(**values)

    def counted(self, key: str, count: int, **values: object) -> str:
        """The text of a key in the singular or plural that the count asks for, the count filled in."""
        form = "one" if locale_named(self.locale).plural_form(count) == "one" else "other"
        return self(f"{key}.{form}", count=self.number(count), **values)

    def money(self, amount: Decimal, currency_code: str) -> str:
        """`PEN 1,234.50`: the ISO code, because $ is the sign of several currencies."""
        return f"{currency_code}\u00a0{self.amount(amount, currency_code)}"

    def amount(self, amount: Decimal, currency_code: str) -> str:
        """`1,234.50` with the currency's own decimals, where the currency stands in the heading."""
        return self._grouped(amount, minor_units(currency_code))

    def decimal(self, value: Decimal) -> str:
        """`1,234.50` where the currency stands in the row: two decimals, more where they are not zero."""
        return self._grouped(value, max(2, -int(value.normalize().as_tuple().exponent)))

    def read_amount(self, text: str, most_decimals: int = 2) -> Decimal | None:
        """An amount that somebody typed as this language writes it, None where it is none: `1.000` is a thousand in
        Portuguese. In Spanish it is none: who writes so may mean a thousand, as Colombians do, and not 1."""
        plain = text.replace(" ", "")
        try:
            # no NaN, and no 1E9, which would be written out
            found = parse_decimal(plain, locale=self.locale, strict=True) if AMOUNT.fullmatch(plain) else None
        except NumberFormatError:
            return None
        return None if found is None or -int(found.as_tuple().exponent) > most_decimals else found

    def typed(self, amount: Decimal) -> str:
        """As this language types an amount, with the decimals that it has: `read_amount` gives it back."""
        return self._grouped(amount, max(0, -int(amount.as_tuple().exponent)))

    def headline(self, amount: Decimal, currency_code: str) -> str:
        """As `amount`, without decimals where they would not fit a card; the card's hover has them."""
        text = self.amount(amount, currency_code)
        return text if len(text) <= CARD_CHARACTERS else self._grouped(amount, 0)

    def units(self, amount: Decimal) -> str:
        """An amount in whole units of its currency, for tables of many columns."""
        return self._grouped(amount, 0)

    def compact(self, amount: Decimal) -> str:
        """`1.2M`, for labels in charts, and where a phone has no room for the whole."""
        text = format_compact_decimal(amount, locale=self.locale, fraction_digits=1)
        # CLDR has 6.4 K and 64 k of this Spanish, which stand beside each other in one chart
        return text.replace("K", "k") if self.language == "ES" else text

    def number(self, count: int) -> str:
        return self._grouped(count, 0)

    def figure(self, value: Decimal | None, unit: str, currency_code: str = "") -> str:
        """A KPI in its unit: days to one decimal, 100 percent as `100.0%`, a ratio to two; a dash for none."""
        if value is None:
            return "—"
        if unit == "percent":
            return self.percent(value / 100)
        if unit == "amount":
            return self.amount(value, currency_code)
        return self._grouped(value, {"days": 1, "count": 0}.get(unit, 2))

    def days(self, value: Decimal, *, signed: bool = False) -> str:
        """`62.3`, with a sign where it is a change; what rounds to nothing has none."""
        text = self._grouped(value, 1)
        nothing = self._grouped(0, 1)
        return nothing if text.strip("-") == nothing else ("+" if signed and value > 0 else "") + text

    def reason(self, reason: str | None) -> str:
        """Why a figure is missing, in the reader's language where it is one of those that Cartera writes."""
        for pattern, key in REASONS.items():
            found = pattern.fullmatch(reason or "")
            if found:
                said = found.groupdict()
                if "date" in said:
                    said["date"] = self.date(dt.date.fromisoformat(said["date"]))
                return self(key, **said)
        return texts(self.language).get(f"reason.{reason}", reason or "")

    def percent(self, share: Decimal | None) -> str:
        """A share of one as `12.3%`; a dash where there is nothing to divide by."""
        return "—" if share is None else f"{share:,.1%}".translate(separators(self.locale))

    def date(self, day: dt.date) -> str:
        return written_date(day, self.locale)

    def month(self, day: dt.date) -> str:
        """`Jun 2026`, for an axis."""
        return format_date(day, "MMM y", locale=self.locale)

    def moment(self, moment: dt.datetime) -> str:
        """A UTC moment to the minute."""
        return format_datetime(moment.astimezone(dt.UTC), "d MMM y, HH:mm 'UTC'", locale=self.locale)

    def moment_at(self, moment: dt.datetime, zone_name: str | None) -> str:
        """As the clocks there show it, `27 Nov 2026, 07:00 Lima`; in UTC where no zone is known."""
        zone = zone_named(zone_name or "")
        if zone is None:
            return self.moment(moment)
        return f"{format_datetime(moment.astimezone(zone), 'd MMM y, HH:mm', locale=self.locale)} {self.city(zone.key)}"

    def city(self, zone_name: str) -> str:
        """Whose clocks a time zone is: `Bogotá` for America/Bogota; the name as given where there is no such zone."""
        if zone_named(zone_name) is None:
            return zone_name
        return get_timezone_location(zone_name, locale=self.locale, return_city=True).rpartition("/")[2]

    def ago(self, moment: dt.datetime) -> str:
        """`3 hours ago`."""
        now = utc_now()
        return format_timedelta(moment - now, add_direction=True, locale=self.locale)

    def _grouped(self, value: Decimal | int, decimals: int) -> str:
        """Babel's own formatting takes 40 microseconds, a table has thousands of cells; its symbols are used."""
        return f"{value:,.{decimals}f}".translate(separators(self.locale))

    def yes_no(self, value: object) -> str:
        return self("health.yes" if value else "health.no")

    def named(self, kind: str, name: str) -> str:
        """What a scheme or segment is called: as the reader's language says, or as its rules do."""
        return texts(self.language).get(f"{kind}.{name}", name)

    def bucket(self, bucket: str) -> str:
        """A bucket's name for people; unknown ones (other edges) as they are."""
        return self("bucket.not_due") if bucket == "not_due" else self("bucket.days", days=bucket)
