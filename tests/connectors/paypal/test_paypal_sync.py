"""PayPal, as its stub behaves: what is read, what comes late or changes later, and what the payers owe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from support.connected import Connected, connected
from support.paypal_stub import CLIENT, SECRET, PayPal
from support.stub_server import Reply, Request, json_reply

from cartera.errors import SourceError
from cartera.landing import LoadReport


@pytest.fixture
def stub() -> Iterator[PayPal]:
    with PayPal() as made:
        yield made


@pytest.fixture
def gateway(stub: PayPal, database: str, tmp_path: Path) -> Iterator[Connected]:
    connection = {"url": stub.url, "client_id": CLIENT, "start_date": "2026-01-01"}
    with connected(
        tmp_path, "paypal", connection, {"client_secret": SECRET}, "pp", company_id="acme", page_size="10"
    ) as made:
        made.now = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
        yield made


def counts(report: LoadReport) -> tuple[int, ...]:
    """new, changed, deleted, quarantined"""
    return report.rows_new, report.rows_changed, report.rows_deleted, report.rows_quarantined


def on_account(gateway: Connected, known_at: dt.datetime) -> dict[str, Decimal]:
    """customer_id -> what was open as it was known then."""
    statement = (
        "select customer_id, sum(open_amount) from serve.open_items('2026-06-30', %s)"
        " group by 1 having sum(open_amount) <> 0"
    )
    return dict(gateway.rows(statement, [known_at]))


def documents(gateway: Connected, known_at: dt.datetime) -> list[str]:
    statement = "select document_number from serve.open_items('2026-06-30', %s) where open_amount <> 0 order by 1"
    return [number for (number,) in gateway.rows(statement, [known_at])]


def asked(stub: PayPal, path: str = "/v1/reporting/transactions") -> list[dict[str, str]]:
    return [dict(request.params) for request in stub.requests if request.path == path]


def test_the_first_reading_is_whole_and_the_next_brings_what_came_late(stub: PayPal, gateway: Connected) -> None:
    stub.now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    for number in range(25):
        stub.happen(f"T{number:02}", "T0006", "100.10", invoice_id=f"INV-{number}")
        stub.tick(days=2)
    stub.now = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
    stub.happen("LATE", "T0006", "5.00")
    assert counts(gateway.sync()["transactions"]) == (25, 0, 0, 0)
    assert len({(one["start_date"], one["end_date"]) for one in asked(stub)}) == 3
    found = gateway.current("transactions", "transaction_amount", "fee_amount", "currency_code", "invoice_id",
                            "transaction_date", "payer_email")  # fmt: skip
    assert found["T07:T0006"] == (Decimal("100.10"), Decimal("-3.20"), "USD", "INV-7", dt.date(2026, 1, 16),
                                  "ana@example.com")  # fmt: skip
    assert gateway.current("balances", "total_balance") == {"USD": (Decimal("1234.56"),)}
    # it was older than what was read and not to be seen; with it a pending one came through
    stub.transactions[20]["transaction_info"]["transaction_status"] = "V"
    stub.tick(hours=4)
    assert counts(gateway.sync()["transactions"]) == (1, 1, 0, 0)
    assert {report.load_id for report in gateway.sync().values()} == {None}


def test_what_is_too_old_to_be_given_stays_when_all_is_read_anew(stub: PayPal, gateway: Connected) -> None:
    stub.now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    stub.happen("OLD", "T0006", "1.00")
    stub.dispute("PP-OLD", "1.00")
    stub.now = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
    stub.happen("NEW", "T0006", "2.00")
    stub.tick(hours=4)
    gateway.sync()
    # years later: other companies, and a day to begin with that PayPal still has
    gateway.source.connection["start_date"], gateway.source.company_id = "2028-01-01", "other"
    stub.now = gateway.now = dt.datetime(2030, 3, 1, tzinfo=dt.UTC)
    stub.happen("NEXT", "T0006", "3.00")
    stub.tick(hours=4)
    found = gateway.sync()
    assert counts(found["transactions"]) == (1, 0, 0, 0) and counts(found["disputes"]) == (0, 0, 0, 0)
    assert set(gateway.current("transactions")) == {"OLD:T0006", "NEW:T0006", "NEXT:T0006"}
    assert set(gateway.current("disputes")) == {"PP-OLD"}


def test_a_span_with_too_much_is_halved(stub: PayPal, gateway: Connected) -> None:
    stub.now, stub.most = dt.datetime(2026, 2, 1, tzinfo=dt.UTC), 20
    for number in range(70):
        stub.happen(f"T{number:02}", "T0006", "1.00")
        stub.tick(minutes=10)
    stub.now = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
    assert counts(gateway.sync()["transactions"]) == (70, 0, 0, 0)


def test_one_id_may_stand_for_two_transactions(stub: PayPal, gateway: Connected) -> None:
    stub.happen("SAME", "T0006", "10.00")
    stub.happen("SAME", "T1503", "-10.00")
    stub.tick(hours=4)
    gateway.sync()
    assert set(gateway.current("transactions")) == {"SAME:T0006", "SAME:T1503"}


def test_an_expired_token_is_renewed_and_a_refused_secret_is_told(stub: PayPal, gateway: Connected) -> None:
    stub.uses = 3
    for number in range(30):
        stub.happen(f"T{number:02}", "T0006", "1.00")
    stub.tick(hours=4)
    assert counts(gateway.sync()["transactions"]) == (30, 0, 0, 0)
    assert len([one for one in stub.requests if one.path == "/v1/oauth2/token"]) > 2
    stub.fail(json_reply({"error": "invalid_client", "error_description": f"no {SECRET}"}, 401))
    with pytest.raises(SourceError) as caught:
        gateway.sync()
    assert "does not accept the login" in str(caught.value) and SECRET not in str(caught.value)


def test_an_error_with_status_200_and_a_day_too_long_ago_land_nothing(stub: PayPal, gateway: Connected) -> None:
    stub.happen("T1", "T0006", "1.00")
    stub.tick(hours=4)
    error = {"name": "INTERNAL_SERVER_ERROR", "message": "An internal server error occurred.", "debug_id": "1"}
    stub.faults += [lambda request: json_reply(error) if "transactions" in request.path else None] * 9
    with pytest.raises(SourceError, match="INTERNAL_SERVER_ERROR"):
        gateway.sync()
    stub.faults.clear()
    gateway.source.connection["start_date"] = "2020-01-01"
    with pytest.raises(SourceError) as caught:
        gateway.sync()
    assert "INVALID_REQUEST" in str(caught.value) and "start_date" in str(caught.value)
    assert gateway.current("transactions") == {} and gateway.current("disputes") == {}


def test_disputes_are_read_by_the_token_of_the_next_page(stub: PayPal, gateway: Connected) -> None:
    for number in range(120):
        stub.dispute(f"PP-{number:03}", "10.00")
    stub.tick(hours=4)
    assert counts(gateway.sync()["disputes"]) == (120, 0, 0, 0)
    stub.dispute("PP-007", "10.00", status="RESOLVED", dispute_outcome={"outcome_code": "RESOLVED_BUYER_FAVOUR"})
    assert counts(gateway.sync()["disputes"]) == (0, 1, 0, 0)
    assert gateway.current("disputes", "status", "amount", "currency")["PP-007"] == ("RESOLVED", Decimal(10), "USD")


@pytest.mark.parametrize("tokens", [["A", "A"], ["A", "B", "A"]])
def test_a_list_of_disputes_that_leads_in_a_circle_lands_nothing(
    stub: PayPal, gateway: Connected, tokens: list[str]
) -> None:
    pages = iter([*tokens, *tokens])

    def circle(request: Request) -> Reply | None:
        if "disputes" not in request.path or (token := next(pages, None)) is None:
            return None
        link = {"rel": "next", "href": f"https://api.paypal.com{request.path}?next_page_token={token}"}
        return json_reply({"items": [], "links": [link]})

    stub.faults += [circle] * 20
    with pytest.raises(SourceError, match="in a circle"):
        gateway.sync()


def test_a_quiet_half_year_does_not_stop_the_disputes(stub: PayPal, gateway: Connected) -> None:
    stub.dispute("PP-1", "10.00")
    gateway.sync()
    # PayPal answers 400 to a question that reaches back more than 180 days
    stub.tick(days=170)
    gateway.now = stub.now
    stub.dispute("PP-2", "20.00")
    assert counts(gateway.sync()["disputes"]) == (1, 0, 0, 0)
    stub.tick(days=200)
    gateway.now = stub.now
    gateway.sync()
    assert set(gateway.current("disputes")) == {"PP-1", "PP-2"}


def test_what_the_payers_have_on_account_follows_refunds_and_chargebacks(stub: PayPal, gateway: Connected) -> None:
    stub.happen("P1", "T0006", "100.00", invoice_id="INV-1")
    stub.happen("P2", "T0006", "50.00", "luz", custom_field="INV-2")
    stub.happen("P3", "T0006", "30.00", transaction_status="P")
    stub.happen("P4", "T0001", "-500.00", "supplier")
    stub.happen("R1", "T1107", "-10.00", None, paypal_reference_id="P1", paypal_reference_id_type="TXN")
    stub.happen("C1", "T1201", "-50.00", None, paypal_reference_id="P2", paypal_reference_id_type="TXN")
    stub.happen("F1", "T0106", "-20.00", None, paypal_reference_id="P2", paypal_reference_id_type="TXN")
    stub.happen("H1", "T1110", "-50.00", None, paypal_reference_id="P2", paypal_reference_id_type="TXN")
    stub.tick(hours=4)
    gateway.sync()
    first = gateway.now
    # later: the pending one comes through, more is refunded, the chargeback is won
    stub.transactions[2]["transaction_info"]["transaction_status"] = "S"
    stub.happen("R2", "T1107", "-90.00", None, paypal_reference_id="P1", paypal_reference_id_type="TXN")
    stub.transactions[0]["transaction_info"]["transaction_status"] = "V"
    stub.happen("C2", "T1202", "50.00", None, paypal_reference_id="C1", paypal_reference_id_type="TXN")
    stub.tick(hours=4)
    gateway.sync()
    gateway.publish(dt.date(2026, 6, 30))
    assert on_account(gateway, first) == {"pp:ANA": Decimal(-90)}
    assert documents(gateway, first) == ["C1", "INV-1", "INV-2"]
    assert gateway.open_balances() == {"pp:ANA": Decimal(-30), "pp:LUZ": Decimal(-50)}
    found = gateway.rows(
        "select customer_id, name, country_code, email from serve.dim_customers"
        " where recorded_to = '9999-12-31 00:00:00+00' order by 1"
    )
    assert found == [("pp:ANA", "ana Doe", "US", "ana@example.com"), ("pp:LUZ", "luz Doe", "US", "luz@example.com")]
