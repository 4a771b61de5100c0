{#- The messages, letters and calls that went out in the window, each with what had come of it by the as-of date. A
    contact speaks of the currency of most debts that it named; one that named none (a call) of the currency of most of
    the customer's, or of the company's. What its cost is valued by is the currency of the price: currency_code is that
    one in the views of the company's currency, and what the row belongs to in the view transaction. -#}
{% macro kpi_contact_documents(as_of, known_at, window_days, view, contacts, items, currencies) %}
    with

    contacts_sent as (
        select
            contact.company_id,
            contact.customer_id,
            contact.policy_name,
            contact.channel,
            contact.currency_code,
            contact.is_answered and contact.answered_date <= {{ as_of }} as is_answered,
            case when contact.answered_date <= {{ as_of }} then contact.is_right_party end as is_right_party,
            contact.cost_amount,
            contact.cost_currency_code,
            contact.sent_date
        from {{ contacts }} as contact
        where
            contact.sent_date > {{ kpi_opening_date(as_of, window_days) }}
            and contact.sent_date <= {{ as_of }}
            and {{ is_known('contact', known_at) }}
    ),

    customers_unnamed as (
        select distinct
            company_id,
            customer_id
        from contacts_sent
        where currency_code is null
    ),

    currencies_ranked as (
        select
            item.company_id,
            item.customer_id,
            item.currency_code,
            row_number() over (
                partition by item.company_id, item.customer_id
                order by count(*) desc, item.currency_code
            ) as currency_rank
        from customers_unnamed as unnamed
        inner join {{ items }} as item
            on
                unnamed.company_id = item.company_id
                and unnamed.customer_id = item.customer_id
                and {{ is_known('item', known_at) }}
        group by item.company_id, item.customer_id, item.currency_code
    ),

    contacts_of_debts as (
        select
            contact.*,
            coalesce(
                contact.currency_code, ranked.currency_code, currency.company_currency_code
            ) as debt_currency_code,
            currency.company_currency_code
        from contacts_sent as contact
        left join {{ currencies }} as currency on contact.company_id = currency.company_id
        left join currencies_ranked as ranked
            on
                contact.company_id = ranked.company_id
                and contact.customer_id = ranked.customer_id
                and ranked.currency_rank = 1
    )

    select
        company_id,
        case
            when {{ view }} = 'transaction' or company_currency_code is null then debt_currency_code
            else coalesce(cost_currency_code, company_currency_code)
        end as currency_code,
        customer_id,
        policy_name,
        channel,
        is_answered,
        is_right_party,
        debt_currency_code,
        cost_amount,
        cost_currency_code,
        sent_date as document_date
    from contacts_of_debts
    where debt_currency_code is not null
{% endmacro %}

{#- What each contact cost in the currency of the view: in the view transaction null, with the reason, where its price
    has another currency than the debt. -#}
{% macro kpi_contacts_valued(view, contacts) %}
    select
        contacts_in_view.*,
        case
            when {{ view }} <> 'transaction' or cost_currency_code = debt_currency_code then cost_amount * view_rate
        end as view_cost_amount,
        case
            when cost_amount is null then null
            when {{ view }} <> 'transaction' then missing_rate
            when cost_currency_code <> debt_currency_code
                then 'the contacts cost ' || cost_currency_code || ': ask in the view company or as-of-rate'
        end as missing_cost
    from {{ contacts }} as contacts_in_view
{% endmacro %}

{#- Costs are added in one currency, and are null where one of them is; what has no recorded cost is in no sum. -#}
{% macro kpi_contacts(keys, view, contacts) %}
    with

    contacts_valued as (
        {{ kpi_contacts_valued(view, contacts) }}
    )

    select
        {{ keys | join(', ') }},
        count(distinct customer_id) as accounts_attempted,
        count(distinct case when is_answered then customer_id end) as accounts_reached,
        count(is_right_party) as persons_reached,
        count(case when is_right_party then 1 end) as right_party_contacts,
        count(cost_amount) as contacts_with_cost,
        case
            when count(cost_amount) > 0 then {{ sum_known('view_cost_amount', 'cost_amount is not null') }}
        end as contact_cost_amount,
        min(missing_cost) as missing_cost
    from contacts_valued
    group by {{ keys | join(', ') }}
{% endmacro %}

{#- contacts_valued(as of, known at [, days of the window [, currency view]]): the contacts behind the KPIs, one by one,
    with policy and channel -#}
{% macro create_contacts_valued_function() %}
    {{ return(adapter.dispatch('create_contacts_valued_function', 'cartera')()) }}
{% endmacro %}

{% macro default__create_contacts_valued_function() %}
    {%- set relations = kpi_relations() %}
    {%- set columns = [
        'customer_id', 'policy_name', 'channel', 'is_answered', 'is_right_party', 'debt_currency_code',
        'cost_currency_code', 'cost_amount',
    ] %}
    drop function if exists {{ this.schema }}.contacts_valued(date, timestamptz, integer, text);
    create function {{ this.schema }}.contacts_valued(
        p_as_of date,
        p_known_at timestamptz,
        p_window_days integer default {{ var('kpi_window_days') }},
        p_view text default 'transaction'
    )
    returns table (
        company_id text,
        currency_code text,
        customer_id text,
        policy_name text,
        channel text,
        is_answered boolean,
        is_right_party boolean,
        has_cost boolean,
        cost_amount numeric,
        missing_cost text
    )
    language sql
    stable parallel safe
    as $contacts$
        with

        currencies as (
            {{ company_currencies('p_known_at', relations.companies) }}
        ),

        contact_documents as (
            {{
                kpi_contact_documents(
                    'p_as_of', 'p_known_at', 'p_window_days', 'p_view', relations.contacts, relations['items'],
                    'currencies'
                )
            }}
        ),

        points as (
            {{ rate_points({'contact_documents': 'true'}, 'p_view', 'p_as_of') }}
        ),

        rates as (
            {{ fx_rates_on('points', 'p_known_at', relations.fx_rates, 'currencies') }}
        ),

        contacts_in_view as (
            {{ rows_in_view('contact_documents', columns, 'p_view', 'p_as_of', has_document_rate=false) }}
        ),

        contacts_valued as (
            {{ kpi_contacts_valued('p_view', 'contacts_in_view') }}
        )

        select
            company_id,
            currency_code,
            customer_id,
            policy_name,
            channel,
            is_answered,
            is_right_party,
            cost_amount is not null as has_cost,
            view_cost_amount as cost_amount,
            missing_cost
        from contacts_valued
    $contacts$;
{% endmacro %}
