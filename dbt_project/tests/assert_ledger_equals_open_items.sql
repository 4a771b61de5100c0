-- law 3: whatever moves in the ledger is seen in an open item; else a debt or a credit is shown to nobody
with

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

open_items as (
    select * from {{ ref('fct_open_items') }}
),

sides_unioned as (
    select
        company_id,
        currency_code,
        amount as ledger_amount,
        0 as open_amount
    from entries
    where
        effective_date <= {{ as_of_date() }}
        and {{ is_known('entries', known_at()) }}

    union all

    select
        company_id,
        currency_code,
        0 as ledger_amount,
        open_amount
    from open_items
)

select
    company_id,
    currency_code,
    sum(ledger_amount) as ledger_amount,
    sum(open_amount) as open_amount
from sides_unioned
group by
    company_id,
    currency_code
having sum(ledger_amount) <> sum(open_amount)
