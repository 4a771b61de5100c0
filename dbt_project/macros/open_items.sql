{#- The one definition of open items as of a date, known at a moment. fct_open_items and the function
    open_items() are both made from it. The five relations are given by name: entries and promises are read
    twice, and as CTEs they would be copied first.

    Balances that are zero are dropped first, so all that follows is as small as what is open. -#}
{% macro open_items_as_of(as_of, known_at, entries, items, customers, disputes, promises) %}
    with

    balances as (
        select
            entry.item_id,
            sum(entry.amount) as balance_amount
        from {{ entries }} as entry
        where
            entry.item_id is not null
            and entry.effective_date <= {{ as_of }}
            and {{ is_known('entry', known_at) }}
        group by entry.item_id
        having sum(entry.amount) <> 0
    ),

    -- what was applied to an itemised invoice as a whole has no item_id: the pool of that invoice
    pools as (
        select
            entry.invoice_id,
            entry.company_id,
            entry.customer_id,
            entry.currency_code,
            -sum(entry.amount) as pool_amount
        from {{ entries }} as entry
        where
            entry.item_id is null
            and entry.effective_date <= {{ as_of }}
            and {{ is_known('entry', known_at) }}
        group by
            entry.invoice_id,
            entry.company_id,
            entry.customer_id,
            entry.currency_code
        having sum(entry.amount) <> 0
    ),

    item_balances as (
        select
            item.item_id,
            item.item_type,
            item.company_id,
            item.customer_id,
            item.invoice_id,
            item.document_number,
            item.issue_date,
            item.due_date,
            item.currency_code,
            item.item_amount,
            item.is_disputed,
            balances.balance_amount,
            greatest(balances.balance_amount, 0) as room_amount
        from balances
        inner join {{ items }} as item
            on
                balances.item_id = item.item_id
                and {{ is_known('item', known_at) }}
    ),

    -- a pool pays the instalment that is due first, then the next
    pooled_items as (
        select
            item_balances.item_id,
            item_balances.invoice_id,
            item_balances.room_amount,
            pools.pool_amount,
            coalesce(
                sum(item_balances.room_amount) over (
                    partition by item_balances.invoice_id
                    order by item_balances.due_date, item_balances.item_id
                    rows between unbounded preceding and 1 preceding
                ),
                0
            ) as room_before_amount
        from pools
        inner join item_balances on pools.invoice_id = item_balances.invoice_id
        where item_balances.item_type = 'instalment'
    ),

    pool_shares as (
        select
            item_id,
            invoice_id,
            least(room_amount, greatest(pool_amount - room_before_amount, 0)) as share_amount
        from pooled_items
    ),

    shares_used as (
        select
            invoice_id,
            sum(share_amount) as share_amount
        from pool_shares
        group by invoice_id
    ),

    items_reduced as (
        select
            item_balances.item_id,
            item_balances.item_type,
            item_balances.company_id,
            item_balances.customer_id,
            item_balances.invoice_id,
            item_balances.document_number,
            item_balances.issue_date,
            item_balances.due_date,
            item_balances.currency_code,
            item_balances.item_amount,
            item_balances.is_disputed,
            item_balances.balance_amount - coalesce(pool_shares.share_amount, 0) as open_amount
        from item_balances
        left join pool_shares on item_balances.item_id = pool_shares.item_id
    ),

    -- what a pool holds beyond its instalments is credit of the invoice as a whole
    pool_excesses as (
        select
            'invoice:' || pools.invoice_id as item_id,
            'pool' as item_type,
            pools.company_id,
            pools.customer_id,
            pools.invoice_id,
            pools.invoice_id as document_number,
            cast(null as date) as issue_date,
            cast(null as date) as due_date,
            pools.currency_code,
            pools.pool_amount as item_amount,
            false as is_disputed,
            coalesce(shares_used.share_amount, 0) - pools.pool_amount as open_amount
        from pools
        left join shares_used on pools.invoice_id = shares_used.invoice_id
    ),

    items_unioned as (
        select * from items_reduced
        union all
        select * from pool_excesses
    ),

    -- an instalment paid beyond its amount is credit too: debt is never below zero
    items_open as (
        select
            items_unioned.*,
            item_type = 'instalment' and open_amount > 0 as is_debt
        from items_unioned
        where open_amount <> 0
    ),

    disputed_invoices as (
        select distinct dispute.invoice_id
        from {{ disputes }} as dispute
        where
            dispute.opened_date <= {{ as_of }}
            and (dispute.resolved_date is null or dispute.resolved_date > {{ as_of }})
            and {{ is_known('dispute', known_at) }}
    ),

    promises_pending as (
        select
            promise.customer_id,
            promise.invoice_id,
            max(promise.promised_date) as promised_date
        from {{ promises }} as promise
        where
            promise.made_date <= {{ as_of }}
            and promise.promised_date >= {{ as_of }}
            and {{ is_known('promise', known_at) }}
        group by
            promise.customer_id,
            promise.invoice_id
    ),

    invoice_promises as (
        select
            invoice_id,
            max(promised_date) as promised_date
        from promises_pending
        where invoice_id is not null
        group by invoice_id
    ),

    customer_promises as (
        select
            customer_id,
            promised_date
        from promises_pending
        where invoice_id is null
    ),

    items_described as (
        select
            items_open.item_id,
            case when is_debt then 'instalment' else 'unapplied_credit' end as item_type,
            items_open.company_id,
            items_open.customer_id,
            customer.name as customer_name,
            items_open.invoice_id,
            items_open.document_number,
            items_open.issue_date,
            items_open.due_date,
            items_open.currency_code,
            items_open.item_amount,
            cast(items_open.open_amount as numeric(24, 6)) as open_amount,
            case when is_debt then {{ days_between('items_open.due_date', as_of) }} end as days_past_due,
            is_debt and (items_open.is_disputed or disputed_invoices.invoice_id is not null) as is_disputed,
            case
                when is_debt then coalesce(
                    greatest(invoice_promises.promised_date, customer_promises.promised_date),
                    invoice_promises.promised_date,
                    customer_promises.promised_date
                )
            end as promised_date
        from items_open
        left join {{ customers }} as customer
            on
                items_open.customer_id = customer.customer_id
                and {{ is_known('customer', known_at) }}
        left join disputed_invoices on items_open.invoice_id = disputed_invoices.invoice_id
        left join invoice_promises on items_open.invoice_id = invoice_promises.invoice_id
        left join customer_promises on items_open.customer_id = customer_promises.customer_id
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
        promised_date
    from items_described
{% endmacro %}

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
        promised_date date
    )
    language sql
    stable
    as $open_items$
        {{
            open_items_as_of(
                'p_as_of',
                'p_known_at',
                entries=ref('fct_ledger_entries'),
                items=ref('dim_items'),
                customers=ref('dim_customers'),
                disputes=ref('fct_disputes'),
                promises=ref('fct_promises'),
            )
        }}
    $open_items$;
{% endmacro %}
