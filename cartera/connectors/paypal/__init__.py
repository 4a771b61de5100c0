"""PayPal through its REST API: transactions, disputes, balances.

Payments, refunds, chargebacks and fees are all transactions, told apart by their event code; money that goes out is
negative. A transaction appears up to three hours late and may still change its status, so the last 31 days are read
each time.
"""

import datetime as dt

from cartera.connectors.api import Setting, System
from cartera.connectors.paypal.client import check, open_session, pages
from cartera.connectors.paypal.entities import RESOURCES

SYSTEM = System(
    name="paypal",
    title="PayPal",
    kind="gateway",
    settings=(
        Setting("url", "Address of the API", default="https://api-m.paypal.com"),
        Setting("client_id", "Client id of an app that may search transactions and read disputes"),
        Setting("client_secret", "Secret of that app", is_secret=True),
        Setting("start_date", "Transactions are read from this day on, at most three years back; e.g. 2026-01-01"),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    pages=pages,
    overlap=dt.timedelta(days=31),
)
