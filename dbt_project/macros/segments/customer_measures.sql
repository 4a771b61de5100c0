{#- What is known of each customer as of a date, known at a moment, a column per measure, null where it can't be said.
    Every customer known then and every customer that owes or has paid has a row.

    Late is paid after the due date; the year are the 365 days that end with the as-of date. Amounts in several
    currencies weigh by the rate of the as-of date; a customer in one currency needs none for its averages. -#}
{% macro customers_measured_as_of(as_of, known_at, balances, customers, companies, fx_rates) %}
    {%- set year_ago = kpi_opening_date(as_of, 365) %}
    {%- set quarter_ago = kpi_opening_date(as_of, 90) %}
    with

    owed as (
        {{ customer_open_amounts(as_of, known_at, balances) }}
    ),

    paid as (
        {{ customer_paid_amounts(as_of, known_at, year_ago, quarter_ago, balances) }}
    ),

    {%- set sums = ['paid_amount', 'late_amount', 'amount_days_late', 'recent_amount', 'recent_amount_days_late'] %}

    by_currency as (
        select
            company_id,
            customer_id,
            currency_code,
            coalesce(owed.open_amount, 0) as open_amount,
            owed.oldest_days_past_due,
            {%- for column in sums %}
            coalesce(paid.{{ column }}, 0) as {{ column }},
            {%- endfor %}
            coalesce(paid.late_payments, 0) as late_payments,
            count(paid.paid_amount) over (partition by company_id, customer_id) as currencies_paid
        from owed
        full join paid using (company_id, customer_id, currency_code)
    ),

    currencies as (
        select distinct
            company_id,
            currency_code
        from by_currency
    ),

    rates as (
        {{ rates_as_of(as_of, known_at, 'currencies', companies, fx_rates) }}
    ),

    -- the rate divides out of an average over one currency
    weighed as (
        select
            by_currency.*,
            rates.rate,
            case when currencies_paid = 1 then 1 else rates.rate end as weight
        from by_currency
        left join rates
            on
                by_currency.company_id = rates.company_id
                and by_currency.currency_code = rates.currency_code
    ),

    by_customer as (
        select
            company_id,
            customer_id,
            coalesce(sum(open_amount * rate), 0) as open_amount,
            count(case when open_amount > 0 and rate is null then 1 end) as amounts_unrated,
            count(case when paid_amount > 0 and weight is null then 1 end) as amounts_unweighed,
            {%- for column in sums %}
            sum({{ column }} * weight) as {{ column }},
            {%- endfor %}
            sum(late_payments) as late_payments,
            max(oldest_days_past_due) as oldest_days_past_due
        from weighed
        group by
            company_id,
            customer_id
    ),

    customers_known as (
        select
            company_id,
            customer_id,
            sector,
            customer_type,
            country_code,
            risk_class
        from {{ customers }} as customer
        where {{ is_known('customer', known_at) }}
    ),

    -- a document may name a customer in a company whose list has it not
    everybody as (
        select company_id, customer_id from customers_known
        union
        select company_id, customer_id from by_customer
    ),

    averages as (
        select
            company_id,
            customer_id,
            late_payments,
            oldest_days_past_due,
            case when amounts_unrated = 0 then open_amount end as open_amount,
            case when amounts_unweighed = 0 then amount_days_late / nullif(paid_amount, 0) end as weighted_days_late,
            case when amounts_unweighed = 0 then 100 * late_amount / nullif(paid_amount, 0) end as paid_late_pct,
            case
                when amounts_unweighed = 0
                    then
                        recent_amount_days_late / nullif(recent_amount, 0)
                        - (amount_days_late - recent_amount_days_late) / nullif(paid_amount - recent_amount, 0)
            end as days_late_trend
        from by_customer
    )

    select
        everybody.company_id,
        everybody.customer_id,
        coalesce(averages.late_payments, 0) as late_payments,
        case when averages.customer_id is null then 0 else averages.open_amount end as amount_owed,
        averages.oldest_days_past_due,
        averages.weighted_days_late,
        averages.paid_late_pct,
        averages.days_late_trend,
        customers_known.sector,
        customers_known.customer_type,
        customers_known.country_code,
        customers_known.risk_class
    from everybody
    left join averages
        on
            everybody.company_id = averages.company_id
            and everybody.customer_id = averages.customer_id
    left join customers_known on everybody.customer_id = customers_known.customer_id
{% endmacro %}

{#- One row per customer and measure: `value` of those that are numbers, `text_value` of the others. -#}
{% macro customer_measures(measured) %}
    {% for measure in customer_number_measures() -%}
    select
        company_id,
        customer_id,
        '{{ measure }}' as measure,
        cast({{ measure }} as numeric(24, 6)) as value,
        cast(null as text) as text_value
    from {{ measured }} as measured
    union all
    {% endfor -%}
    {% for measure in customer_text_measures() -%}
    select
        company_id,
        customer_id,
        '{{ measure }}' as measure,
        cast(null as numeric(24, 6)) as value,
        nullif(trim({{ measure }}), '') as text_value
    from {{ measured }} as measured
    {%- if not loop.last %}
    union all
    {% endif -%}
    {% endfor -%}
{% endmacro %}

{% macro customer_number_measures() -%}
    {{ return([
        'late_payments', 'amount_owed', 'oldest_days_past_due', 'weighted_days_late', 'paid_late_pct', 'days_late_trend'
    ]) }}
{%- endmacro %}

{% macro customer_text_measures() -%}
    {{ return(['sector', 'customer_type', 'country_code', 'risk_class']) }}
{%- endmacro %}

{#- debts open, gross of unapplied credit; due today is 0 days past due -#}
{% macro customer_open_amounts(as_of, known_at, balances) %}
    select
        company_id,
        customer_id,
        currency_code,
        sum(open_amount) as open_amount,
        max(greatest({{ days_between('due_date', as_of) }}, 0)) as oldest_days_past_due
    from ({{ balances_as_of(as_of, known_at, balances) }}) as balance
    where
        item_type in ('instalment', 'chargeback')
        and open_amount > 0
    group by
        company_id,
        customer_id,
        currency_code
{% endmacro %}

{#- instalments paid in full in the year, as in the KPIs of days to pay; a null is passed over faster than a zero is
    added -#}
{% macro customer_paid_amounts(as_of, known_at, year_ago, quarter_ago, balances) %}
    select
        company_id,
        customer_id,
        currency_code,
        count(case when days_late > 0 then 1 end) as late_payments,
        sum(item_amount) as paid_amount,
        coalesce(sum(case when days_late > 0 then item_amount end), 0) as late_amount,
        sum(item_amount * days_late) as amount_days_late,
        coalesce(sum(case when settled_date > {{ quarter_ago }} then item_amount end), 0) as recent_amount,
        coalesce(sum(case when settled_date > {{ quarter_ago }} then item_amount * days_late end), 0) as recent_amount_days_late
    from (
        select
            settled.*,
            {{ days_between('due_date', 'settled_date') }} as days_late
        from ({{ settled_as_of(as_of, known_at, year_ago, balances) }}) as settled
        where
            item_type = 'instalment'
            and is_paid
            and not is_written_off
            and item_amount > 0
    ) as paid
    group by
        company_id,
        customer_id,
        currency_code
{% endmacro %}

{#- Company currency per unit of each company's currencies at the as-of date, as in the currency views; null where
    there is none. A company of which no currency is known has that of all that its
    customers owe and paid, when it is one. -#}
{% macro rates_as_of(as_of, known_at, currencies, companies, fx_rates) %}
    with

    companies_known as (
        select
            company_id,
            company_currency_code
        from {{ companies }} as company
        where {{ is_known('company', known_at) }}
    ),

    only_currencies as (
        select
            company_id,
            case when count(*) = 1 then min(currency_code) end as only_currency_code
        from {{ currencies }} as currencies
        group by company_id
    ),

    pairs as (
        select
            currencies.company_id,
            currencies.currency_code,
            coalesce(companies_known.company_currency_code, only_currencies.only_currency_code) as company_currency_code
        from {{ currencies }} as currencies
        inner join only_currencies on currencies.company_id = only_currencies.company_id
        left join companies_known on currencies.company_id = companies_known.company_id
    ),

    own_currencies as (
        select distinct
            company_id,
            company_currency_code
        from pairs
    ),

    points as (
        select
            company_id,
            currency_code,
            {{ as_of }} as rate_date
        from pairs
    ),

    rates_known as (
        {{ fx_rates_on('points', known_at, fx_rates, 'own_currencies') }}
    )

    select
        pairs.company_id,
        pairs.currency_code,
        case when pairs.currency_code = pairs.company_currency_code then 1 else rates_known.rate end as rate
    from pairs
    left join rates_known
        on
            pairs.company_id = rates_known.company_id
            and pairs.currency_code = rates_known.currency_code
{% endmacro %}

{#- customer_measures(as of, known at) beside the tables it reads -#}
{% macro create_customer_measures_function() %}
    {{ return(adapter.dispatch('create_customer_measures_function', 'cartera')()) }}
{% endmacro %}

{% macro default__create_customer_measures_function() %}
    drop function if exists {{ this.schema }}.customer_measures(date, timestamptz);
    create function {{ this.schema }}.customer_measures(p_as_of date, p_known_at timestamptz)
    returns table (
        company_id text,
        customer_id text,
        measure text,
        value numeric(24, 6),
        text_value text
    )
    language sql
    stable parallel safe
    as $customer_measures$
        with

        measured as (
            {{ customers_measured_as_of('p_as_of', 'p_known_at', **segment_relations()) }}
        )

        {{ customer_measures('measured') }}
    $customer_measures$;
{% endmacro %}

{#- the same of the customers that are named alone: what a page of one of them, or a list of some, can wait for. A
    company of which no currency is known has that of these customers, when it is one -#}
{% macro create_customer_measures_of_function() %}
    {{ return(adapter.dispatch('create_customer_measures_of_function', 'cartera')()) }}
{% endmacro %}

{% macro default__create_customer_measures_of_function() %}
    {%- set relations = segment_relations() %}
    {%- set ours = 'where named.customer_id = any(p_customer_ids)' %}
    {%- do relations.update({
        'balances': '(select named.* from ' ~ relations.balances ~ ' as named ' ~ ours ~ ')',
        'customers': '(select named.* from ' ~ relations.customers ~ ' as named ' ~ ours ~ ')',
    }) %}
    drop function if exists {{ this.schema }}.customer_measures_of(date, timestamptz, text []);
    create function {{ this.schema }}.customer_measures_of(
        p_as_of date, p_known_at timestamptz, p_customer_ids text []
    )
    returns table (
        company_id text,
        customer_id text,
        measure text,
        value numeric(24, 6),
        text_value text
    )
    language sql
    stable parallel safe
    as $customer_measures_of$
        with

        measured as (
            {{ customers_measured_as_of('p_as_of', 'p_known_at', **relations) }}
        )

        {{ customer_measures('measured') }}
    $customer_measures_of$;
{% endmacro %}

{% macro segment_relations() -%}
    {{ return({
        'balances': ref('fct_item_balances'),
        'customers': ref('dim_customers'),
        'companies': ref('dim_companies'),
        'fx_rates': ref('fct_fx_rates'),
    }) }}
{%- endmacro %}
