"""Three hundred texts that customers and documents might be called to do harm."""

from __future__ import annotations

TEMPLATE = [
    "{{ 7 * 7 }}", "{% for x in [] %}", "{{ config }}", "{# c #}", "${7*7}", "<%= 7*7 %>", "#{7*7}", "{{1}}",
    "{{ 1 }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ creditor.email }}", "{name}", "{days}", "%(name)s", "%s%n",
    "{{ self._TemplateReference__context }}", "{{ cycler.__init__.__globals__.os.popen('id').read() }}", "{% raw %}",
    "{% endblock %}", "{% block closing %}", "{% extends 'x' %}", "{% include '/etc/passwd' %}", "{{ words }}", "{{",
    "}}", "{%", "%}", "{#", "{date}", "{amount}", "{count} {each} {law}", "{rate}", "{customer_id}", "{page} {pages}",
    "{nb}", "{0}", "{0.__class__}", "{!r}", "$name", "${name}", "%name%", "#set($x=1)", "<#assign x=1>", "[[${7*7}]]",
    "*{7*7}", "@{7*7}", "{{=<% %>=}}", "{{#each x}}", "{{{x}}}", "{php}echo 1;{/php}", "<?php echo 1 ?>", "<% 1 %>",
    "{{ ''|attr('__class__') }}", "{{ namespace() }}", "{{ lipsum() }}", "{{ ()|list }}", "{{ 9**9**9 }}",
]  # fmt: skip
MARKUP = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</td></tr></table><h1>x", "<!-- ", "--> x",
    '"><a href="http://evil.example">', "' onmouseover='x", "&lt;b&gt;", "&#60;b&#62;", "]]>",
    "<style>*{display:none}",
    "<a href=javascript:alert(1)>x</a>", "\x3csvg/onload=alert(1)\x3e", "<base href=//evil>",
    "<meta http-equiv=refresh>", "</title><script>", "</style>", "<iframe src=//evil>", "<form action=//evil>",
    "<input autofocus onfocus=x>", "<b>", "</p>", "<p", "<", ">", "&", "&amp;", "&#x202e;", "&nbsp;", "<br>",
    "<plaintext>",
    "<![CDATA[", "<!DOCTYPE x>", "<?xml?>", "<x:y>", "<math><mi//xlink:href=javascript:x>", "<a\thref=x>",
    "<a\x0chref=x>",
    "`<b>`", "**b**", "__b__", "[x](http://evil.example)", "![x](http://evil.example)", "# x", "---", "* x", "> x",
    "[red]x[/red]", "[link=http://evil.example]x[/link]", "[/]", "[bold", "\\[b]", "mailto:x@y.pe?bcc=z@y.pe",
    "http://evil.example", "https://evil.example/?a=b&c=d", "javascript:alert(1)", "data:text/html,<b>",
    "www.evil.example",
    "tel:+51987654321", "//evil.example", "file:///etc/passwd",
]  # fmt: skip
HEADERS = [
    "Ana\r\nBcc: all@example.com", "Ana\nSubject: other", "Ana\rX-A: b", "Ana\r\n\r\nbody",
    "Ana\r\n.\r\nMAIL FROM:<x@y>", "Ana\x0bBcc: x", "Ana\x85Bcc: x", "Ana\u2028Bcc: x", "Ana\u2029Bcc: x",
    "=?utf-8?q?=0D=0ABcc:_x@y.pe?=", "\n.\n", ".", "..", "=?utf-8?b?DQpCY2M6IHhAeS5wZQ==?=", "=?", "?=", "=0D=0A",
    "%0d%0aBcc: x", "\\r\\nBcc: x", "\r", "\n", "\r\n", "\t", "\x0c", "a\tb", "a\n\n\nb", "\r\n ", "\r\n\tx",
    "From x",
    "Content-Type: text/html", "--boundary", "--\r\nContent-Type: text/html", "Ana <x@y.pe>",
    '"Ana" <x@y.pe>', "Ana,Bea",
    "Ana;Bea", "Ana:Bea", "x@y.pe", "a" * 998, "QUIT\r\nRSET", "\x1aEOF", "\x04", "Ana\x00\r\nBcc: x",
]  # fmt: skip
CALENDAR = [
    "x\r\nEND:VEVENT", "END:VCALENDAR", "x\nATTACH:http://evil.example", "x;VALUE=URI:http://evil", "BEGIN:VALARM",
    "x\\nATTENDEE:mailto:x@y.pe", "x\r\n ATTACH:y", "a\\,b\\;c\\\\d", "a,b;c:d", "x\\", "\\n", "\\N", "X-A:b",
    "UID:1",
    "SUMMARY:x", "DTSTART:20260101", "RRULE:FREQ=SECONDLY", "ACTION:PROCEDURE", "^n^'", "TRIGGER:-P1D",
]  # fmt: skip
WRITING = [
    "\u202eevil", "a\u202ab\u202bc\u202dd", "\u2066x\u2069", "\u200fabc\u200e", "pay\u200bpal", "\ufeffAna",
    "a\u00adb",
    "\U000e0041\U000e0042", "Z\u0341\u0342\u0343\u0344\u0345\u0346\u0347\u0348\u0349algo", "\x00\x01\x02",
    "\x1b[31mred",
    "\x7f", "\ud800", "\udfff", "\ue000", "A" * 100_000, "𝕬" * 5_000, "ﷺ" * 500, "👨‍👩‍👧‍👦" * 50, "مرحبا", "שלום",
    "客户有限公司", "株式会社", "ООО Ромашка", "Ελληνική ΑΕ", "บริษัท", "कंपनी", "İıŞşĞğ",
    "Žižkov", "Łódź", "ß", "ﬁ", "Å", "é",
    "e\u0301", "\u0301", "n\u0303", "a" + "\u0301" * 50, "\u200d", "\u200c", "\u2060", "\u180e", "\u3000", "\u00a0",
    "\u2003x", "\u2800", "\u3164", "\uffa0", "\u115f", "\ufffc", "\ufffd", "\ufffe", "\uffff", "\U0010ffff",
    "\U0001f4a9",
    "\u2063\u2064", "\u061c", "\u206a\u206f", "\u1d173", "\x80\x9f", "\x9b31m", "\x1b]0;title\x07", "\x1b[2J",
    "\x08\x08",
    "a\x08b", "\x07", "￼", "𒐫", "꧅" * 30, "W" * 300, "i" * 300, "m " * 200, "- " * 100, "word " * 60, "Ａ", "①", "㎏",
    "½", "²", "™", "€", "^{}[]~|\\", "\u0085", "\u001c\u001d\u001e\u001f", "\u2028", "\u2029", "۱۲۳", "٠", "᠎",
    "‱", "…",
]  # fmt: skip
FORMULAS = [
    "=1+1", "@SUM(A1)", "+1", "-1", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://evil.example\")", "\t=1+1", "\r=1+1",
    "=IMPORTXML(1)", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", '"=1+1"', "'=1+1", "=1+1\",\"x", "a,b",
    'a"b', "a;b",
    "a\tb\tc", "\ufeff=1+1", " =1+1", "＝1+1", "=-1", "@@x", "+51987654321", "-1.50", "1e999", "NaN", "null", "None",
]  # fmt: skip
OTHERS = [
    "', '1'); drop table ops.contacts; --", "'; select pg_sleep(9); --", "\\N", "\\.", "\\", "\\\\", "\\t",
    "a\\", "$$x$$",
    "../../etc/passwd", "..\\..\\x", "C:\\con", "/dev/null", "x" * 5_000 + ".pdf", "`id`", "$(id)", "; id",
    "| id", "&& id",
    "(x) Tj", "/JS (app.alert(1))", ") Tj ET", "endstream endobj", "<</S/URI>>", "%PDF-1.7", "\\(", "\\051",
    "STOP", "BAJA",
    "", " ", "  ", "0", "false", "[]", "{}", "-", "_", "'", '"', "''", '""',
]  # fmt: skip
PAYLOADS = list(dict.fromkeys([*TEMPLATE, *MARKUP, *HEADERS, *CALENDAR, *WRITING, *FORMULAS, *OTHERS]))
