"""Statements of readers that are seen to run long, and their plans."""

from __future__ import annotations

import threading

LONG_STATEMENT = 0.5
SAMPLED_EVERY = 0.05
PLAN_LINES = 45


class Sampler(threading.Thread):
    """Statements of readers that are seen to run long: text to the longest time seen."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, float] = {}
        self.ended = threading.Event()

    def run(self) -> None:
        from cartera.db import Role, connect

        connection = connect(Role.admin, autocommit=True)
        with connection.cursor() as cursor:
            while not self.ended.wait(SAMPLED_EVERY):
                cursor.execute(
                    "select query, extract(epoch from clock_timestamp() - query_start)::float from pg_stat_activity"
                    " where usename like %s and state = 'active'"
                    " and clock_timestamp() - query_start > interval '200 ms'",
                    ("%_reader",),
                )
                for query, seconds in cursor.fetchall():
                    self.seen[query] = max(self.seen.get(query, 0), seconds)
        connection.close()

    def show_plans(self) -> None:
        from cartera.db import Role, transaction

        slow = sorted(((took, query) for query, took in self.seen.items() if took >= LONG_STATEMENT), reverse=True)
        print(f"\n{len(slow)} statements were seen to run for {LONG_STATEMENT} s or longer")
        shown: set[str] = set()
        for took, query in slow:
            # the same statement for other days has the same plan
            kind = "".join(letter for letter in query if not letter.isdigit())
            if kind in shown or not query.lstrip().lower().startswith(("select", "with")):
                continue
            shown.add(kind)
            print(f"\n--- {took:.2f} s while others worked: {' '.join(query.split())[:160]}...")
            with transaction(Role.reader) as connection, connection.cursor() as cursor:
                cursor.execute(f"explain (analyze, buffers, costs off) {query}")
                lines = [line for (line,) in cursor.fetchall()]
            print("\n".join(lines[:PLAN_LINES]))
            print(f"... {len(lines) - PLAN_LINES} more lines, {lines[-1]}" if len(lines) > PLAN_LINES else "")
