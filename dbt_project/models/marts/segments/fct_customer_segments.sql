-- the function expected_losses_by_segment reads the ledger, kpis_by_segment the contacts
-- depends_on: {{ ref('fct_ledger_entries') }}
-- depends_on: {{ ref('fct_settled_without_cash') }}
-- depends_on: {{ ref('fct_contacts') }}
{{
    config(
        indexes=[{'columns': ['customer_id']}],
        post_hook=[
            "{{ analyze(this) }}",
            "{{ create_customer_measures_function() }}",
            "{{ create_customer_measures_of_function() }}",
            "{{ create_customer_segments_function() }}",
            "{{ create_segment_losses_function() }}",
            "{{ create_kpis_function('kpis_by_segment', ['company_id', 'currency_code', 'scheme', 'segment'], kpi_members()) }}",
        ],
    )
}}

with

measured as (
    {{
        customers_measured_as_of(
            as_of_date(),
            known_at(),
            balances=ref('fct_item_balances'),
            customers=ref('dim_customers'),
            companies=ref('dim_companies'),
            fx_rates=ref('fct_fx_rates'),
        )
    }}
),

customer_segments as (
    {{ customer_segments_as_of('measured', known_at(), ref('dim_segment_rules')) }}
)

select * from customer_segments
