"""What every message says beyond its own template, in one language: `templates/words.<language>.yaml`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Words(BaseModel):
    """Names in braces are filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    greeting: str
    greeting_without_name: str
    document: str
    due: str
    situation: str
    balance: str
    total: str
    credit: str
    net: str
    pay_to: str
    pay_online: str
    pay_button: str
    due_today: str
    due_in_one: str
    due_in_many: str
    overdue_one: str
    overdue_many: str
    one_document: str
    many_documents: str
    and_: str = Field(alias="and")
    as_of: str
    interest: str
    fee: str
    talk: str
    dispute: str
    dispute_letter: str
    already_paid: str
    stop: str
    stop_letter: str
    stop_short: str
    reference: str
    statement_title: str
    list_title: str
    issued: str
    original: str
    credit_row: str
    days_overdue: str
    disputed: str
    promised_for: str
    currency: str
    net_balance: str
    date: str
    customer: str
    page: str
    file_statement: str = Field(pattern=r"^[a-z0-9-]{1,60}\.pdf$")
    file_list: str = Field(pattern=r"^[a-z0-9-]{1,60}\.pdf$")
