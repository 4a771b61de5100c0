{#- The one definition of open items as of a date, known at a moment. fct_open_items and the function
    open_items() are both made from it. The relations are given by name. -#}
{% macro open_items_as_of(as_of, known_at, balances, customers, disputes, promises) %}
    with

    -- an instalment paid beyond its amount is credit too: debt is never below zero
    items_open as (
        select
            balance.*,
            balance.item_type in ('instalment', 'chargeback') and balance.open_amount > 0 as is_debt
        from ({{ balances_as_of(as_of, known_at, balances) }}) as balance
    ),

    -- not materialized, these two: what reads a CTE runs in one process, with all open items after it
    disputes_open as not materialized (
        select
            dispute.invoice_id,
            dispute.item_id
        from {{ disputes }} as dispute
        where
            dispute.opened_date <= {{ as_of }}
            and (dispute.resolved_date is null or dispute.resolved_date > {{ as_of }})
            and {{ is_known('dispute', known_at) }}
    ),

    promises_pending as not materialized (
        select
            promise.customer_id,
            promise.company_id,
            promise.currency_code,
            promise.invoice_id,
            promise.item_id,
            promise.promised_date
        from {{ promises }} as promise
        where
            promise.made_date <= {{ as_of }}
            and promise.promised_date >= {{ as_of }}
            and {{ is_known('promise', known_at) }}
    ),

    -- how far each reaches, one kind of key at a time: one join on keys that may be null could not be left out
    disputed_invoices as (
        select distinct invoice_id
        from disputes_open
        where item_id is null
    ),

    disputed_items as (
        select distinct item_id
        from disputes_open
        where item_id is not null
    ),

    item_promises as (
        select
            item_id,
            max(promised_date) as promised_date
        from promises_pending
        where item_id is not null
        group by item_id
    ),

    invoice_promises as (
        select
            invoice_id,
            max(promised_date) as promised_date
        from promises_pending
        where invoice_id is not null and item_id is null
        group by invoice_id
    ),

    company_promises as (
        select
            customer_id,
            currency_code,
            company_id,
            max(promised_date) as promised_date
        from promises_pending
        where company_id is not null and invoice_id is null and item_id is null
        group by
            customer_id,
            currency_code,
            company_id
    ),

    customer_promises as (
        select
            customer_id,
            currency_code,
            max(promised_date) as promised_date
        from promises_pending
        where company_id is null and invoice_id is null and item_id is null
        group by
            customer_id,
            currency_code
    ),

    -- one row each, and grouped so that the planner knows it: who asks for no names joins none of these
    customers_named as (
        select
            customer.customer_id,
            max(customer.name) as customer_name
        from {{ customers }} as customer
        where {{ is_known('customer', known_at) }}
        group by customer.customer_id
    ),

    items_described as (
        select
            items_open.item_id,
            case when is_debt then 'instalment' else 'unapplied_credit' end as item_type,
            items_open.company_id,
            items_open.customer_id,
            customers_named.customer_name,
            items_open.invoice_id,
            items_open.document_number,
            items_open.issue_date,
            items_open.due_date,
            items_open.currency_code,
            items_open.item_amount,
            items_open.open_amount,
            case when is_debt then {{ days_between('items_open.due_date', as_of) }} end as days_past_due,
            is_debt and (
                items_open.is_disputed
                or disputed_invoices.invoice_id is not null
                or disputed_items.item_id is not null
            ) as is_disputed,
            case
                when is_debt
                    then nullif(
                        greatest(
                            {%- for kind in ['item', 'invoice', 'company', 'customer'] %}
                            coalesce({{ kind }}_promises.promised_date, {{ before_all_days() }})
                            {{- "," if not loop.last }}
                            {%- endfor %}
                        ),
                        {{ before_all_days() }}
                    )
            end as promised_date,
            items_open.company_currency_code,
            items_open.document_fx_rate
        from items_open
        left join customers_named on items_open.customer_id = customers_named.customer_id
        left join disputed_invoices on items_open.invoice_id = disputed_invoices.invoice_id
        left join disputed_items on items_open.item_id = disputed_items.item_id
        left join item_promises on items_open.item_id = item_promises.item_id
        left join invoice_promises on items_open.invoice_id = invoice_promises.invoice_id
        left join company_promises
            on
                items_open.customer_id = company_promises.customer_id
                and items_open.currency_code = company_promises.currency_code
                and items_open.company_id = company_promises.company_id
        left join customer_promises
            on
                items_open.customer_id = customer_promises.customer_id
                and items_open.currency_code = customer_promises.currency_code
    )

    select
        item_id,
        item_type,
        company_id,
        customer_id,
        customer_name,
        invoice_id,
        document_number,
        issue_date,
        due_date,
        currency_code,
        item_amount,
        open_amount,
        days_past_due,
        {{ aging_bucket('days_past_due') }} as bucket,
        is_disputed,
        promised_date,
        company_currency_code,
        document_fx_rate
    from items_described
{% endmacro %}

{#- stands for no day where the latest of several is asked for -#}
{% macro before_all_days() -%}
    cast('0001-01-01' as date)
{%- endmacro %}

{#- open_items(as of, known at) beside the tables it reads: the same SQL with the dates as arguments.
    A plain stable SQL function, so that the planner can see through it. -#}
{% macro create_open_items_function() %}
    {{ return(adapter.dispatch('create_open_items_function', 'cartera')()) }}
{% endmacro %}

{% macro default__create_open_items_function() %}
    drop function if exists {{ this.schema }}.open_items(date, timestamptz);
    create function {{ this.schema }}.open_items(p_as_of date, p_known_at timestamptz)
    returns table (
        item_id text,
        item_type text,
        company_id text,
        customer_id text,
        customer_name text,
        invoice_id text,
        document_number text,
        issue_date date,
        due_date date,
        currency_code text,
        item_amount numeric(24, 6),
        open_amount numeric(24, 6),
        days_past_due integer,
        bucket text,
        is_disputed boolean,
        promised_date date,
        company_currency_code text,
        document_fx_rate numeric(24, 12)
    )
    language sql
    stable parallel safe
    as $open_items$
        {{
            open_items_as_of(
                'p_as_of',
                'p_known_at',
                balances=ref('fct_item_balances'),
                customers=ref('dim_customers'),
                disputes=ref('fct_disputes'),
                promises=ref('fct_promises'),
            )
        }}
    $open_items$;
{% endmacro %}

{#- open_items(as of, known at) on each of some days -#}
{% macro open_items_on(days, known_at) -%}
    {{ return(adapter.dispatch('open_items_on', 'cartera')(days, known_at)) }}
{%- endmacro %}

{% macro default__open_items_on(days, known_at) %}
    select
        {{ days }}.calendar_date as as_of_date,
        found.*
    from {{ days }}
    cross join lateral {{ this.schema }}.open_items({{ days }}.calendar_date, {{ known_at }}) as found
{% endmacro %}
