"""A source that was stopped: the others go on, what was published keeps serving, its customers are not reminded."""

from __future__ import annotations

import datetime as dt

from support.connected import Connected
from support.erpnext_stub import ErpNext
from support.stub_server import Reply
from typer.testing import CliRunner

from cartera import cli, pipeline
from cartera.db import Role, transaction
from cartera.reminders import portfolio
from cartera.warehouse import read, read_runs

AS_OF = dt.date(2026, 6, 30)


def test_it_is_told_and_frozen_until_it_is_read_again(stub: ErpNext, erp: Connected) -> None:
    first = pipeline.run(AS_OF)
    assert (first.status, first.source_errors) == ("published", {})
    again = pipeline.run(AS_OF)
    # read, with nothing new: nothing is built, and it counts as fresh
    assert (again.status, again.source_errors) == ("unchanged", {})
    assert not _standing().stopped

    stub.fail(*[Reply(200, b"<html>login</html>", {"Content-Type": "text/html"})] * 9)
    stopped = pipeline.run(AS_OF)
    assert "a page for people" in str(stopped.source_errors["erp"])
    assert _standing().stopped == {"erp"}
    with transaction(Role.reader) as connection:
        (row,) = read_runs.stopped_sources(connection)
    assert row["source"] == "erp" and "a page for people" in row["message"] and row["read_at"] is not None
    assert erp.open_balances() == {"erp:ANA": stub.outstanding("ANA")}

    # and as a person reads it alone
    stub.faults.clear()
    said = CliRunner().invoke(cli.commands(), ["run", "--as-of", AS_OF.isoformat(), "--source", "erp"])
    assert said.exit_code == 0, said.output
    assert not _standing().stopped
    # news came long ago, and it was read just now
    with transaction(Role.admin) as connection, connection.cursor() as cursor:
        cursor.execute("update ops.loads set recorded_at = recorded_at - interval '30 days'")
    assert _standing().landed_on["erp"] == dt.datetime.now(dt.UTC).date()


def _standing() -> portfolio.Standing:
    with transaction(Role.campaign) as connection:
        return portfolio.standing(connection, read.publication(connection))
