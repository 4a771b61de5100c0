"""Balances in the order in which days are looked for, beside the same balances item by item.

    python benchmarks/order_on_disk.py [--invoices 1000000] [--home DIR] [--keep]

Makes a company and publishes it, unless `--home` is a folder where that was done; then what is open on past days is
added up by bucket from both tables, which take turns.

Claim: at most 0.9 of the time.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import warehouse

CLAIM, ROUNDS = 0.9, 3
DAYS_BEFORE = (40, 100, 190, 280, 370)
ASKED = """
select bucket, count(*), sum(open_amount) from bench.{name}(%(as_of)s, %(known_at)s)
where days_past_due is not null group by bucket
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path, help="the state folder; what is published there is used")
    parser.add_argument("--keep", action="store_true", help="leave the state folder and the server")
    arguments = parser.parse_args()
    with warehouse.state(arguments.home, arguments.keep):
        from cartera.db import Role, connect, transaction
        from cartera.warehouse import read

        warehouse.publish(arguments.invoices)
        connection = connect(Role.admin, autocommit=True)
        with connection.cursor() as cursor:
            cursor.execute("select slot from ops.publications order by publication_id desc limit 1")
            marts = f"marts_{cursor.fetchone()[0]}"  # type: ignore[index]
            cursor.execute(
                "drop schema if exists bench cascade; create schema bench;"
                f" create table bench.by_item as select * from {marts}.fct_item_balances order by item_id, valid_from;"
                " create index on bench.by_item (lookup_class, lookup_date)"
            )
            cursor.execute("vacuum analyze bench.by_item")
            cursor.execute(f"select pg_get_functiondef('{marts}.open_items'::regproc)")
            made: str = cursor.fetchone()[0]  # type: ignore[index]
            theirs = f'"{marts}"."fct_item_balances"'
            assert made.count(theirs) == 1, made
            for name, table in (("ours", theirs), ("by_item_on", "bench.by_item")):
                cursor.execute(made.replace(theirs, table).replace(f"{marts}.open_items", f"bench.{name}"))
        spent, found = {"ours": 0.0, "by_item_on": 0.0}, {}
        with transaction(Role.admin) as asking, asking.cursor() as cursor:
            served = read.publication(asking)
            for number in range(ROUNDS):
                for days in DAYS_BEFORE:
                    for name in spent:
                        began = time.perf_counter()
                        cursor.execute(
                            ASKED.format(name=name),
                            {"as_of": served.as_of_date - warehouse.dt.timedelta(days), "known_at": served.known_at},
                        )
                        found[name] = sorted(cursor.fetchall())
                        # the first round is to warm up
                        spent[name] += time.perf_counter() - began if number else 0
                    assert found["ours"] == found["by_item_on"]
        with connection.cursor() as cursor:
            cursor.execute("drop schema bench cascade")
        connection.close()
    mine, other = (1000 * each / len(DAYS_BEFORE) / (ROUNDS - 1) for each in spent.values())
    print(f"{'milliseconds a past day':<28} {'ours':>8} {'by item':>8} {'ratio':>8}")
    print(f"{'what is open, by bucket':<28} {mine:>8.0f} {other:>8.0f} {mine / other:>8.2f}")
    return 0 if mine / other <= CLAIM else 1


if __name__ == "__main__":
    sys.exit(main())
