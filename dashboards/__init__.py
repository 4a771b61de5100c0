"""The dashboard: Streamlit and Plotly over what is published in `serve`.

    app.py          sets the page up, language, navigation
    server.py       app.py as a web application, with the Data Docs under /data-docs
    bundle.py       Streamlit's own scripts and styles, from memory
    app_pages/      one script per page: filters, queries, chart, export; no SQL, no Plotly
    components/     what pages share on screen: header, states, filters, tables, drill-down, export
    queries/        one module per subject: cached reads through cartera.warehouse; no SQL either
    charts/         DataFrame in, Figure out; one theme
    i18n/           words, numbers and dates by language

Streamlit is imported by app.py, server.py, bundle.py, app_pages/ and components/, and by queries/cache.py alone
among the queries. charts/ and i18n/ never import it, so both are tested as plain functions. Nothing
here connects to the database but queries/session.py, as role reader.
"""
