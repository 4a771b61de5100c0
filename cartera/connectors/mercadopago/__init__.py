"""Mercado Pago through its REST API: payments with their refunds and fees, chargebacks, settlement reports.

The amounts of a payment are as the payer pays them; what its receiver gets is less the fees. Refunds come inside
their payment, and the payers are known from their payments alone.
"""

from cartera.connectors.api import Setting, System
from cartera.connectors.mercadopago.client import check, open_session, pages
from cartera.connectors.mercadopago.entities import RESOURCES

SYSTEM = System(
    name="mercadopago",
    title="Mercado Pago",
    kind="gateway",
    settings=(
        Setting("url", "Address of the API", default="https://api.mercadopago.com"),
        Setting("access_token", "Access token of the account that receives the payments", is_secret=True),
        Setting("start_date", "Payments are read from this day on", default="2020-01-01"),
    ),
    resources=RESOURCES,
    open=open_session,
    check=check,
    pages=pages,
)
