"""A camt.053 file from the folder to committed entries, beside plain lxml over the same file.

    python benchmarks/bank_files.py [--entries 100000] [--keep]

Makes one statement of that many entries, as a bank writes it, and a state folder of its own, then measures

- lxml's iterparse over the file, each entry thrown away unread: the yardstick, the least that reading it can take;
- the connector's reading alone: every entry taken apart, keyed, summed and spooled;
- the whole way: read, typed, versions inserted, every row and cent accounted for, committed;
- a second reading of the same folder, which has nothing to do.

Claim: 100,000 entries in under 10 s the whole way; memory does not grow with the file.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CLAIM = 10.0

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId>
<CreDtTm>2026-04-30T20:00:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id><CreDtTm>2026-04-30T20:00:00</CreDtTm>
<Acct><Id><IBAN>DE75512108001245126199</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{closing}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
"""

ENTRY = """<Ntry><NtryRef>{number}</NtryRef><Amt Ccy="EUR">{cents}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-04-{day:02}</Dt></BookgDt><ValDt><Dt>2026-04-{day:02}</Dt></ValDt>
<AcctSvcrRef>2026-{number:09}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd>
</Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs><AcctSvcrRef>2026-{number:09}</AcctSvcrRef>
<EndToEndId>E2E-{number}</EndToEndId></Refs><Amt Ccy="EUR">{cents}</Amt><CdtDbtInd>CRDT</CdtDbtInd><RltdPties>
<Dbtr><Pty><Nm>Customer {customer} S.A.</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>ES91210004184502{customer:08}</IBAN></Id>
</DbtrAcct></RltdPties><RmtInf><Ustrd>Invoice F001-{number:08} with thanks</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
"""


def write_statement(path: Path, entries: int) -> None:
    """`entries` credits of one cent more each."""
    closing = entries * (entries + 1) // 2
    with path.open("w") as file:
        file.write(HEAD.format(closing=f"{closing // 100}.{closing % 100:02}"))
        for number in range(1, entries + 1):
            cents = f"{number // 100}.{number % 100:02}"
            file.write(ENTRY.format(number=number, cents=cents, day=number % 30 + 1, customer=number % 5_000))
        file.write("</Stmt></BkToCstmrStmt></Document>\n")


def plain_lxml(path: Path) -> int:
    from lxml import etree

    count = 0
    for _event, element in etree.iterparse(str(path), tag="{*}Ntry"):
        count += 1
        element.getparent().remove(element)
    return count


@contextlib.contextmanager
def timed(what: str, entries: int) -> Iterator[list[float]]:
    taken: list[float] = []
    started = time.perf_counter()
    yield taken
    taken.append(time.perf_counter() - started)
    say(f"{what:<42} {taken[0]:7.2f} s {entries / taken[0]:12,.0f} entries/s {peak():6,.0f} MB")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: Path, entries: int) -> bool:
    from cartera import db
    from cartera.connectors.api.deliver import deliver
    from cartera.connectors.api.spec import load_source
    from cartera.connectors.api.system import Access
    from cartera.connectors.bank.folder import open_folder

    statements = folder / "statements"
    statements.mkdir()
    path = statements / "april.xml"
    write_statement(path, entries)
    say(f"{entries:,} entries, {path.stat().st_size / 1e6:,.0f} MB; peak memory so far in the last column")
    with timed("plain lxml, entries thrown away", entries) as plain:
        assert plain_lxml(path) == entries
    access = Access("bank", {"folder": str(statements), "pattern": "**/*", "csv": ""})
    db.ensure_ready()
    with timed("reading alone", entries) as reading, open_folder(access) as opened:
        assert opened.contents(is_whole=False).entry_count == entries
    source = folder / "bank.yaml"
    source.write_text(f"system: bank\nconnection:\n  folder: {statements}\n")
    with timed("folder -> landed", entries) as whole:
        reports, _notes = deliver(load_source(source))
    assert {report.entity: report.rows_new for report in reports}["entries"] == entries
    with timed("the same folder again", entries):
        reports, _notes = deliver(load_source(source))
    assert all(report.load_id is None for report in reports)
    say(f"reading / plain lxml {reading[0] / plain[0]:.1f}; folder -> landed / plain lxml {whole[0] / plain[0]:.1f}")
    limit = CLAIM * entries / 100_000
    say(f"claim: {entries:,} entries in under {limit:.0f} s: {'held' if whole[0] < limit else 'MISSED'}")
    return whole[0] < limit


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cartera-bank-"))
    os.environ["CARTERA_HOME"] = str(folder / "home")
    from cartera import db

    try:
        return 0 if measure(folder, asked.entries) else 1
    finally:
        db.stop()
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
