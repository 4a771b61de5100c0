{#- The three views of an amount: 'transaction' (its document's currency), 'company' (the company's currency at the
    rate the document states, else the rate of its issue date) and 'as-of-rate' (the company's currency at the rate
    of the as-of date). Only within a named view are amounts of several currencies added (law 9). An amount whose
    rate is missing is null and names the rate; sums of it are null (sum_known), never less. -#}

{#- the currency in which each company keeps its books, as known at a moment -#}
{% macro company_currencies(known_at, companies) %}
    select
        company.company_id,
        company.company_currency_code
    from {{ companies }} as company
    where {{ is_known('company', known_at) }}
{% endmacro %}

{#- The rate of each point (company_id, currency_code, rate_date) known at a moment: the latest not older than
    fx_rate_max_age_days, the company's own before a general one. A point without a rate has no row. -#}
{% macro fx_rates_on(points, known_at, fx_rates, currencies) %}
    with

    candidates as (
        select
            point.company_id,
            point.currency_code,
            point.rate_date,
            fx_rate.rate,
            row_number() over (
                partition by point.company_id, point.currency_code, point.rate_date
                order by
                    case when fx_rate.company_id is null then 1 else 0 end,
                    fx_rate.rate_date desc,
                    fx_rate.recorded_from desc,
                    fx_rate.fx_rate_id
            ) as rate_rank
        from {{ points }} as point
        inner join {{ currencies }} as currency on point.company_id = currency.company_id
        inner join {{ fx_rates }} as fx_rate
            on
                point.currency_code = fx_rate.currency_code
                and currency.company_currency_code = fx_rate.company_currency_code
                and (fx_rate.company_id is null or fx_rate.company_id = point.company_id)
                and fx_rate.rate_date <= point.rate_date
                and fx_rate.rate_date
                >= cast({{ dbt.dateadd('day', -var('fx_rate_max_age_days'), 'point.rate_date') }} as date)
                and {{ is_known('fx_rate', known_at) }}
    )

    select
        company_id,
        currency_code,
        rate_date,
        rate
    from candidates
    where rate_rank = 1
{% endmacro %}

{#- the day whose rate an amount of a document takes in a view -#}
{% macro view_rate_date(view, document_date, as_of) -%}
    case when {{ view }} = 'as-of-rate' then {{ as_of }} else {{ document_date }} end
{%- endmacro %}

{#- what every row of a view begins with: its company, its currency and the columns asked for -#}
{% macro _in_currency_of_view(columns, view) -%}
        valued.company_id,
        case
            when {{ view }} = 'transaction' then valued.currency_code
            else coalesce(currency.company_currency_code, valued.currency_code)
        end as currency_code,
        {%- for column in columns %}
        valued.{{ column }},
        {%- endfor %}
{%- endmacro %}

{#- rows with their company's currency and the rate of the day that the view asks for -#}
{% macro _with_rates(rows, view, as_of, currencies, rates) -%}
    from {{ rows }} as valued
    left join {{ currencies }} as currency on valued.company_id = currency.company_id
    left join {{ rates }} as rate
        on
            valued.company_id = rate.company_id
            and valued.currency_code = rate.currency_code
            and rate.rate_date = {{ view_rate_date(view, 'valued.document_date', as_of) }}
{%- endmacro %}

{#- Rows with the factor of a view. rows: with company_id, currency_code and document_date, and with
    document_fx_rate where has_document_rate. Gives `columns`, currency_code of the view, view_rate (null: missing)
    and missing_rate, which names it. -#}
{% macro rows_in_view(rows, columns, view, as_of, currencies='currencies', rates='rates', has_document_rate=true) %}
    select
        {{ _in_currency_of_view(columns, view) }}
        case
            when {{ view }} = 'transaction' or valued.currency_code = currency.company_currency_code then 1
            {%- if has_document_rate %}
            when {{ view }} = 'company' and valued.document_fx_rate is not null then valued.document_fx_rate
            {%- endif %}
            else rate.rate
        end as view_rate,
        case
            when {{ view }} = 'transaction' or valued.currency_code = currency.company_currency_code then null
            {%- if has_document_rate %}
            when {{ view }} = 'company' and valued.document_fx_rate is not null then null
            {%- endif %}
            else {{ missing_rate('valued', 'currency', 'rate', view, as_of) }}
        end as missing_rate
    {{ _with_rates(rows, view, as_of, currencies, rates) }}
{% endmacro %}

{#- what documents are worth together, however they are valued: amounts_in_view -#}
{% macro amounts_of_documents(amount) -%}
        sum({{ amount }}) as amount,
        sum(coalesce({{ amount }} * document_fx_rate, 0)) as document_company_amount,
        sum(case when document_fx_rate is null then {{ amount }} else 0 end) as unrated_amount
{%- endmacro %}

{#- The same as rows_in_view of rows that are sums: of company_id, currency_code and document_date, with the amount, its
    part at the documents' own rates and the part that has none. Gives view_amount (null: a rate is missing). -#}
{% macro amounts_in_view(rows, columns, view, as_of, currencies='currencies', rates='rates') %}
    select
        {{ _in_currency_of_view(columns, view) }}
        case
            when {{ view }} = 'transaction' or valued.amount = 0 then valued.amount
            when valued.currency_code = currency.company_currency_code then valued.amount
            when {{ view }} <> 'company' then valued.amount * rate.rate
            when valued.unrated_amount = 0 then valued.document_company_amount
            else valued.document_company_amount + valued.unrated_amount * rate.rate
        end as view_amount,
        case
            when {{ view }} = 'transaction' or valued.amount = 0 then null
            when valued.currency_code = currency.company_currency_code then null
            when {{ view }} = 'company' and valued.unrated_amount = 0 then null
            else {{ missing_rate('valued', 'currency', 'rate', view, as_of) }}
        end as missing_rate
    {{ _with_rates(rows, view, as_of, currencies, rates) }}
{% endmacro %}

{#- what is missing of a rate, in words; null where it is there -#}
{% macro missing_rate(valued, currency, rate, view, as_of) -%}
            case
                when {{ currency }}.company_currency_code is null
                    then 'the currency of company ' || {{ valued }}.company_id || ' is not known'
                when {{ rate }}.rate is null
                    then
                        'no rate ' || {{ valued }}.currency_code || ' to ' || {{ currency }}.company_currency_code || ' on '
                        || coalesce(
                            {{ date_text(view_rate_date(view, valued ~ '.document_date', as_of)) }}, 'a day not known'
                        )
            end
{%- endmacro %}

{#- the points for which relations of documents need a rate; none in the transaction view -#}
{% macro rate_points(relations, view, as_of) %}
    {%- for relation, wanted in relations.items() %}
    select distinct
        company_id,
        currency_code,
        {{ view_rate_date(view, 'document_date', as_of) }} as rate_date
    from {{ relation }} as documents
    where
        {{ view }} <> 'transaction'
        and ({{ view }} = 'as-of-rate' or {{ wanted }})
    {{ 'union distinct' if not loop.last }}
    {%- endfor %}
{% endmacro %}

{#- the sum over rows that meet a condition; null when one of them is null, zero when there is none -#}
{% macro sum_known(amount, condition='true') -%}
    case
        when count(case when ({{ condition }}) and ({{ amount }}) is null then 1 end) = 0
            then coalesce(sum(case when {{ condition }} then {{ amount }} end), 0)
    end
{%- endmacro %}

{#- a date as YYYY-MM-DD, whatever the session's style -#}
{% macro date_text(date) -%}
    {{ return(adapter.dispatch('date_text', 'cartera')(date)) }}
{%- endmacro %}

{% macro default__date_text(date) -%}
    to_char({{ date }}, 'YYYY-MM-DD')
{%- endmacro %}
