"""What has landed: a payment that was charged back is asked for its cases also when it is approved again."""

from __future__ import annotations

from cartera.clock import FOREVER
from cartera.db import Role, transaction

_CHARGED_BACK = (
    "select id from raw_mercadopago.payments where source = %(source)s and recorded_to = %(forever)s"
    " and not is_deleted and jsonb_array_length(chargebacks) > 0"
)


def charged_back(source: str) -> frozenset[str]:
    """The payments with chargebacks. None before the first reading made the table."""
    with transaction(Role.loader) as connection, connection.cursor() as cursor:
        cursor.execute("select 1 where to_regclass('raw_mercadopago.payments') is not null")
        if not cursor.fetchall():
            return frozenset()
        cursor.execute(_CHARGED_BACK, {"source": source, "forever": FOREVER})
        return frozenset(str(key) for (key,) in cursor.fetchall())
