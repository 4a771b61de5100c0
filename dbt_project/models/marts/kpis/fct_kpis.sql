{{
    config(
        post_hook=[
            "{{ analyze(this) }}",
            "{{ create_kpis_function('kpis', ['company_id', 'currency_code']) }}",
            "{{ create_kpis_function('kpis_by_customer', ['company_id', 'currency_code', 'customer_id']) }}",
            "{{ create_open_items_valued_function() }}",
            "{{ create_contacts_valued_function() }}",
        ],
    )
}}

with

opening_items as (
    {{
        kpi_open_items(
            kpi_opening_date(as_of_date(), var('kpi_window_days')), known_at(), kpi_relations()
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
            "'transaction'",
            closing=ref('fct_open_items'),
            opening='opening_items',
            flows=kpi_flows_known(as_of_date(), known_at(), ref('fct_daily_flows')),
            relations=kpi_relations(),
        )
    }}
)

select * from kpis
