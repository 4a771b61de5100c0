"""Reports: a mart, chosen columns and filters, made into rows and files, saved, and sent on a schedule.

    marts.py        what can be asked: one declaration per mart, and the only source of identifiers in the SQL
    document.py     what somebody asks: parts of a report, validated against the declarations
    build.py        from a part to one bound, capped query, its rows and its totals
    behind.py       from a row of a report to the documents that it adds up
    ready_made.py   reports that come with Cartera
    made.py         a whole report: its parts, the certificate, what it states about itself
    exports/        the files: XLSX, CSV, PDF
    store.py        saved reports, with optimistic locking; views.py: saved views of pages
    schedule.py     when a schedule is due; send.py: exactly one e-mail for each time that it is

Amounts are always by currency and never added over currencies.
"""
