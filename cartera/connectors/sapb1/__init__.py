"""SAP Business One 9.3-10 through its Service Layer (b1s/v1 and b1s/v2): A/R invoices, credit notes, incoming payments,
internal reconciliations, journal entries made by hand and opening balances on customers, customers.

One source is one company database. Down payments are not read as documents; what they settle of an invoice is known
from the payments and reconciliations, and counts. What of them is still open on a customer's account is not in the
ledger: the control total, the balance of the customers' accounts, tells.
"""

import datetime as dt

from cartera.connectors.api import Setting, System
from cartera.connectors.sapb1.client import check, controls, count, open_session, pages
from cartera.connectors.sapb1.entities import RESOURCES

SYSTEM = System(
    name="sapb1",
    title="SAP Business One",
    kind="erp",
    settings=(
        Setting("url", "Address of the Service Layer, e.g. https://sap.acme.pe:50000/b1s/v2"),
        Setting("company_db", "Company database"),
        Setting("user", "User who may read A/R, banking and business partners"),
        Setting("password", "Password of that user", is_secret=True),
        Setting(
            "customer_reference",
            "Field of the business partner with its code in another system, or nothing",
            default="AdditionalID",
            decides_records=True,
        ),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    pages=pages,
    count=count,
    controls=controls,
    # the date of change is a day in the server's time: each reading asks for that day and the one before again
    overlap=dt.timedelta(days=1),
)
