"""ERPNext 14-16 through the REST API of its framework: sales invoices, payments, customers, companies.

What is settled by journal entries is not read: the payments and credit notes themselves are.
"""

import datetime as dt

from cartera.connectors.api import Setting, System
from cartera.connectors.erpnext.client import check, count, keys, open_session
from cartera.connectors.erpnext.entities import RESOURCES

SYSTEM = System(
    name="erpnext",
    title="ERPNext",
    kind="erp",
    settings=(
        Setting("url", "Address, e.g. https://erp.acme.pe"),
        Setting("api_key", "API key of a user who may read accounting"),
        Setting("api_secret", "API secret of that user", is_secret=True),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    keys=keys,
    count=count,
    # `modified` is in the site's local time, which is set back by an hour in autumn
    overlap=dt.timedelta(minutes=65),
)
