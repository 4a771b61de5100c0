{{
    config(
        post_hook=[
            "{{ analyze(this) }}",
            "{{ create_kpis_function('kpis', ['company_id', 'currency_code']) }}",
            "{{ create_kpis_function('kpis_by_customer', ['company_id', 'currency_code', 'customer_id']) }}",
        ],
    )
}}

-- depends_on: {{ ref('fct_ledger_entries') }}

with

opening_items as (
    {{
        open_items_as_of(
            kpi_opening_date(as_of_date(), var('kpi_window_days')),
            known_at(),
            balances=ref('fct_item_balances'),
            customers=ref('dim_customers'),
            disputes=ref('fct_disputes'),
            promises=ref('fct_promises'),
        )
    }}
),

kpis as (
    {{
        kpis_as_of(
            ['company_id', 'currency_code'],
            as_of_date(),
            known_at(),
            var('kpi_window_days'),
            closing=ref('fct_open_items'),
            opening='opening_items',
            flows=kpi_flows_known(known_at(), ref('fct_daily_flows')),
            balances=ref('fct_item_balances'),
        )
    }}
)

select * from kpis
