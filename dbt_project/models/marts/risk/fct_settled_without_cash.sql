{{ config(post_hook="{{ analyze(this) }}") }}

with

settled as (
    {{ settled_without_cash(known_at(), ref('fct_ledger_entries'), ref('fct_item_balances')) }}
),

settled_without_cash as (
    select
        -- ids
        company_id,
        item_id,

        -- amounts: a share of an invoice's credit has more decimals than money
        cast(credited_amount as numeric(36, 18)) as credited_amount,
        cast(written_off_amount as numeric(36, 18)) as written_off_amount,

        -- dates
        effective_date
    from settled
)

select * from settled_without_cash
