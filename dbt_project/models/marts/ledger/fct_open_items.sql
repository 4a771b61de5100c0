{{
    config(
        indexes=[
            {'columns': ['item_id'], 'unique': true},
            {'columns': ['customer_id']},
        ],
        post_hook="{{ create_open_items_function() }}",
    )
}}

with

entries as (
    select * from {{ ref('fct_ledger_entries') }}
),

items as (
    select * from {{ ref('dim_items') }}
),

customers as (
    select * from {{ ref('dim_customers') }}
),

disputes as (
    select * from {{ ref('fct_disputes') }}
),

promises as (
    select * from {{ ref('fct_promises') }}
),

open_items as (
    {{
        open_items_as_of(
            as_of_date(),
            known_at(),
            entries='entries',
            items='items',
            customers='customers',
            disputes='disputes',
            promises='promises',
        )
    }}
)

select * from open_items
