{#- Open items with their rates into the company's currency: at the document's (its own, else that of its day of issue)
    and at that of the as-of date; where one is missing, its name. Made into open_items_valued(as of, known at). -#}
{% macro open_items_valued(as_of, known_at, items, companies, fx_rates) %}
    {%- set columns = ['customer_id', 'item_id', 'item_type', 'bucket', 'is_disputed', 'promised_date', 'open_amount'] %}
    with

    documents as (
        select
            items.*,
            items.issue_date as document_date
        from {{ items }} as items
    ),

    currencies as (
        {{ company_currencies(known_at, companies) }}
    ),

    points as (
        {{ rate_points({'documents': 'document_fx_rate is null'}, "'company'", as_of) }}
        union distinct
        {{ rate_points({'documents': 'true'}, "'as-of-rate'", as_of) }}
    ),

    rates as (
        {{ fx_rates_on('points', known_at, fx_rates, 'currencies') }}
    ),

    at_document_rate as (
        {{ rows_in_view('documents', columns + ['currency_code as document_currency_code'], "'company'", as_of) }}
    ),

    at_as_of_rate as (
        {{ rows_in_view('documents', ['item_id'], "'as-of-rate'", as_of) }}
    )

    select
        at_document_rate.company_id,
        at_document_rate.customer_id,
        at_document_rate.item_id,
        at_document_rate.item_type,
        at_document_rate.bucket,
        at_document_rate.is_disputed,
        at_document_rate.promised_date,
        at_document_rate.document_currency_code as currency_code,
        at_document_rate.open_amount,
        at_document_rate.currency_code as company_currency_code,
        at_document_rate.view_rate as document_rate,
        at_document_rate.missing_rate as missing_document_rate,
        at_as_of_rate.view_rate as as_of_rate,
        at_as_of_rate.missing_rate as missing_as_of_rate
    from at_document_rate
    inner join at_as_of_rate on at_document_rate.item_id = at_as_of_rate.item_id
{% endmacro %}

{% macro create_open_items_valued_function() %}
    {{ return(adapter.dispatch('create_open_items_valued_function', 'cartera')()) }}
{% endmacro %}

{% macro default__create_open_items_valued_function() %}
    {%- set relations = kpi_relations() %}
    drop function if exists {{ this.schema }}.open_items_valued(date, timestamptz);
    create function {{ this.schema }}.open_items_valued(p_as_of date, p_known_at timestamptz)
    returns table (
        company_id text,
        customer_id text,
        item_id text,
        item_type text,
        bucket text,
        is_disputed boolean,
        promised_date date,
        currency_code text,
        open_amount numeric(24, 6),
        company_currency_code text,
        document_rate numeric(24, 12),
        missing_document_rate text,
        as_of_rate numeric(24, 12),
        missing_as_of_rate text
    )
    language sql
    stable parallel safe
    as $valued$
        with

        items as (
            {{ kpi_open_items('p_as_of', 'p_known_at', relations) }}
        ),

        valued as (
            {{
                open_items_valued('p_as_of', 'p_known_at', 'items', relations.companies, relations.fx_rates)
            }}
        )

        select * from valued
    $valued$;
{% endmacro %}
