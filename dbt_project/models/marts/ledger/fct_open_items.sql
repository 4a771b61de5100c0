{{
    config(
        indexes=[
            {'columns': ['item_id'], 'unique': true},
            {'columns': ['customer_id']},
        ],
        post_hook=["{{ analyze(this) }}", "{{ create_open_items_function() }}"],
    )
}}

with

open_items as (
    {{
        open_items_as_of(
            as_of_date(),
            known_at(),
            balances=ref('fct_item_balances'),
            customers=ref('dim_customers'),
            disputes=ref('fct_disputes'),
            promises=ref('fct_promises'),
        )
    }}
)

select * from open_items
