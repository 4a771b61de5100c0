"""Logging in to the embedded server, beside a role whose password was hashed PostgreSQL's usual 4,096 times.

    python benchmarks/logins.py [--logins 300]

Claim: at most half of the processor time of a client, and less time on the clock. The two take turns on the same
server, so that what else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time

import warehouse
from psycopg2.extensions import encrypt_password
from psycopg2.sql import SQL, Identifier, Literal

USUAL, CLAIM, ROUNDS = 4096, 0.5, 10
ROLE = "usual_rounds"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logins", type=int, default=300)
    arguments = parser.parse_args()
    with warehouse.state(None, keep=False):
        from cartera.db import Role, parameters, transaction
        from cartera.db.login import login

        password = secrets.token_urlsafe(24)
        with transaction(Role.admin) as connection, connection.cursor() as cursor:
            cursor.execute("set scram_iterations = %s", (USUAL,))
            verifier = encrypt_password(password, ROLE, connection, "scram-sha-256")
            cursor.execute(SQL("create role {} login password {}").format(Identifier(ROLE), Literal(verifier)))
            ours = parameters(Role.admin)
            cursor.execute(
                SQL("grant connect on database {} to {}").format(Identifier(ours["dbname"]), Identifier(ROLE))
            )
        theirs = {**ours, "user": ROLE, "password": password}
        spent = {"ours": [0.0, 0.0], "usual": [0.0, 0.0]}
        for _ in range(ROUNDS):
            for name, given in (("ours", ours), ("usual", theirs)):
                clock, processor = time.perf_counter(), time.process_time()
                for _ in range(arguments.logins // ROUNDS):
                    login(given).close()
                spent[name][0] += time.perf_counter() - clock
                spent[name][1] += time.process_time() - processor
    print(f"{'milliseconds a login':<28} {'ours':>8} {'usual':>8} {'ratio':>8}")
    ratios = []
    for place, what in enumerate(("on the clock", "of the client's processor")):
        mine, usual = (1000 * spent[name][place] / arguments.logins for name in ("ours", "usual"))
        ratios.append(mine / usual)
        print(f"{what:<28} {mine:>8.2f} {usual:>8.2f} {mine / usual:>8.2f}")
    return 0 if ratios[1] <= CLAIM and ratios[0] < 1 else 1


if __name__ == "__main__":
    sys.exit(main())
