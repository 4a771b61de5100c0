{{
    config(
        materialized='table',
        unlogged=true,
        indexes=[{'columns': ['invoice_id']}],
        post_hook="{{ analyze(this) }}",
    )
}}

{{ links_judged('credit_notes') }}
