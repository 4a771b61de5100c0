"""Oracle NetSuite (OneWorld) by SuiteQL over REST: invoices, credit memos, payments, deposit applications, refunds,
customers.

Journal entries are not read as documents; what they settle of an invoice counts. Customer deposits are no receivable
there until they are applied: the application is the payment.
"""

import datetime as dt

from cartera.connectors.api import Setting, System
from cartera.connectors.netsuite.address import address_of
from cartera.connectors.netsuite.client import check, controls, count, open_session
from cartera.connectors.netsuite.entities import RESOURCES, pages

SYSTEM = System(
    name="netsuite",
    title="Oracle NetSuite",
    kind="erp",
    settings=(
        Setting("account", "Account id, e.g. 1234567 or 1234567_SB1"),
        Setting("client_id", "Client id of the integration (client credentials)"),
        Setting("certificate_id", "Id of the certificate that is mapped to it"),
        Setting("private_key", "Private key of the certificate: PEM, the ends of its lines as \\n", is_secret=True),
        Setting("installments", "Are invoices paid in installments? (yes/no)", default="no", choices=("no", "yes")),
        Setting("url", "Address, when it is not https://<account>.suitetalk.api.netsuite.com", default=""),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    pages=pages,
    count=count,
    controls=controls,
    address_of=address_of,
    # read in the order of ids, by dates in the time zone of the account: a day more is asked for again
    overlap=dt.timedelta(days=1),
)
