"""What companies had set at one moment, in plain Python: their currency, and when what is stated as due is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from ledger_history import Values, Version


class Settings:
    """`versions` of companies and closed days, of any number of companies and sources."""

    def __init__(self, versions: Iterable[Version], known_at: dt.datetime) -> None:
        self._companies: dict[str, Values] = {}
        self._closed: dict[tuple[str, dt.date], Values] = {}
        known = [v for v in versions if v.recorded_from <= known_at < v.recorded_to and not v.is_deleted]
        # the user's own go before what another source says: written last
        for version in sorted(known, key=lambda v: (v.source == "settings", v.source)):
            values = version.values
            if version.entity == "companies":
                self._companies[values["company_id"]] = values
            elif version.entity == "closed_days":
                self._closed[values["calendar_id"], values["closed_date"]] = values

    def currency(self, company_id: str) -> str | None:
        return self._of(company_id).get("currency_code")

    def rule(self, company_id: str) -> str:
        return self._of(company_id).get("due_date_rule") or "as_stated"

    def calendar(self, company_id: str) -> str | None:
        return self._of(company_id).get("calendar_id")

    def due(self, company_id: str, stated: dt.date) -> dt.date:
        """The day stated, or the business day beside it where the company is closed on it and moves due dates."""
        closed = self._closed.get((self.calendar(company_id) or "", stated))
        column = {
            "next_business_day": "next_business_date",
            "previous_business_day": "previous_business_date",
        }.get(self.rule(company_id))
        return closed[column] if closed and column else stated

    def _of(self, company_id: str) -> Values:
        return self._companies.get(company_id, {})
