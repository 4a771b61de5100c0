"""Small statement files in every format, made of the same movements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

IBAN = "DE75512108001245126199"


@dataclass(frozen=True)
class Moved:
    """Signed amount, who, what for, the bank's reference, day of April 2026."""

    amount: str
    who: str = "Ana Quispe"
    text: str = "Invoice 1001"
    reference: str = ""
    day: int = 1
    more: str = ""

    @property
    def is_credit(self) -> bool:
        return not self.amount.startswith("-")

    @property
    def plain(self) -> str:
        return self.amount.removeprefix("-")


MOVED = (
    Moved("100.10", reference="B1"),
    Moved("-30.00", "Landlord", "Rent"),
    # alike to the last letter
    Moved("5.00", text="Parking"),
    Moved("5.00", text="Parking"),
    Moved("0.05", "Luz Rojas", "Invoice 1002", "B2", 2),
)


def total(moved: Sequence[Moved]) -> Decimal:
    return sum((Decimal(one.amount) for one in moved), Decimal(0))


def camt_entry(one: Moved, details: str | None = None) -> str:
    side, role = ("CRDT", "Dbtr") if one.is_credit else ("DBIT", "Cdtr")
    reference = f"<AcctSvcrRef>{one.reference}</AcctSvcrRef>" if one.reference else ""
    details = details if details is not None else (
        f"<TxDtls><Refs><EndToEndId>E-{one.text[-4:]}</EndToEndId></Refs><RltdPties><{role}><Nm>{one.who}</Nm></{role}>"
        f"<{role}Acct><Id><IBAN>ES9121000418450200051332</IBAN></Id></{role}Acct></RltdPties>"
        f"<RmtInf><Ustrd>{one.text}</Ustrd></RmtInf></TxDtls>"
    )  # fmt: skip
    return (
        f'<Ntry><Amt Ccy="EUR">{one.plain}</Amt><CdtDbtInd>{side}</CdtDbtInd>{one.more}<Sts>BOOK</Sts>'
        f"<BookgDt><Dt>2026-04-{one.day:02}</Dt></BookgDt><ValDt><Dt>2026-04-{one.day:02}</Dt></ValDt>{reference}"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def camt(
    moved: Sequence[Moved] = MOVED,
    *,
    number: str = "S1",
    opening: str = "1000.00",
    closing: str | None = None,
    message: str = "camt.053.001.02",
    entries: str | None = None,
    created: str = "2026-04-02T20:00:00",
    before: str = "",
    account: str = IBAN,
) -> str:
    envelope, part = {
        "052": ("BkToCstmrAcctRpt", "Rpt"), "053": ("BkToCstmrStmt", "Stmt"), "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    }[message[5:8]]  # fmt: skip
    closing = closing or str(Decimal(opening) + total(moved))
    balances = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount.removeprefix("-")}</Amt>'
        f"<CdtDbtInd>{'DBIT' if amount.startswith('-') else 'CRDT'}</CdtDbtInd><Dt><Dt>2026-04-02</Dt></Dt></Bal>"
        for code, amount in (("OPBD", opening), ("CLBD", closing))
        if part != "Ntfctn"
    )
    entries = entries if entries is not None else "".join(map(camt_entry, moved))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{message}">'
        f"<{envelope}><GrpHdr><MsgId>M1</MsgId></GrpHdr><{part}><Id>{number}</Id><CreDtTm>{created}</CreDtTm>"
        f"<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}{entries}</{part}></{envelope}></Document>"
    )


def _comma(amount: str) -> str:
    return amount.replace(".", ",")


def mt940(
    moved: Sequence[Moved] = MOVED, *, number: str = "7/1", opening: str = "1000.00", closing: str | None = None
) -> str:
    end = closing or str(Decimal(opening) + total(moved))
    lines = [":20:STARTUMS", f":25:{IBAN}", f":28C:{number}", f":60F:C260401EUR{_comma(opening)}"]
    for one in moved:
        day = f"04{one.day:02}"
        side, reference = "C" if one.is_credit else "D", one.reference or "NONREF"
        lines += [
            f":61:26{day}{day}{side}{_comma(one.plain)}NTRFNONREF//{reference}",
            f":86:166?00GUTSCHRIFT?20EREF+E-{one.text[-4:]}?21SVWZ+{one.text}?31ES9121000418450200051332?32{one.who}",
        ]
    sign = "D" if end.startswith("-") else "C"
    return "\r\n".join([*lines, f":62F:{sign}260402EUR{_comma(end.removeprefix('-'))}", "-", ""])


def mt942(moved: Sequence[Moved] = MOVED) -> str:
    lines = [":20:INTRADAY", f":25:{IBAN}", ":28C:7/1", ":34F:EUR0,", ":13D:2604011815+0100"]
    for one in moved:
        lines += [f":61:2604{one.day:02}C{_comma(one.plain)}NTRFNONREF//{one.reference or 'NONREF'}", f":86:{one.text}"]
    return "\n".join([*lines, ":90C:1EUR0,", "-", ""])


def bai2(moved: Sequence[Moved] = MOVED, *, opening: str = "1000.00", closing: str | None = None) -> str:
    def cents(amount: str) -> str:
        return str(int(Decimal(amount) * 100))

    end = closing or str(Decimal(opening) + total(moved))
    lines = [
        "01,BANK,ACME,260402,0700,1,,,2/",
        "02,ACME,BANK,1,260401,,USD,2/",
        f"03,12345,,010,{cents(opening)},,,015,{cents(end)},,/",
    ]
    for one in moved:
        lines += [f"16,{'195' if one.is_credit else '495'},{cents(one.plain)},V,2604{one.day:02},,{one.reference},,",
                  f"88,{one.who}, {one.text}"]  # fmt: skip
    added = sum(int(cents(one.plain)) for one in moved) + int(cents(opening)) + int(cents(end))
    count = len(lines)
    lines += [f"49,{added},{count - 1}/", f"98,{added},1,{count + 1}/", f"99,{added},1,{count + 3}/"]
    return "\n".join([*lines, ""])


def ofx(moved: Sequence[Moved] = MOVED, *, xml: bool = False, closing: str = "1080.15") -> str:
    def leaf(tag: str, value: str) -> str:
        return f"<{tag}>{value}</{tag}>" if xml else f"<{tag}>{value}\n"

    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE"?>\n'
        if xml
        else "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"
    )
    entries = "".join(
        "<STMTTRN>"
        + leaf("TRNTYPE", "CREDIT" if one.is_credit else "DEBIT")
        + leaf("DTPOSTED", f"202604{one.day:02}120000.000[-5:EST]")
        + leaf("TRNAMT", one.amount)
        + leaf("FITID", f"F{place}")
        + leaf("NAME", one.who)
        + leaf("MEMO", one.text + " &amp; more")
        + "</STMTTRN>"
        for place, one in enumerate(moved)
    )
    return (
        f"{head}<OFX><BANKMSGSRSV1><STMTTRNRS><STATUS>{leaf('CODE', '0')}{leaf('SEVERITY', 'INFO')}</STATUS><STMTRS>"
        f"{leaf('CURDEF', 'USD')}<BANKACCTFROM>{leaf('BANKID', '111')}{leaf('ACCTID', '999')}</BANKACCTFROM>"
        f"<BANKTRANLIST>{leaf('DTSTART', '20260401')}{leaf('DTEND', '20260402')}{entries}</BANKTRANLIST>"
        f"<LEDGERBAL>{leaf('BALAMT', closing)}{leaf('DTASOF', '20260402')}</LEDGERBAL></STMTRS></STMTTRNRS>"
        "</BANKMSGSRSV1></OFX>\n"
    )


def norma43(
    moved: Sequence[Moved] = MOVED,
    *,
    opening: str = "1000.00",
    closing: str | None = None,
    first: int = 1,
    last: int = 2,
) -> str:
    def cents(amount: str) -> str:
        return f"{int(Decimal(amount) * 100):014}"

    end = closing or str(Decimal(opening) + total(moved))
    account = "210004180200051332"
    lines = [f"11{account}2604{first:02}2604{last:02}2{cents(opening)}9783ACME SA".ljust(80)]
    for one in moved:
        lines += [
            f"22    0418{f'2604{one.day:02}' * 2}02015{2 if one.is_credit else 1}{cents(one.plain)}{'0' * 10}{'0' * 12}"
            + one.reference.ljust(16),
            f"2301{one.who.ljust(38)}{one.text}".ljust(80),
        ]
    debits, credits = ([one for one in moved if one.is_credit is side] for side in (False, True))
    lines.append(
        f"33{account}{len(debits):05}{cents(str(-total(debits)))}{len(credits):05}{cents(str(total(credits)))}2{cents(end)}978".ljust(
            80
        )
    )
    return "\r\n".join([*lines, f"88{'9' * 18}{len(lines):06}".ljust(80), ""])
